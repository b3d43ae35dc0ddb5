"""Whatever a client sends, it gets a code and a sentence, and nobody else notices."""

import contextlib
import socket
import struct
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed

from tests.eventually import PATIENCE
from tests.running_gateway import RunningGateway, Talker, played_pipeline, silence, voice

SENTENCE = np.concatenate([voice(1.0), silence(1.0)])


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with played_pipeline(tmp_path_factory.mktemp("bad"), max_frame_bytes=65_536) as (running, _):
        yield running


@pytest.fixture(autouse=True)
def bystander(gateway: RunningGateway) -> Iterator[Talker]:
    """Another session, begun before the bad input and finished after it."""
    with gateway.connect() as other:
        other.speak(SENTENCE[:9_000])
        other.wait_for("ready")
        yield other
        other.speak(SENTENCE[9_000:])
        other.say("stop")
        assert other.until_closed() == (1000, "done")
        assert len(other.of("result")) == 1 and not other.of("error")


def error_of(talker: Talker, code: str, *words: str) -> dict[str, Any]:
    error = talker.wait_for("error")
    assert error["code"] == code
    for word in words:
        assert word in error["message"]
    return error


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"\0" * 4097, "4097"),
        (struct.pack("<4f", 0.0, 0.1, float("nan"), 0.2), "nan"),
        (struct.pack("<2f", 0.0, float("inf")), "inf"),
    ],
    ids=["odd", "nan", "infinite"],
)
def test_bytes_that_are_not_samples(gateway: RunningGateway, data: bytes, word: str) -> None:
    with gateway.connect() as talker:
        talker.socket.send(data)
        error_of(talker, "not_pcm", word)
        assert talker.until_closed() == (1003, "not_pcm")


def test_odd_bytes_of_s16le(gateway: RunningGateway) -> None:
    with gateway.connect() as talker:
        talker.say("start", format="s16le")
        talker.socket.send(b"\0" * 3)
        error_of(talker, "not_pcm", "s16le")
        assert talker.until_closed() == (1003, "not_pcm")


def test_a_frame_over_the_limit_is_told_so(gateway: RunningGateway) -> None:
    with gateway.connect() as talker:
        talker.socket.send(b"\0" * 65_540)
        error_of(talker, "frame_too_big", "65540", "65536")
        assert talker.until_closed() == (1009, "frame_too_big")


def test_a_frame_far_over_the_limit_is_not_even_read(gateway: RunningGateway) -> None:
    with gateway.connect() as talker:
        talker.socket.send(b"\0" * 2_000_000)
        assert talker.until_closed()[0] == 1009


def test_a_frame_at_the_limit_and_an_empty_one_are_taken(gateway: RunningGateway) -> None:
    with gateway.connect() as talker:
        talker.socket.send(b"\0" * 65_536)
        talker.socket.send(b"")
        talker.say("stop")
        assert talker.until_closed() == (1000, "done")
    assert talker.of("done")[0]["samples"] == 16_384


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("hello", "JSON"),
        ("[1]", "object"),
        ('{"type":"sing"}', "sing"),
        ('{"no":"type"}', "type"),
        ('{"type":"start","sample_rate":"fast"}', "sample_rate"),
        ('{"type":"start","partials":1}', "partials"),
        ('{"type":"ping","id":NaN}', "id"),
        ("[" * 50_000, "JSON"),
    ],
    ids=["word", "list", "unknown", "untyped", "text-for-number", "number-for-bool", "nan", "deep"],
)
def test_text_that_is_no_message(gateway: RunningGateway, text: str, word: str) -> None:
    with gateway.connect() as talker:
        talker.socket.send(text)
        error_of(talker, "bad_message", word)
        assert talker.until_closed() == (4000, "bad_message")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"session": "\ud800", "key": "k"}, "cannot_resume"),
        ({"session": "s", "key": "\ud800"}, "cannot_resume"),
        ({"session": "s" * 60_000, "key": "k"}, "cannot_resume"),
        ({"language": "\ud800"}, "bad_start"),
        ({"language": "e" * 60_000}, "bad_start"),
    ],
    ids=["surrogate-session", "surrogate-key", "long-session", "surrogate-language", "long-language"],
)
def test_a_start_with_a_text_that_nothing_can_be(gateway: RunningGateway, fields: dict[str, str], code: str) -> None:
    with gateway.connect() as talker:
        talker.say("start", **fields)
        assert len(error_of(talker, code)["message"]) < 200
        assert talker.until_closed()[1] == code


def test_a_bad_text_inside_a_session_is_answered_and_the_session_goes_on(gateway: RunningGateway) -> None:
    with gateway.connect() as talker:
        talker.say("start")
        talker.wait_for("ready")
        talker.socket.send("hello")
        error_of(talker, "bad_message")
        talker.speak(SENTENCE)
        talker.say("stop")
        assert talker.until_closed() == (1000, "done")
    assert len(talker.of("result")) == 1


@pytest.mark.parametrize(
    ("fields", "code", "close", "word"),
    [
        ({"version": 2}, "unsupported_version", 4001, "2"),
        ({"sample_rate": 4_000}, "bad_start", 4000, "4000"),
        ({"sample_rate": 192_000}, "bad_start", 4000, "192000"),
        ({"sample_rate": -1}, "bad_start", 4000, "-1"),
        ({"format": "mp3"}, "bad_start", 4000, "mp3"),
        ({"task": "sing"}, "bad_start", 4000, "sing"),
        ({"language": "klingon"}, "bad_start", 4000, "klingon"),
        ({"session": "AbC", "after": 3}, "cannot_resume", 4004, "resume"),
    ],
)
def test_a_start_that_asks_for_what_is_not_there(
    gateway: RunningGateway, fields: dict[str, Any], code: str, close: int, word: str
) -> None:
    with gateway.connect() as talker:
        talker.say("start", **fields)
        with contextlib.suppress(ConnectionClosed):  # the refusal may be quicker
            talker.socket.send(b"\0" * 4096)  # audio right behind a refused start is nobody's
        error_of(talker, code, word)
        assert talker.until_closed() == (close, code)
    assert len(talker.heard) == 1


def test_a_second_start_changes_nothing(gateway: RunningGateway) -> None:
    with gateway.connect() as talker:
        talker.say("start")
        talker.say("start", format="s16le")
        error_of(talker, "already_started")
        talker.speak(SENTENCE)
        talker.say("stop")
        assert talker.until_closed() == (1000, "done")
    assert len(talker.of("result")) == 1 and len(talker.of("ready")) == 1


def test_audio_after_stop_is_told_once_and_ignored(gateway: RunningGateway) -> None:
    with gateway.connect() as talker:
        talker.speak(voice(1.0))
        talker.say("stop")
        talker.socket.send(b"\0" * 4096)
        talker.socket.send(b"\0" * 4096)
        assert talker.until_closed() == (1000, "done")
    assert [error["code"] for error in talker.of("error")] == ["after_stop"]
    assert talker.of("done")[0]["samples"] == 16_000


def test_text_that_is_no_unicode_closes_only_that_socket(gateway: RunningGateway) -> None:
    with gateway.connect() as talker:
        with talker.socket.protocol_mutex:
            talker.socket.protocol.send_text(b"\xff\xfe\xfd")
            talker.socket.send_data()
        assert talker.until_closed()[0] == 1007


def test_a_socket_under_another_path_is_refused(gateway: RunningGateway) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port)) as raw:
        raw.sendall(
            b"GET /elsewhere HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        assert raw.recv(1000).startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize("path", ["/ws", "/ws/"])
def test_http_where_a_socket_belongs_is_told_so(gateway: RunningGateway, path: str) -> None:
    answer = httpx.get(gateway.url + path, timeout=PATIENCE)
    assert answer.status_code == 426 and "WebSocket" in answer.json()["detail"]
    assert answer.headers["content-security-policy"] and "server" not in answer.headers
