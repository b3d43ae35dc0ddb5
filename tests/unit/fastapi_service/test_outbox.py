import asyncio
from collections.abc import Coroutine
from typing import Any

from contracts.messages import Error, Transcript
from contracts.socket_messages import Accepted, Partial
from fastapi_service.outbox import LIMIT, Close, Outbox


def partial(utterance: int, tail: str = "") -> Partial:
    return Partial("s", utterance, 0.0, 1.0, "", tail)


def transcript(utterance: int) -> Transcript:
    return Transcript("s", utterance, 0.0, 1.0, "", None, None, None, "e", "m")


def run(work: Coroutine[Any, Any, list[Any]]) -> list[Any]:
    return asyncio.run(work)


async def drained(outbox: Outbox) -> list[Any]:
    outbox.close(1000)
    messages = []
    while not isinstance(message := await outbox.next(), Close):
        messages.append(message)
    return messages


def test_everything_in_order_then_the_close() -> None:
    async def work() -> list[Any]:
        outbox = Outbox()
        for samples in range(3):
            await outbox.put(Accepted("s", samples))
        return await drained(outbox)

    assert run(work()) == [Accepted("s", 0), Accepted("s", 1), Accepted("s", 2)]


def test_of_partials_only_the_newest_is_sent_after_what_is_queued() -> None:
    async def work() -> list[Any]:
        outbox = Outbox()
        outbox.put_partial(partial(1, "old"))
        outbox.put_partial(partial(1, "new"))
        await outbox.put(Accepted("s", 1))
        return [await outbox.next(), await outbox.next()]

    assert run(work()) == [Accepted("s", 1), partial(1, "new")]


def test_an_error_of_an_utterance_makes_its_partial_needless_and_no_other_error_does() -> None:
    async def work(error: Error) -> list[Any]:
        outbox = Outbox()
        outbox.put_partial(partial(1))
        await outbox.put(error)
        await outbox.put(Accepted("s", 1))
        return [await outbox.next(), await outbox.next(), outbox._partial]

    ended, other = Error("s", "played", "badly", utterance=1), Error("s", "not_ready", "wait")
    assert run(work(ended)) == [ended, Accepted("s", 1), None]
    assert run(work(other)) == [other, Accepted("s", 1), partial(1)]


def test_a_transcript_makes_its_partial_needless_but_not_the_next_ones() -> None:
    async def work(number: int) -> list[Any]:
        outbox = Outbox()
        outbox.put_partial(partial(number))
        await outbox.put(transcript(1))
        first = await outbox.next()
        await outbox.put(Accepted("s", 1))
        return [first, await outbox.next(), outbox._partial]

    assert run(work(1)) == [transcript(1), Accepted("s", 1), None]
    assert run(work(2)) == [transcript(1), Accepted("s", 1), partial(2)]


def test_writers_wait_for_a_client_that_does_not_read() -> None:
    async def work() -> list[Any]:
        outbox = Outbox()
        for samples in range(LIMIT):
            await outbox.put(Accepted("s", samples))
        waiting = asyncio.create_task(outbox.put(Accepted("s", LIMIT)))
        await asyncio.sleep(0)
        before = waiting.done()
        await outbox.next()
        await waiting
        return [before, len(await drained(outbox))]

    assert run(work()) == [False, LIMIT]
