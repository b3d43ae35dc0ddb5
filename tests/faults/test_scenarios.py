"""Faults at chosen moments, one after another on one stage, with speakers who must hear of every word."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from contracts import keys
from tests.eventually import eventually
from tests.faults import collect, invariants, poison
from tests.faults.client import Client, Party
from tests.faults.kinds import join
from tests.faults.scene import Scene
from tests.faults.speech import Manner
from tests.faults.stage import ANALYZER, GATEWAYS, STT, Cast, Stage
from tests.faults.traps import ANALYZER_POINTS, STT_POINTS

POINTS = [(STT[0], point) for point in STT_POINTS] + [(ANALYZER, point) for point in ANALYZER_POINTS]
SOON = Manner(most=2)
CELERYS = {keys.UNACKED, keys.UNACKED_INDEX}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    cast = Cast(
        names=(STT[0], ANALYZER, "listener_service", "sweeper", *GATEWAYS), settings={"STT_DEADLINE_SECONDS": "5"}
    )
    with Stage(tmp_path_factory.mktemp("scenarios"), cast) as stage, Party() as party:
        stage.wait_ready()
        yield Scene(stage, party, Random(0), 5.0)


def finish(scene: Scene, *clients: Client) -> None:
    """They have heard of everything, and the books are right, but that Celery may still have to notice
    who died: that is waited for once, at the end."""
    eventually(lambda: not any(scene.party.speaks(client) for client in clients))
    eventually(lambda: not collect.left_over(scene.stage.redis).keys() - CELERYS)
    evidence = collect.evidence(scene.stage.redis, scene.stage.files(), scene.party.clients, scene.trimmings)
    assert invariants.differences(replace(evidence, left_over={})) == []


@pytest.mark.parametrize(("name", "point"), POINTS)
def test_a_worker_dies_between_two_of_its_steps(scene: Scene, name: str, point: str) -> None:
    traps = scene.stage.traps[name]
    before = len(traps.sprung())
    traps.arm(point, "kill")
    client = join(scene, SOON)
    eventually(lambda: len(traps.sprung()) > before)
    finish(scene, client)
    assert [one.point for one in traps.sprung()[before:]] == [point]


def test_poison_ends_as_one_error_each_and_everybody_else_is_heard(scene: Scene) -> None:
    poisoned = {kind: join(scene, Manner(most=2, poisons=(kind,))) for kind in poison.KINDS}
    others = [join(scene, Manner(most=4)) for _ in range(2)]
    finish(scene, *poisoned.values(), *others)
    codes = {kind: ends(scene, client) for kind, client in poisoned.items()}
    assert {kind: counted.total() for kind, counted in codes.items()} == dict.fromkeys(poison.KINDS, 2)
    for kind in (poison.CRASH, poison.HANG, poison.CRASH_ANALYZER):
        assert codes[kind]["gave_up"] == 1, codes
    assert codes[poison.RAISE]["transcription_failed"] == 1
    assert scene.stage.redis.xlen("dead_letters") == 3


def test_a_speaker_changes_over_to_the_other_gateway(scene: Scene) -> None:
    client = join(scene, Manner(most=6))
    eventually(lambda: client.had)
    for gateway in GATEWAYS:
        scene.stage.hold(gateway)
        eventually(lambda: client.broken and client.told[-1].at > client.broken[-1])
        scene.stage.release(gateway)
        eventually(lambda gateway=gateway: scene.stage[gateway].running)
    finish(scene, client)
    assert len({told.session for told in client.told}) == 1


def test_nothing_is_left_over_in_the_end(scene: Scene) -> None:
    finish(scene)
    eventually(lambda: not collect.left_over(scene.stage.redis))


def ends(scene: Scene, client: Client) -> Counter[str]:
    """Codes of the errors that ended its utterances; empty texts for results."""
    evidence = collect.evidence(scene.stage.redis, [], [client], scene.trimmings)
    kept = evidence.sessions[client.told[0].session]
    return Counter(event.code for event in kept.events if event.kind != "Transcript")
