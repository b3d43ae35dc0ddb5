"""One webhook on its way, in this process: a real receiver, names that lead where a test wants."""

import asyncio
import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fastapi_service.recordings.webhooks import hosts
from fastapi_service.recordings.webhooks.sender import Outcome, Sender
from fastapi_service.recordings.webhooks.target import parse
from tests.eventually import PATIENCE
from tests.ports import free_port
from tests.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def send(url: str, allowed: str, leads_to: list[str] | None = None, seconds: float = PATIENCE) -> Outcome:
    def resolve(name: str, port: int) -> list[str]:
        if leads_to is None:
            raise socket.gaierror("no such name")
        return leads_to

    with ThreadPoolExecutor(1) as threads:
        sender = Sender(hosts.read(allowed), threads, seconds, resolve)
        return asyncio.run(sender.send(parse(url), {"webhook-id": "evt-1"}, b"{}"))


def test_what_a_receiver_gets(receiver: Receiver) -> None:
    url = f"http://hooks.example.com:{receiver.place.partition(':')[2]}/a?b=%2F"
    assert send(url, parse(url).place, ["127.0.0.1"]) == Outcome()
    (heard,) = receiver.heard
    assert (heard.path, heard.body) == ("/a?b=%2F", b"{}")
    assert heard.headers["host"] == parse(url).place and heard.headers["webhook-id"] == "evt-1"


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "::1", "169.254.169.254", "10.0.0.1"])
def test_a_name_that_leads_into_the_own_network_is_not_followed(receiver: Receiver, address: str) -> None:
    port = receiver.place.partition(":")[2]
    for allowed in (f"*:{port}", f"*.example.com:{port}"):
        outcome = send(f"http://hooks.example.com:{port}/", allowed, [address])
        assert outcome.final and "not on the public internet" in outcome.reason
    assert receiver.heard == []


def test_of_several_addresses_those_that_answer(receiver: Receiver) -> None:
    port = receiver.place.partition(":")[2]
    url, dead = f"http://hooks.example.com:{port}/", "127.9.9.9"
    assert send(url, f"hooks.example.com:{port}", [dead, "127.0.0.1"]) == Outcome()


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answers["/old"] = [(302, {"Location": receiver.url("/new")})]
    outcome = send(receiver.url("/old"), receiver.place)
    assert outcome.final and "302" in outcome.reason
    assert [heard.path for heard in receiver.heard] == ["/old"]


def test_no_proxy_of_the_environment(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert send(receiver.url("/"), receiver.place) == Outcome()


def test_one_that_does_not_answer_or_is_not_there(receiver: Receiver) -> None:
    receiver.answers["/slow"] = [threading.Event()]
    assert "no answer within 0.5 s" in send(receiver.url("/slow"), receiver.place, seconds=0.5).reason
    nobody = f"127.0.0.1:{free_port()}"
    assert "ConnectError" in send(f"http://{nobody}/", nobody).reason
    assert "leads nowhere" in send("http://hooks.example.com/", "hooks.example.com").reason
    assert "ConnectError" in send("http://hooks.example.com/", "hooks.example.com", []).reason


def test_a_certificate_is_held_to_the_name_and_not_to_the_address(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=a -addext subjectAltName=DNS:hooks.example.com"
    subprocess.run([*made.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    receiver.speak_tls(certificate, key)
    port = receiver.place.partition(":")[2]
    for name, trusted, good in (("hooks", True, True), ("other", True, False), ("hooks", False, False)):
        with monkeypatch.context() as environ:
            if trusted:
                environ.setenv("SSL_CERT_FILE", str(certificate))
            outcome = send(f"https://{name}.example.com:{port}/", f"{name}.example.com:{port}", ["127.0.0.1"])
        assert (outcome == Outcome()) == good, outcome
        assert good or "certificate" in outcome.reason.lower()
    assert len(receiver.heard) == 1


def test_one_that_speaks_no_tls_and_one_that_never_ends(receiver: Receiver) -> None:
    outcome = send(f"https://{receiver.place}/", receiver.place)
    assert outcome.reason and not outcome.final
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"127.0.0.1:{server.getsockname()[1]}"

        def babble() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                try:
                    connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
                    while True:
                        connection.sendall(b"4000\r\n" + bytes(0x4000) + b"\r\n")
                except OSError:
                    return

        babbling = threading.Thread(target=babble)
        babbling.start()
        assert send(f"http://{place}/", place) == Outcome()
        babbling.join()


@pytest.mark.parametrize("answer", [b"nonsense\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nx: " + bytes([97]) * 300_000])
def test_answers_that_are_none(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"127.0.0.1:{server.getsockname()[1]}"

        def reply() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                try:
                    connection.sendall(answer)
                except OSError:
                    return

        replying = threading.Thread(target=reply)
        replying.start()
        outcome = send(f"http://{place}/", place)
        replying.join()
        assert outcome.reason and not outcome.final
