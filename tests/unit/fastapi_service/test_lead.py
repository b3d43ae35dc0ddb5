import asyncio

from fastapi_service.lead import Lead


def test_words_make_room_and_results_close() -> None:
    async def work() -> None:
        lead = Lead(limit=100)
        lead.add(1, 60)
        assert await lead.room(0)
        lead.add(2, 60)
        assert (lead.samples, lead.open, await lead.room(0)) == (120, 2, False)
        await lead.words_out(1)
        assert (lead.samples, lead.open, await lead.room(0)) == (60, 2, True)
        assert [lead.waits_for(utterance) for utterance in (1, 2, 3)] == [False, True, False]
        await lead.finish(1)
        await lead.finish(2)
        assert (lead.samples, lead.open) == (0, 0)
        await lead.all_finished()

    asyncio.run(work())


def test_waiting_ends_with_the_words() -> None:
    async def work() -> bool:
        lead = Lead(limit=10)
        lead.add(1, 60)
        waiting = asyncio.create_task(lead.room(30))
        await asyncio.sleep(0)
        await lead.words_out(1)
        return await waiting

    assert asyncio.run(work())


def test_an_unknown_utterance_changes_nothing() -> None:
    async def work() -> int:
        lead = Lead(limit=10)
        lead.add(1, 5)
        await lead.words_out(7)
        await lead.finish(7)
        return lead.open

    assert asyncio.run(work()) == 1


def test_a_result_that_overtakes_the_storing_leaves_nothing_open() -> None:
    async def work() -> int:
        lead = Lead(100, newest=3)
        await lead.finish(2)  # of before: replayed
        await lead.words_out(4)
        await lead.finish(4)
        lead.add(4, 50)
        await lead.all_finished()
        lead.add(5, 60)
        return lead.open

    assert asyncio.run(work()) == 1
