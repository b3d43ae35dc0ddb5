"""The real worker from its Procfile line, on a real Redis, with the shipped model."""

import json
import signal
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from contracts import codec, keys
from contracts.audio import to_s16le
from contracts.messages import Heartbeat, TranscribeTask
from contracts.names import ANALYZER_QUEUE, STT_QUEUE, TRANSCRIBE_TASK
from scripts import procfile
from tests.e2e.stt_client import NOISE, Client, plain, spoken
from tests.eventually import eventually
from tests.processes import Process, RedisServer, clean_environ


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    directory = tmp_path_factory.mktemp("stt")
    with RedisServer(directory) as redis:
        environ = clean_environ(REDIS_URL=redis.url, DEMO_MODELS="always")
        with Process("stt_worker", procfile.lines()["stt_worker"], directory, environ) as process:
            process.wait_for(" ready.")
            yield process


@pytest.fixture
def client(worker: Process) -> Client:
    made = Client(worker.environ["REDIS_URL"])
    made.redis.delete(ANALYZER_QUEUE)
    return made


def test_its_heartbeat_names_the_model(client: Client) -> None:
    [key] = client.redis.keys(keys.heartbeat("*"))
    beat = codec.loads(client.redis.get(key), Heartbeat)
    assert (beat.service, beat.state, beat.engine, beat.model) == (
        "stt_worker",
        "ready",
        "openai-whisper",
        "demo-speech",
    )
    assert beat.demo_models


def test_speech_becomes_a_transcript_and_goes_to_the_analyzer(client: Client) -> None:
    text, samples = spoken()
    client.send(client.store("words", samples, trace="t-words"))
    [transcript] = client.events("words", 1)
    assert plain(transcript["text"]) == plain(text)
    assert (transcript["type"], transcript["seq"], transcript["language"]) == ("transcript", 1, "en")
    assert transcript["trace"] == "t-words" and transcript["confidence"] > 0.5
    [task] = eventually(client.handed_on)
    assert task["transcript"] | {"type": "transcript", "seq": 1} == transcript
    assert task["spoken_at"] > 0
    assert transcript["words"] is None


def test_words_have_session_times_where_asked(client: Client) -> None:
    text, samples = spoken()
    end = 10.0 + len(samples) / 16000
    client.send(client.store("timed", samples, start=10.0, end=end, words=True))
    [transcript] = client.events("timed", 1)
    assert [word["word"] for word in transcript["words"]] == text.split()
    times = [time for word in transcript["words"] for time in (word["start"], word["end"])]
    assert times == sorted(times) and times[0] == pytest.approx(10.6, abs=0.1) and times[-1] <= end
    [task] = eventually(client.handed_on)
    assert task["transcript"]["words"] == transcript["words"]


def test_noise_becomes_nothing_and_the_utterance_is_closed(client: Client) -> None:
    client.send(client.store("noise", NOISE))
    transcript, result = client.events("noise", 2)
    assert transcript["text"] == "" and transcript["dropped"]
    assert (result["type"], result["sentiment"]["label"]) == ("result", None)
    assert not client.redis.exists(keys.audio("noise", 1))
    assert client.handed_on() == []


def test_the_same_task_twice_commits_once(client: Client) -> None:
    _, samples = spoken()
    task = client.store("twice", samples)
    client.send(task)
    client.send(task)
    first, second = eventually(lambda: client.handed_on() if len(client.handed_on()) == 2 else None)
    assert first["transcript"] | {"seq": 1} == second["transcript"]
    assert len(client.events("twice", 1)) == 1


def test_inline_audio(client: Client) -> None:
    task = TranscribeTask("inline", 1, audio_base64=b64encode(to_s16le(NOISE)).decode())
    client.send(task)
    assert client.events("inline", 2)[0]["dropped"]


def test_a_partial_is_answered_and_a_superseded_one_skipped(client: Client) -> None:
    text, samples = spoken()
    listener = client.redis.pubsub(ignore_subscribe_messages=True)
    listener.subscribe(keys.events("part"))

    def answer() -> dict[str, Any] | None:
        message = listener.get_message(timeout=0.2)
        return json.loads(message["data"]) if message else None

    task = client.store("part", samples, kind="partial")
    client.send(task)
    hypothesis = eventually(answer)
    assert hypothesis["type"] == "hypothesis"
    assert plain(hypothesis["text"]) == plain(text)
    client.redis.hset(keys.segment("part", 1), "request", "{}")
    client.send(task)
    assert eventually(answer)["text"] is None
    assert client.redis.xlen(keys.events("part")) == 0
    listener.close()


@pytest.mark.parametrize(
    ("session", "changes", "code"),
    [
        ("gone", {"audio_key": "audio:nowhere:1"}, "audio_missing"),
        ("other", {"audio_key": "results"}, "audio_missing"),
        ("swapped", {"audio_sha256": "0" * 64}, "audio_changed"),
        ("klingon", {"language": "tlh"}, "unsupported_language"),
    ],
)
def test_what_cannot_be_transcribed_becomes_an_error(
    client: Client, session: str, changes: dict[str, Any], code: str
) -> None:
    client.send(client.store(session, NOISE, **changes))
    [error] = client.events(session, 1)
    assert (error["type"], error["code"], error["stage"], error["seq"]) == ("error", code, "stt", 1)
    [(_, fields)] = [entry for entry in client.redis.xrange("results") if f'"{session}"' in entry[1]["body"]]
    assert json.loads(fields["body"]) == error


def test_bad_messages_and_unknown_tasks_hurt_nobody(client: Client, worker: Process) -> None:
    client.send("not a task")
    client.send({"session": "half", "utterance": 1, "start": "soon"})
    client.send({}, name="stt_worker.no_such_task")
    client.broker.send_task(TRANSCRIBE_TASK, args=[1, 2, 3], kwargs={"other": 1}, queue=STT_QUEUE)
    client.redis.lpush(STT_QUEUE, "this is not what a broker writes")
    client.send(client.store("after", NOISE))
    assert client.events("half", 1)[0]["code"] == "bad_task"
    assert client.events("after", 2)
    assert "malformed task dropped" in worker.output and "no_such_task" in worker.output


def test_a_probe_is_handed_on_and_commits_nothing(client: Client) -> None:
    client.send(client.store("probe-x", NOISE, kind="probe"))
    [task] = eventually(client.handed_on)
    assert task["transcript"]["session"] == "probe-x" and task["transcript"]["text"]
    assert not client.redis.exists(keys.events("probe-x"))


def test_finals_overtake_partials(client: Client, worker: Process) -> None:
    _, samples = spoken()
    told: list[str] = []

    def all_told() -> bool:
        while message := listener.get_message(timeout=0.2):
            told.append(message["channel"])
        return len(told) == 5

    with client.redis.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe(keys.events("busy"), keys.events("crowd"))
        worker.signal(signal.SIGSTOP)
        for number in range(1, 5):
            client.send(client.store("crowd", samples, utterance=number, kind="partial"))
        client.send(client.store("busy", samples))
        worker.signal(signal.SIGCONT)
        eventually(all_told)
    # one it may have had in hand, and the next in its pocket
    assert told.index(keys.events("busy")) <= 2, told
