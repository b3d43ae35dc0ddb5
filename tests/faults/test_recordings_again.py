"""What fails while a recording is worked on is tried again, three times in all; what never works fails the job,
with the reason, and a repair makes it whole.

Real processes: the workers' models are scripted, and obey poison.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import redis
import soundfile

from contracts import keys, ledger
from contracts.audio import Samples
from contracts.names import DEAD_LETTERS_STREAM, JOB_QUEUE
from scripts.procfile import ROOT
from tests.e2e.test_recordings import CLIPS, ENDS, RATE, ended, events, read, send
from tests.eventually import PATIENCE, eventually
from tests.faults import poison, scripted, traps
from tests.processes import Pipeline, clean_environ
from tests.traces import Traces

APPS = {"stt_worker.app": "tests.faults.stt_app", "analyzer_worker.app": "tests.faults.analyzer_app"}
RECORDINGS = {"fastapi_service.recordings.app": "tests.faults.recordings_app"}
MANY = 1000
PARTS = 4


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Its recordings worker is started again by itself whenever it dies, as docker does."""
    directory = tmp_path_factory.mktemp("faulty")
    raises = directory / "raises"
    raises.write_text("0")
    environ = {"JOB_RETRY_SECONDS": "0.2", scripted.SETTING: scripted.SCRIPTED, poison.TIMES: str(raises)}
    environ[traps.SETTING] = str(directory / "traps")
    made = Pipeline(directory, environ)
    for process in made.processes.values():
        for real, trapped in (APPS | RECORDINGS).items():
            process.command = process.command.replace(f"-A {real}", f"-A {trapped}")
    worker = made["recordings_worker"]
    worker.command = f"sh -c 'trap exit TERM; while :; do {worker.command} & wait $!; done'"
    with made as running:
        yield running


@pytest.fixture
def api(faulty: Pipeline) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=faulty.url, timeout=PATIENCE) as client:
        yield client


@pytest.fixture
def store(faulty: Pipeline) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(faulty.redis_url) as client:
        yield client


def recording(path: Path, kind: str, poisoned: int = 2, seed: int = 0) -> Path:
    """Sentences of which one has a mark; as WAV, so that it is in the file's bytes too."""
    pause = np.zeros(RATE, np.float32)
    noise = np.random.default_rng(seed).normal(0, 1e-4, RATE).astype(np.float32)
    pieces: list[Samples] = [noise]
    for number, clip in enumerate(CLIPS[:PARTS], 1):
        samples = read(clip)
        pieces += [poison.poisoned(samples, kind) if number == poisoned else samples, pause]
    soundfile.write(path, np.concatenate(pieces), RATE, subtype="PCM_16")
    return path


def fails(faulty: Pipeline, times: int) -> None:
    (faulty.directory / "raises").write_text(str(times))


def numbers(api: httpx.Client, job: dict[str, Any]) -> list[int]:
    """Of the parts whose words were told."""
    return sorted(data["utterance"] for _, event, data in events(api, job) if event == "segment")


def replay(faulty: Pipeline, letter: bytes) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-m", "listener_service.dead_letters", "replay", letter.decode()]
    environ = clean_environ(REDIS_URL=faulty.redis_url)
    return subprocess.run(line, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=PATIENCE)


def test_what_fails_twice_and_works_then_is_not_seen(faulty: Pipeline, api: httpx.Client, tmp_path: Path) -> None:
    fails(faulty, ledger.MOST_STARTS - 1)
    job = send(api, recording(tmp_path / "twice.wav", poison.RAISE), language="en")
    assert ended(api, job)["status"] == "completed"
    assert numbers(api, job) == list(range(1, PARTS + 1))
    assert faulty["stt_worker"].output.count("attempt put off") == ledger.MOST_STARTS - 1


def test_what_always_fails_says_where_and_is_completed_once_it_is_repaired(
    faulty: Pipeline, api: httpx.Client, store: "redis.Redis", tmp_path: Path
) -> None:
    fails(faulty, MANY)
    job = send(api, recording(tmp_path / "always.wav", poison.RAISE, seed=1), language="en")
    state = ended(api, job)
    assert (state["status"], state["error"]["code"]) == ("failed", "transcription_failed")
    start = 1 + len(read(CLIPS[0])) / RATE + 1
    assert state["error"]["message"].startswith(f"from {start:.0f}."), state["error"]
    assert f"{ledger.MOST_STARTS} times" in state["error"]["message"]
    assert (faulty.directory / "recordings" / job["id"] / "pcm").exists()
    ((letter, fields),) = store.xrange(DEAD_LETTERS_STREAM)
    assert (fields[b"member"].decode(), fields[b"starts"]) == (f"{job['id']}:2", b"3")
    assert store.exists(keys.dead_audio(job["id"], 2))

    fails(faulty, 0)
    done = replay(faulty, letter)
    assert done.returncode == 0, done.stderr
    eventually(lambda: api.get(job["links"]["self"]).json()["status"] == "completed")
    seen = events(api, job)
    assert seen[-1][1] == "completed" and "failed" not in [event for _, event, _ in seen]
    assert numbers(api, job) == list(range(1, PARTS + 1))
    assert store.xlen(DEAD_LETTERS_STREAM) == 0
    assert api.get(job["links"]["result"]).status_code == 200
    assert api.get(job["links"]["self"]).json()["error"] is None


def test_erased_it_takes_its_dead_letter_with_it(
    faulty: Pipeline, api: httpx.Client, store: "redis.Redis", tmp_path: Path
) -> None:
    fails(faulty, MANY)
    job = send(api, recording(tmp_path / "erased.wav", poison.RAISE, seed=2), language="en")
    assert ended(api, job)["status"] == "failed"
    ((letter, _),) = store.xrange(DEAD_LETTERS_STREAM)
    eventually(lambda: store.zcard(keys.PENDING) == 0)
    assert api.delete(job["links"]["self"]).status_code == 204
    left = Traces(store, faulty.directory / "recordings")
    eventually(lambda: left.of(job["id"]) == [])
    refused = replay(faulty, letter)
    assert refused.returncode == 1 and "there is no dead letter with this id" in refused.stderr
    fails(faulty, 0)


def test_a_file_that_kills_the_decoder_is_given_up(
    faulty: Pipeline, api: httpx.Client, store: "redis.Redis", tmp_path: Path
) -> None:
    """And the next one is worked on."""
    poisonous = send(api, recording(tmp_path / "poison.wav", poison.CRASH, seed=3), language="en")
    good = send(api, recording(tmp_path / "good.wav", poison.RAISE, seed=4), language="en")
    state = eventually(lambda: over(api, poisonous), timeout=2 * PATIENCE)
    assert (state["status"], state["error"]["code"]) == ("failed", "gave_up")
    assert "tried 3 times" in state["error"]["message"]
    assert ended(api, good)["status"] == "completed"
    ((_, fields),) = store.xrange(DEAD_LETTERS_STREAM)
    assert fields[b"member"].decode() == f"{poisonous['id']}:0"
    assert (fields[b"stage"], fields[b"starts"]) == (b"prepare", b"3")
    eventually(lambda: store.llen(JOB_QUEUE) == 0 and store.zcard(keys.PENDING) == 0)
    assert faulty["recordings_worker"].output.count(" ready.\n") == 1 + 3


def test_a_decoder_that_fails_is_asked_three_times(
    faulty: Pipeline, api: httpx.Client, store: "redis.Redis", tmp_path: Path
) -> None:
    job = send(api, recording(tmp_path / "disliked.wav", poison.CRASH_ANALYZER, seed=5), language="en")
    state = ended(api, job)
    assert (state["status"], state["error"]["code"]) == ("failed", "preparation_failed")
    assert "RuntimeError" in state["error"]["message"] and "3 times" in state["error"]["message"]


def over(api: httpx.Client, job: dict[str, Any]) -> dict[str, Any] | None:
    state: dict[str, Any] = api.get(job["links"]["self"]).json()
    return state if state["status"] in ENDS else None
