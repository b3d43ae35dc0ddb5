"""Speech and a recording from end to end with the queues in SQS, and what becomes of them when a worker is killed
or the service is away and forgets everything. The workers' models cost nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import redis
import soundfile

from contracts import keys
from contracts.audio import SAMPLE_RATE, Samples
from contracts.names import ANALYZER_JOB_QUEUE, ANALYZER_QUEUE, JOB_QUEUE, RESULTS_STREAM, STT_JOB_QUEUE, STT_QUEUE
from scripts import procfile
from tests.eventually import PATIENCE, eventually
from tests.faults import scripted, traps
from tests.faults.stage import APPS
from tests.faults.traps import CLAIMED, Traps
from tests.processes import Process, RedisServer, clean_environ
from tests.running_gateway import RunningGateway, Talker, silence, voice
from tests.speech import clips
from tests.sqs_server import SqsServer

NAMES = ("stt_worker", "analyzer_worker", "sweeper", "recordings_worker", "conductor")
QUEUES = (STT_QUEUE, ANALYZER_QUEUE, STT_JOB_QUEUE, ANALYZER_JOB_QUEUE, JOB_QUEUE)


@dataclass
class Scene:
    sqs: SqsServer
    redis: "redis.Redis"
    gateway: RunningGateway
    processes: dict[str, Process]
    traps: Traps
    spoken: list[Samples] = field(default_factory=list)

    def sentence(self) -> Samples:
        """One that was not said before and is not one of those in which nothing is understood."""
        while True:
            samples = voice(1.0 + 0.032 * len(self.spoken))
            self.spoken.append(samples)
            return np.concatenate([samples, silence(1.0)])

    def empty(self) -> bool:
        return all(self.sqs.counts(queue) == (0, 0) for queue in QUEUES)

    def results(self, session: str) -> int:
        return sum(session.encode() in fields[b"body"] for _, fields in self.redis.xrange(RESULTS_STREAM))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("sqs")
    with RedisServer(folder) as server, SqsServer(folder) as sqs, pytest.MonkeyPatch.context() as environment:
        for name, value in sqs.aws_environ.items():
            environment.setenv(name, value)
        kept = {"STORAGE_URL": str(folder / "recordings")}
        models = {scripted.SETTING: scripted.SCRIPTED, traps.SETTING: str(folder / "traps")}
        environ = clean_environ(REDIS_URL=server.url, **sqs.broker_environ, **models, **kept)
        processes = {}
        for name in NAMES:
            line = procfile.lines()[name]
            for ours, theirs in APPS.items():
                line = line.replace(ours, theirs)
            processes[name] = Process(name, line, folder, environ)
            processes[name].start()
        with redis.Redis.from_url(server.url) as client:
            places = {"broker_url": sqs.broker_url, "storage_url": kept["STORAGE_URL"]}
            with RunningGateway(server.url, max_wait_seconds=10 * PATIENCE, **places) as gateway:
                eventually(lambda: gateway.health()["ready"])
                yield Scene(sqs, client, gateway, processes, Traps(folder / "traps"))
        for process in processes.values():  # one that is asked to end waits for SQS to answer first
            process.kill()


@pytest.fixture(autouse=True)
def clean_environment(scene: Scene) -> None:
    """The gateway runs in this process and finds the service by its environment, all the time."""


@pytest.fixture
def talker(scene: Scene) -> Iterator[Talker]:
    with scene.gateway.connect() as talker:
        talker.say("start")
        talker.wait_for("ready")
        yield talker


def session_of(talker: Talker) -> str:
    return str(next(message["session"] for message in talker.heard if message["type"] == "ready"))


def hear(talker: Talker, results: int) -> None:
    """In whatever order."""
    while len({message["utterance"] for message in talker.of("result")}) < results:
        talker.wait_for("result")


def test_what_is_said_has_its_result_and_nothing_is_left_in_a_queue(scene: Scene, talker: Talker) -> None:
    for number in (1, 2, 3):
        talker.speak(scene.sentence())
        hear(talker, number)

    def seen_while_spoken() -> bool:
        talker.speak(np.concatenate([voice(4.0), silence(1.0)]))
        talker.wait_for("result")
        return bool(talker.of("partial"))

    eventually(seen_while_spoken)
    eventually(scene.empty)
    assert set(scene.gateway.health()["queues"]) == set(QUEUES)
    assert scene.redis.exists(*QUEUES, keys.UNACKED) == 0  # none of it is in Redis


def test_what_waits_is_told_and_a_killed_workers_utterance_is_done_again(scene: Scene, talker: Talker) -> None:
    worker = scene.processes["stt_worker"]
    scene.traps.arm(CLAIMED, "kill")
    talker.speak(scene.sentence())
    eventually(lambda: not worker.running)
    talker.speak(scene.sentence())
    eventually(lambda: (scene.gateway.health()["queues"][STT_QUEUE]["oldest_seconds"] or 0) > 0.1)
    worker.start()
    hear(talker, 2)
    scene.processes["sweeper"].wait_for("utterance sent again")
    assert scene.results(session_of(talker)) == 2


def test_a_service_that_is_away_and_forgets_everything_loses_nothing(scene: Scene, talker: Talker) -> None:
    scene.sqs.kill()
    talker.speak(scene.sentence())
    eventually(lambda: scene.redis.zcard(keys.PENDING) == 1)
    scene.processes["stt_worker"].wait_for("the broker gives no messages out")
    scene.sqs.start()
    hear(talker, 1)
    talker.speak(scene.sentence())
    hear(talker, 2)
    scene.processes["stt_worker"].wait_for("the broker gives messages out again")
    assert scene.results(session_of(talker)) == 2


def test_a_recording_is_completed(scene: Scene, tmp_path: Path) -> None:
    pause = np.zeros(SAMPLE_RATE, np.float32)
    spoken = [soundfile.read(clip.path, dtype="float32")[0] for clip in clips()[:3]]
    path = tmp_path / "three.flac"
    soundfile.write(path, np.concatenate([piece for samples in spoken for piece in (pause, samples)] + [pause]), 16_000)
    with httpx.Client(base_url=scene.gateway.url, timeout=PATIENCE) as api, path.open("rb") as file:
        answer = api.post("/v1/jobs", files={"file": (path.name, file)}, headers={"Authorization": "Bearer mine"})
        assert answer.status_code == 202, answer.text
        links = answer.json()["links"]

        def ended() -> dict[str, Any] | None:
            state: dict[str, Any] = api.get(links["self"], headers={"Authorization": "Bearer mine"}).json()
            return state if state["status"] in ("completed", "failed", "cancelled") else None

        state = eventually(ended)
    assert state and state["status"] == "completed", state
    eventually(lambda: all(scene.sqs.counts(queue)[0] == 0 for queue in QUEUES))
