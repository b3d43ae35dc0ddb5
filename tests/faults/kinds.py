"""Every kind of fault by its name. Chosen by chance or by a test; what they do is real: signals, broken
connections, a Redis that ends or refuses, files that cannot be written.
"""

import dataclasses
import resource
import signal
import time
from collections.abc import Callable

from tests.faults import storage
from tests.faults.client import WAITS, Client
from tests.faults.scene import Act, Fault, Maker, Scene, lasting
from tests.faults.speech import Manner
from tests.faults.stage import ANALYZER, GATEWAYS, LISTENER, REDIS, STT, SWEEPER
from tests.faults.traps import ACTIONS, ANALYZER_POINTS, STT_POINTS

PROCESSES = (*STT, ANALYZER, LISTENER, SWEEPER, *GATEWAYS)
ARMED_SECONDS = 3.0
"""For a trap to spring; then it is taken away."""
NOTICED_SECONDS = 2.0
"""More than a client says nothing between two messages, so that a silent connection is dead to it later."""


def _signal(number: signal.Signals, *names: str) -> Maker:
    def make(scene: Scene) -> Fault:
        name = scene.some(*names)
        process = scene.stage[name]
        kind = f"{number.name} {name.removesuffix('_2')}"
        return Fault(kind, name, (Act(0, lambda: process.signal(number)),), frozenset({name}), over=0.1)

    return make


def _stop(scene: Scene) -> Fault:
    name = scene.some(*PROCESSES)
    process = scene.stage[name]
    begin, end = (lambda: process.signal(signal.SIGSTOP)), (lambda: process.signal(signal.SIGCONT))
    return lasting(f"SIGSTOP {name.removesuffix('_2')}", name, begin, end, scene.seconds(2))


def _trap(names: tuple[str, ...], point: str, action: str) -> Maker:
    def make(scene: Scene) -> Fault:
        name = scene.some(*names)
        traps, process = scene.stage.traps[name], scene.stage[name]
        after = scene.seconds(4) if action == "stop" else ARMED_SECONDS
        acts = [Act(0, lambda: traps.arm(point, action)), Act(ARMED_SECONDS, lambda: traps.disarm(point))]
        if action == "stop":
            acts.append(Act(ARMED_SECONDS + after, lambda: process.signal(signal.SIGCONT)))
        kind = f"{action} {name.removesuffix('_2')} {point}"
        before = len(traps.sprung())

        def died() -> float | None:
            sprung = traps.sprung()[before:]
            return sprung[0].at if sprung and action != "stop" else None

        def touched() -> bool:
            return len(traps.sprung()) > before

        return Fault(kind, name, tuple(acts), frozenset({name}), acts[-1].after, moment=died, touched=touched)

    return make


def _link(kind: str, begin: str, seconds: float) -> Maker:
    """A process's own way to Redis: `late`, half-open (`swallow`), `dark` or `reset`."""

    def make(scene: Scene) -> Fault:
        name = scene.some(*PROCESSES)
        link = scene.stage.links[name]
        return _broken(f"{kind} of {name.removesuffix('_2')} to Redis", name, link, begin, seconds)

    return make


def _client_link(kind: str, begin: str, seconds: float) -> Maker:
    def make(scene: Scene) -> Fault | None:
        names = [name for name, link in scene.stage.links.items() if ">" in name and link.used]
        if not names:
            return None
        name = scene.some(*names)
        client = next(one for one in scene.party.clients if one.name == name.partition(">")[0])
        fault = _broken(f"{kind} of a client", name, scene.stage.links[name], begin, seconds)
        began, within = time.time(), WAITS.dead + NOTICED_SECONDS

        def again() -> bool:
            """It is connected once more, or has not lost its connection in the time that this takes."""
            if not scene.party.speaks(client):
                return True
            lost = [at for at in client.broken if at >= began]
            connected = client.told[-1].at if client.told else began
            return connected > lost[0] if lost else time.time() > began + seconds + within

        def over() -> float:
            return began + seconds

        if begin == "late":
            return fault
        return dataclasses.replace(fault, until=again, moment=over, breaks_within=within)

    return make


def _broken(kind: str, name: str, link: object, begin: str, seconds: float) -> Fault:
    def late() -> None:
        link.delay = 0.2  # type: ignore[attr-defined]

    def dark() -> None:
        link.dark = True  # type: ignore[attr-defined]
        link.swallow()  # type: ignore[attr-defined]

    def mend() -> None:
        link.delay, link.dark = 0.0, False  # type: ignore[attr-defined]

    begins: dict[str, Callable[[], object]] = {
        "late": late,
        "dark": dark,
        "swallow": link.swallow,  # type: ignore[attr-defined]
        "reset": link.reset,  # type: ignore[attr-defined]
    }
    return lasting(kind, name, begins[begin], mend, seconds)


def _away(name: str) -> Maker:
    def make(scene: Scene) -> Fault:
        stage = scene.stage
        return lasting(f"{name} away", name, lambda: stage.hold(name), lambda: stage.release(name), scene.long)

    return make


def _full_disk(scene: Scene) -> Fault:
    """The kernel stops the listener's writes in the middle of a line, as it does on a full disk."""
    listener = scene.stage[LISTENER]

    def limit(room: int | None) -> None:
        if listener.running:
            written = scene.stage.log.stat().st_size if scene.stage.log.exists() else 0  # not before its first line
            size = resource.RLIM_INFINITY if room is None else written + room
            resource.prlimit(listener.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    return lasting("full disk", LISTENER, lambda: limit(700), lambda: limit(None), scene.seconds(2))


def _rotated_log(scene: Scene) -> Fault:
    def rotate() -> None:
        scene.rotated += 1
        older = scene.stage.log.with_name(f"{scene.stage.log.name}.{1_000 - scene.rotated}")
        if scene.stage.log.exists():
            scene.stage.log.rename(older)

    return Fault("log rotated", LISTENER, (Act(0, rotate),))


def _client_goes(scene: Scene) -> Fault | None:
    speaking = [client for client in scene.party.clients if scene.party.speaks(client)]
    if not speaking:
        return None
    client: Client = scene.chance.choice(speaking)

    def replace() -> None:
        scene.party.leave(client)
        join(scene, Manner())

    return Fault("client leaves", client.name, (Act(0, replace),))


def _poison(kind: str) -> Maker:
    """Goes on until the last utterance of who said it has its end."""

    def make(scene: Scene) -> Fault:
        joined: list[Client] = []
        began = time.time()

        def said() -> bool:
            return not any(scene.party.speaks(client) for client in joined)

        act = Act(0, lambda: joined.append(join(scene, Manner(most=3, poisons=(kind,)))))
        return Fault(f"poison: {kind}", "client", (act,), until=said, moment=lambda: began)

    return make


def join(scene: Scene, manner: Manner) -> Client:
    """One client more."""
    name = f"client-{len(scene.party.clients) + 1}"
    return scene.party.join(name, scene.stage.client_urls(name), scene.chance.randrange(1 << 30), manner)


KINDS: dict[str, Maker] = {
    "kill": _signal(signal.SIGKILL, *PROCESSES),
    "terminate": _signal(signal.SIGTERM, *PROCESSES),
    "stop": _stop,
    **{f"{action} stt {point}": _trap(STT, point, action) for action in ACTIONS for point in STT_POINTS},
    **{
        f"{action} analyzer {point}": _trap((ANALYZER,), point, action)
        for action in ACTIONS
        for point in ANALYZER_POINTS
    },
    "redis killed": storage.ended(signal.SIGKILL),
    "redis terminated": storage.ended(signal.SIGTERM),
    "redis stopped": storage.stopped,
    "redis away": storage.away,
    "connections killed": storage.connections_killed,
    "memory full": storage.memory_full,
    "latency": _link("latency", "late", 5.0),
    "half-open": _link("half-open", "swallow", 0.1),
    "dark": _link("black hole", "dark", 3.0),
    "reset": _link("reset", "reset", 0.1),
    "client latency": _client_link("latency", "late", 5.0),
    "client dark": _client_link("black hole", "dark", 3.0),
    "client half-open": _client_link("half-open", "swallow", 0.1),
    "client reset": _client_link("reset", "reset", 0.1),
    "duplicates": storage.duplicates,
    "late delivery": storage.late_delivery,
    "results again": storage.results_again,
    "events again": storage.events_again,
    **{f"stale {name} lock": storage.stale_lock(name) for name in storage.LOCKS},
    "analyzer away": _away(ANALYZER),
    "listener away": _away(LISTENER),
    "full disk": _full_disk,
    "log rotated": _rotated_log,
    "events trimmed": storage.events_trimmed,
    "results trimmed": storage.results_trimmed,
    "client leaves": _client_goes,
    "poison crash": _poison("crash"),
    "poison raise": _poison("raise"),
    "poison crash_analyzer": _poison("crash_analyzer"),
}
LASTING_POISON = {"poison hang": _poison("hang")}
"""Takes a worker out for three deadlines: for scenarios and soaks."""
REDIS_PART = REDIS
