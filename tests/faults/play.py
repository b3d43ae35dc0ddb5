"""One run: clients speak, faults are thrown by the seed's chance, all is mended, and the books are checked."""

import json
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import redis

from contracts import keys
from tests.eventually import eventually
from tests.faults import collect, invariants
from tests.faults.client import Party
from tests.faults.evidence import Evidence
from tests.faults.kinds import KINDS, join
from tests.faults.recovery import Figures, Life, Thrown, recoveries
from tests.faults.scene import Fault, Maker, Scene
from tests.faults.speech import Manner
from tests.faults.stage import SWEEPER, Cast, Stage

END_SECONDS = 600.0
"""For everything said to get its result once nothing is broken any more; three deadlines of a hung worker."""
SETTLE_SECONDS = 2.0
"""From the last word of an utterance until it is accepted, and some more."""


@dataclass(frozen=True)
class Script:
    """What a run is to be. `every`: seconds between faults, from and to; `calm`: none before what the last
    one held up is finished, so that its recovery is its own; `long`: the longest of lasting ones."""

    seed: int
    seconds: float
    clients: int = 8
    every: tuple[float, float] = (0.5, 2.5)
    calm: bool = False
    long: float = 5.0
    kinds: Mapping[str, Maker] = field(default_factory=lambda: KINDS)
    cast: Cast = Cast()
    manner: Manner = Manner()


@dataclass(frozen=True)
class Outcome:
    """`differences` is empty when the books are right; `resent` counts what the sweeper sent again."""

    seed: int
    accepted: int
    missing: int
    doubled: int
    resent: int
    thrown: Sequence[Thrown]
    recovery: Mapping[str, Figures]
    differences: Sequence[str]
    memory: Mapping[str, float] = field(default_factory=dict)
    """MiB of each process at the end."""


class Play:
    """Runs due acts and keeps who is busy. Nothing here waits longer than an act takes. A fault that
    does not end by itself is waited for `end_seconds`, then left to `settle`, which tells what is not finished."""

    def __init__(self, scene: Scene, script: Script, end_seconds: float = END_SECONDS) -> None:
        self.thrown: list[Thrown] = []
        self._scene = scene
        self._script = script
        self._end_seconds = end_seconds
        self._due: list[tuple[float, Callable[[], object]]] = []
        self._lasting: list[tuple[float, Fault]] = []
        self._next = 0.0
        self._settled = 0.0
        self._held_up: set[bytes] = set()
        self._pause = threading.Event()

    def run(self) -> None:
        end = time.time() + self._script.seconds
        while time.time() < end:
            self._step(throw=True)
        end = time.time() + self._end_seconds
        while self._due or (self._lasting and time.time() < end):
            self._step(throw=False)

    def throw(self, kind: str, maker: Maker) -> bool:
        """Begin a fault of this kind, unless what it needs is busy or not there."""
        fault = maker(self._scene)
        if fault is None or any(fault.busy & other.busy for _, other in self._lasting):
            return False
        now = time.time()
        self._due += [(now + act.after, act.do) for act in fault.acts]
        self._lasting.append((now, fault))
        return True

    def _step(self, throw: bool) -> None:
        now = time.time()
        for due in sorted((one for one in self._due if one[0] <= now), key=lambda one: one[0]):
            self._due.remove(due)
            due[1]()
        self._notice(now)
        if throw and now >= self._next and not (self._script.calm and self._holds_up(now)):
            kind = self._scene.chance.choice(sorted(self._script.kinds))
            self.throw(kind, self._script.kinds[kind])
            self._next = now + self._scene.chance.uniform(*self._script.every)
        self._pause.wait(0.02)

    def _notice(self, now: float) -> None:
        for began, fault in list(self._lasting):
            if now >= began + fault.over and fault.until():
                self._lasting.remove((began, fault))
                if not fault.touched():
                    continue
                over = fault.moment() or (time.time() if fault.over else began)
                self.thrown.append(Thrown(fault.kind, fault.target, began, over, fault.breaks_within))
                self._settled = now + SETTLE_SECONDS

    def _holds_up(self, now: float) -> bool:
        """Whether a fault goes on, or something that was under way at its end still is: accepted then, or
        spoken then and accepted a little later. Nobody knows while Redis does not answer."""
        try:
            members: Any = self._scene.stage.redis.zrange(keys.PENDING, 0, -1)
        except (redis.RedisError, OSError):
            return True
        self._held_up = set(members) if now < self._settled else self._held_up & set(members)
        return bool(self._lasting or now < self._settled or self._held_up)


def perform(directory: Path, script: Script) -> Outcome:
    """Raises AssertionError, with the timeline, when it does not come to an end at all."""
    chance = random.Random(script.seed)
    with Stage(directory, script.cast, script.seed) as stage, Party() as party:
        stage.wait_ready()
        scene = Scene(stage, party, chance, script.long)
        for _ in range(script.clients):
            join(scene, script.manner)
        play = Play(scene, script)
        play.run()
        return settle(scene, script, play.thrown)


def settle(scene: Scene, script: Script, thrown: Sequence[Thrown]) -> Outcome:
    """Let everybody finish, and look whether all is as it must be."""
    stage, party = scene.stage, scene.party
    party.finish()
    try:
        eventually(lambda: not party.speaking, END_SECONDS, interval=0.2)
        eventually(lambda: not collect.left_over(stage.redis), interval=0.2)
    except (AssertionError, redis.RedisError) as error:
        late = str(error)
    else:
        late = ""
    evidence = collect.evidence(stage.redis, stage.files(), party.clients, scene.trimmings)
    differences = invariants.differences(evidence)
    if late:
        differences = [f"not finished: {late}, speaking: {party.speaking}", *differences]
    return Outcome(
        seed=script.seed,
        accepted=sum(kept.accepted for kept in evidence.sessions.values()),
        missing=invariants.missing(evidence),
        doubled=invariants.doubled(evidence),
        resent=stage[SWEEPER].output.count("utterance sent again"),
        thrown=thrown,
        recovery=recoveries(thrown, lives(stage.redis, evidence), breaks(party)),
        differences=differences,
        memory={name: rss(process.pid) for name, process in stage.processes.items() if process.running},
    )


def rss(pid: int) -> float:
    return round(psutil.Process(pid).memory_info().rss / 2**20, 1)


def lives(client: "redis.Redis", evidence: Evidence) -> list[Life]:
    found = []
    for session in evidence.sessions:
        for _, fields in client.xrange(keys.events(session)):
            data = json.loads(fields[b"body"])
            total = (data.get("timings") or {}).get("total_ms")
            if data["type"] == "result" and total is not None:
                found.append(Life(data["at"] - total / 1000, data["at"]))
    return found


def breaks(party: Party) -> list[Life]:
    """Of every connection that broke, until the client had the next one. The client's own waiting
    between attempts is in it."""
    found = []
    for client in party.clients:
        for at in client.broken:
            again = [told.at for told in client.told if told.at > at]
            if again:
                found.append(Life(at, min(again)))
    return found
