"""Faults that find nothing to break, or no end: a run goes on, or is told."""

import random
import socket
from types import SimpleNamespace

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.eventually import eventually
from tests.faults.client import Party
from tests.faults.kinds import KINDS
from tests.faults.links import Links
from tests.faults.play import Play, Script
from tests.faults.scene import Act, Fault, Scene
from tests.faults.speech import Manner
from tests.ports import free_port


def scene(party: Party, **stage: object) -> Scene:
    return Scene(SimpleNamespace(**stage), party, random.Random(1), 5.0)


def test_the_connection_of_a_client_that_has_not_been_welcomed_yet() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, Links() as links, Party() as party:
        link = links.to(silent.getsockname()[1])
        client = party.join("client-1", [f"ws://127.0.0.1:{link.port}/ws"], 1, Manner())
        eventually(lambda: link.used)
        fault = KINDS["client reset"](scene(party, links={"client-1>gateway": link}))
        assert fault is not None and not fault.until()
        party.leave(client)
        eventually(fault.until)


def test_a_fault_without_an_end_does_not_hold_up_the_end_of_the_run() -> None:
    done = []
    fault = Fault("endless", "client", (Act(0.1, lambda: done.append("mended")),), until=lambda: False)
    with Party() as party:
        play = Play(scene(party), Script(1, seconds=0), end_seconds=0)
        assert play.throw("endless", lambda _: fault)
        play.run()
    assert (done, play.thrown) == (["mended"], [])


def test_a_calm_run_throws_nothing_while_redis_does_not_say_what_is_under_way() -> None:
    away = redis.Redis(port=free_port(), retry=Retry(NoBackoff(), 0))
    made: list[Scene] = []
    with Party() as party:
        Play(scene(party, redis=away), Script(1, seconds=0.3, calm=True, kinds={"any": made.append})).run()
    assert made == []
