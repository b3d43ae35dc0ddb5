"""Tells receivers of ended jobs until they have heard, some at a time, beside the conductor's other work.

Every conductor does its share: what one has in hand is its own for as long as a lease, and due again if
it was killed meanwhile. So each receiver hears at least once, and by the event's id knows what it has had.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from contracts.ledger import Step
from fastapi_service import __version__
from fastapi_service.recordings.job import Unreadable
from fastapi_service.recordings.webhooks import event as events
from fastapi_service.recordings.webhooks import steps
from fastapi_service.recordings.webhooks.offer import Offer
from fastapi_service.recordings.webhooks.sender import Outcome, Sender
from fastapi_service.recordings.webhooks.steps import Taken
from fastapi_service.recordings.webhooks.target import Refused, Target

log = logging.getLogger(__name__)

WORN = "attempts began and never ended: the conductor was killed in each"


@dataclass(frozen=True)
class Rules:
    """`pauses` in seconds after each attempt that failed, each longer or shorter by up to `jitter` of it; one
    attempt more than there are pauses. `lease_seconds` is more than an attempt can take. `most` at a time,
    `most_of_one` to one host and port. `stop_seconds`: those in hand may still end when the conductor stops."""

    pauses: tuple[float, ...] = (5.0, 30.0, 120.0, 600.0, 3600.0)
    jitter: float = 0.2
    longest_retry_after: float = 3600.0
    attempt_seconds: float = 10.0
    lease_seconds: float = 20.0
    most: int = 16
    most_of_one: int = 4
    look_seconds: float = 0.25
    busy_seconds: float = 1.0
    stop_seconds: float = 5.0

    @property
    def attempts(self) -> int:
        return len(self.pauses) + 1


class Delivery:
    def __init__(self, redis: Redis, offer: Offer, sender: Sender, rules: Rules) -> None:
        self._redis = redis
        self._offer = offer
        self._sender = sender
        self._rules = rules
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: Counter[str] = Counter()

    async def run(self, stopped: asyncio.Event) -> None:
        """Until stopped; an outage of Redis is said once."""
        away = False
        while not stopped.is_set():
            try:
                await self._look()
                away = False
            except RedisError as error:
                if not away:
                    log.error("webhooks wait for Redis, trying again", extra={"error": error})
                away = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), self._rules.look_seconds)
        await self._end()

    async def _look(self) -> None:
        free = self._rules.most - len(self._tasks)
        if free <= 0:
            return
        reply = await self._run(steps.take(free, round(self._rules.lease_seconds * 1000)))
        for taken in steps.taken(reply):
            task = asyncio.create_task(self._handle(taken))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _handle(self, taken: Taken) -> None:
        """What goes wrong here is wrong with this webhook alone; it is due again at the end of its lease."""
        try:
            await self._deliver(taken)
        except RedisError as error:
            log.warning("what became of a webhook is not noted", extra={"event": taken.id, "error": error})
        except Unreadable as unreadable:  # another attempt would not read it, another version may
            log.error("webhook given up: a dead letter", extra={"event": taken.id, "reason": unreadable})
            await self._drop(taken, str(unreadable))
        except Exception as error:
            log.exception("webhook failed in a way nobody foresaw", extra={"event": taken.id})
            if taken.tries >= self._rules.attempts:
                await self._drop(taken, f"{type(error).__name__}: see the conductor's log")

    async def _drop(self, taken: Taken, reason: str) -> None:
        with contextlib.suppress(RedisError):  # due again at the end of its lease
            await self._run(steps.give_up(taken, reason))

    async def _deliver(self, taken: Taken) -> None:
        try:
            target = self._offer.target(taken.url)
        except Refused as refused:
            await self._settle(taken, "", Outcome(str(refused), final=True))
            return
        if taken.tries > self._rules.attempts:
            await self._settle(taken, target.place, Outcome(WORN, final=True))
        elif self._busy[target.place] >= self._rules.most_of_one:
            await self._run(steps.not_now(taken, round(self._rules.busy_seconds * 1000)))
        else:
            self._busy[target.place] += 1
            try:
                outcome = await self._send(taken, target)
            finally:
                self._busy[target.place] -= 1
                self._busy += Counter()  # forgets those at 0
            await self._settle(taken, target.place, outcome)

    async def _send(self, taken: Taken, target: Target) -> Outcome:
        body, now = events.body(taken.id, events.state(taken.fields)), int(time.time())
        headers = {
            "content-type": "application/json",
            "user-agent": f"live-sentiment/{__version__}",
            "webhook-id": taken.id,
            "webhook-timestamp": str(now),
            "webhook-signature": self._offer.secrets.sign(taken.id, now, body),
        }
        return await self._sender.send(target, headers, body)

    async def _settle(self, taken: Taken, place: str, outcome: Outcome) -> None:
        facts = {"event": taken.id, "job": events.state(taken.fields).job.id, "to": place, "attempt": taken.tries}
        if not outcome.reason:
            await self._run(steps.delivered(taken))
            log.info("webhook delivered", extra=facts)
        elif outcome.final or taken.tries >= self._rules.attempts:
            if await self._run(steps.give_up(taken, outcome.reason)):
                log.error("webhook given up: a dead letter", extra=facts | {"reason": outcome.reason})
        else:
            seconds = pause(taken.tries, outcome.retry_after, self._rules)
            await self._run(steps.again(taken, round(seconds * 1000), outcome.reason))
            log.warning("webhook not delivered", extra=facts | {"reason": outcome.reason, "again_in": round(seconds)})

    async def _run(self, step: Step) -> Any:
        answer: Any = await self._redis.eval(*step.call)
        return answer

    async def _end(self) -> None:
        """What is cut off here is due again at the end of its lease."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._rules.stop_seconds)
        rest = list(self._tasks)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)


def pause(tries: int, retry_after: float | None, rules: Rules) -> float:
    """Seconds until the next attempt, after `tries`; a receiver may ask for longer, within bounds."""
    planned = rules.pauses[tries - 1] * random.uniform(1 - rules.jitter, 1 + rules.jitter)
    return max(planned, min(retry_after or 0.0, rules.longest_retry_after))
