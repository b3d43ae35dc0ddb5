"""How a conversation is to be held: where, in what language, and how long it waits for what."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Waits:
    """Seconds.

    `first`: before the first new attempt; doubled for each further one up to `longest`, and
    shortened by chance down to a half, so that many clients do not come back in the same moment.
    `told`: the longest wait that a server may ask for. `patience`: the longest time without
    progress (audio accepted, an event, a connection that held for `steady`) before it gives up.
    `ping`: between two questions whether the server is there. `dead`: without any message, before
    the connection is taken for dead; a gateway that is behind says something every 2 s.
    """

    first: float = 0.5
    longest: float = 10.0
    told: float = 60.0
    patience: float = 120.0
    steady: float = 30.0
    ping: float = 3.0
    dead: float = 10.0


@dataclass(frozen=True)
class Options:
    """`urls`: gateways of one deployment; after a break the next one is tried. `keep_seconds`: audio
    kept until it is accepted, longer than an utterance may be (15 s)."""

    urls: tuple[str, ...]
    language: str | None = None
    task: str = "transcribe"
    insecure: bool = False
    keep_seconds: float = 120.0
    waits: Waits = Waits()
