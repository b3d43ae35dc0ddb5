import asyncio
import threading

import numpy as np

from recorder_service.capture import Capture, Samples


def block(value: int) -> Samples:
    return np.full(4, value, np.float32)


async def everything(capture: Capture) -> list[float]:
    heard: list[float] = []
    while (samples := await capture.next()) is not None:
        heard += samples.tolist()
    return heard


def test_of_too_many_the_oldest_become_silence_and_the_others_keep_their_place() -> None:
    async def run() -> list[float]:
        capture = Capture(asyncio.get_running_loop(), most=2)
        for value in (1, 2, 3, 4, 5):
            capture.add(block(value))
        capture.end()
        return await everything(capture)

    assert asyncio.run(run()) == [0.0] * 12 + [4.0] * 4 + [5.0] * 4


def test_a_loop_that_is_held_up_is_woken_once() -> None:
    async def run() -> int:
        loop = asyncio.get_running_loop()
        woken = 0

        class Loop:
            def call_soon_threadsafe(self, call: object, *_: object) -> None:
                nonlocal woken
                woken += 1
                loop.call_soon_threadsafe(call)  # type: ignore[arg-type]  # the event's `set`

        capture = Capture(Loop(), most=3)  # type: ignore[arg-type]  # all of a loop that it needs
        for value in range(1000):
            capture.add(block(value))
        assert (await capture.next()) is not None
        return woken

    assert asyncio.run(run()) == 1


def test_every_block_of_another_thread_arrives_in_order() -> None:
    async def run() -> list[float]:
        capture = Capture(asyncio.get_running_loop(), most=10_000)

        def speak() -> None:
            for value in range(500):
                capture.add(block(value))
            capture.end()

        speaking = threading.Thread(target=speak)
        speaking.start()
        heard = await everything(capture)
        speaking.join()
        return heard

    assert asyncio.run(run()) == [float(value) for value in range(500) for _ in range(4)]
