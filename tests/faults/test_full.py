"""Redis beyond its `maxmemory`: what was accepted is finished there and then, by workers that were stopped,
ended or killed, and new audio alone is refused."""

import json
import signal
import urllib.request
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
import redis
from websockets.sync.client import connect

from contracts import keys
from contracts.names import RESULTS_STREAM
from tests.eventually import PATIENCE, eventually
from tests.faults import collect, invariants, storage
from tests.faults.client import Client, Party
from tests.faults.kinds import join
from tests.faults.scene import Scene
from tests.faults.speech import Manner
from tests.faults.stage import ANALYZER, LISTENER, STT, SWEEPER, Cast, Stage
from tests.faults.traps import CLAIMED
from tests.running_gateway import Talker

GATEWAY = "gateway"
WORKERS = (STT[0], ANALYZER, LISTENER, SWEEPER)
SPOKEN = 5
BALLAST = 30_000_000
"""A twentieth of it is far more than what the utterances give back when they are finished."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with Stage(tmp_path_factory.mktemp("full"), Cast(names=(*WORKERS, GATEWAY))) as stage, Party() as party:
        stage.wait_ready()
        yield Scene(stage, party, Random(0), 5.0)


def is_full(client: redis.Redis) -> bool:
    try:
        client.set("more", "x")
    except redis.exceptions.OutOfMemoryError:
        return True
    return False


def fill(client: redis.Redis) -> None:
    client.setrange("ballast", BALLAST, "x")
    used: Any = client.info("memory")
    client.config_set("maxmemory", int(used["used_memory"] / 1.05))
    assert is_full(client)


def empty(client: redis.Redis) -> None:
    client.config_set("maxmemory", storage.MEMORY)
    client.delete("ballast")


def accepted(scene: Scene) -> Client:
    """Has spoken, and nobody has begun to work on it."""
    client = join(scene, Manner(most=SPOKEN))
    eventually(lambda: scene.stage.redis.zcard(keys.PENDING) == SPOKEN)
    return client


def health(scene: Scene) -> dict[str, Any]:
    address = f"http://127.0.0.1:{scene.stage.ports[GATEWAY]}/health/ready"
    with urllib.request.urlopen(address, timeout=PATIENCE) as answer:  # an error, which is an OSError, while not ready
        report: dict[str, Any] = json.load(answer)
    return report


def finish_while_full(scene: Scene, client: Client, before: int) -> None:
    redis = scene.stage.redis
    eventually(lambda: not collect.left_over(redis).keys() - {keys.UNACKED, keys.UNACKED_INDEX})
    eventually(lambda: not collect.left_over(redis))  # what was killed is given up by Celery too
    assert redis.xlen(RESULTS_STREAM) == before + SPOKEN
    eventually(lambda: any("no new audio is taken" in lack for lack in health(scene)["degraded"]))
    with connect(f"ws://127.0.0.1:{scene.stage.ports[GATEWAY]}/ws", open_timeout=PATIENCE) as socket:
        late = Talker(socket)
        late.say("start")
        assert late.wait_for("error")["code"] == "storage_full"
        assert late.until_closed() == (1013, "storage_full")
    assert is_full(redis)
    empty(redis)
    eventually(lambda: not scene.party.speaks(client))
    eventually(lambda: not collect.left_over(redis))
    evidence = collect.evidence(redis, scene.stage.files(), scene.party.clients, scene.trimmings)
    assert invariants.differences(evidence) == []


def each(do: Callable[[str], object]) -> None:
    for name in WORKERS:
        do(name)


def stopped(scene: Scene) -> Callable[[], None]:
    """Returns what lets them go on; so does the next one."""
    each(lambda name: scene.stage[name].signal(signal.SIGSTOP))
    return lambda: each(lambda name: scene.stage[name].signal(signal.SIGCONT))


def ended(scene: Scene) -> Callable[[], None]:
    each(scene.stage.hold)
    return lambda: each(scene.stage.release)


@pytest.mark.parametrize("away", [stopped, ended])
def test_what_was_accepted_is_finished(scene: Scene, away: Callable[[Scene], Callable[[], None]]) -> None:
    before = scene.stage.redis.xlen(RESULTS_STREAM)
    go_on = away(scene)
    client = accepted(scene)
    fill(scene.stage.redis)
    go_on()
    finish_while_full(scene, client, before)


def test_what_killed_workers_had_in_hand_is_finished(scene: Scene) -> None:
    before = scene.stage.redis.xlen(RESULTS_STREAM)
    go_on = ended(scene)
    client = accepted(scene)
    fill(scene.stage.redis)
    traps = [scene.stage.traps[name] for name in (STT[0], ANALYZER)]
    for trap in traps:
        trap.arm(CLAIMED, "kill")
    go_on()
    finish_while_full(scene, client, before)
    assert [one.point for trap in traps for one in trap.sprung()] == [CLAIMED] * 2
