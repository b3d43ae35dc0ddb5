"""A live session as it is kept in Redis, for its owner to read as a whole; nothing is changed here."""

import hmac
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from redis.asyncio import Redis

from contracts import audio, codec, keys, ledger
from contracts.messages import EVENTS, Error, Result, Transcript
from fastapi_service.codes import EVENTS_LOST
from fastapi_service.recordings.result import Facts, SpeechResult, build

log = logging.getLogger(__name__)

EVENTS_AT_A_TIME = 256
MOST_EVENTS = keys.EVENTS_MAXLEN + 1000
"""Redis trims a stream in blocks, so it may hold a few more than it is asked to."""

Event = Transcript | Result | Error
Entry = tuple[bytes, dict[bytes, bytes]]


@dataclass(frozen=True)
class Past:
    """`bodies` are the events as they are stored, `gone` how many there were before them, `open` the
    utterances that had no result a moment before they were read, `settled` samples at 16 kHz."""

    session: str
    bodies: Sequence[bytes]
    gone: int
    open: frozenset[int]
    settled: int
    language: str | None


class History:
    """Every method raises RedisError."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def is_key(self, session: str, key: str) -> bool:
        """Whether `key` is the secret of this session; no for one that is not known (any more)."""
        kept: Any = await self._redis.hget(keys.session(session), "key")
        return kept is not None and hmac.compare_digest(bytes(kept), ledger.hashed(key).encode())

    async def read(self, session: str) -> Past:
        """All that is there by now; MOST_EVENTS at most, read in pieces."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hmget(keys.session(session), ["seq", "settled", "language"])
            pipe.smembers(keys.open_utterances(session))
            (seq, settled, language), numbers = await pipe.execute()
        language = language.decode() if language else None
        entries = await self._entries(session)
        gone = _number(entries[0]) - 1 if entries else int(seq or 0)
        bodies = [fields[b"body"] for _, fields in entries]
        return Past(session, bodies, gone, frozenset(map(int, numbers)), int(settled or 0), language)

    async def _entries(self, session: str) -> list[Entry]:
        entries: list[Entry] = []
        while len(entries) < MOST_EVENTS:
            first = f"({_number(entries[-1])}-0" if entries else "-"
            page: Any = await self._redis.xrange(keys.events(session), first, "+", EVENTS_AT_A_TIME)
            entries += page
            if len(page) < EVENTS_AT_A_TIME:
                break
        return entries


def result(past: Past) -> SpeechResult:
    """What was said so far. Events that are not kept any more, or cannot be read, are told as errors. Takes
    a second for each few hours of speech: not for the event loop."""
    events = []
    lost = past.gone
    for body in past.bodies:
        event = _event(body, past.session)
        if event:
            events.append(event)
        else:
            lost += 1
    missing = [_missing(past.session, lost)] if lost else []
    return build([*missing, *events], _facts(past, events))


def _number(entry: Entry) -> int:
    """The `seq` of an event: its place in the stream is called after it."""
    return int(entry[0].partition(b"-")[0])


def _event(body: bytes, session: str) -> Event | None:
    try:
        return cast(Event, codec.loads(body, *EVENTS))
    except codec.DecodeError:
        # not the error's text: it may quote what somebody said
        log.error("event not understood", extra={"session": session})
        return None


def _missing(session: str, count: int) -> Error:
    message = f"{count} events of this session are no longer kept; the operator's result log has them"
    return Error(session, EVENTS_LOST.name, message, EVENTS_LOST.retryable, at=time.time())


def _facts(past: Past, events: Sequence[Event]) -> Facts:
    answered = {event.utterance for event in events if not isinstance(event, Transcript)}
    task = next((event.task for event in reversed(events) if not isinstance(event, Error)), "transcribe")
    return Facts(
        duration=audio.seconds(past.settled),
        language=past.language,
        task=task,
        pending=len(past.open - answered),
    )
