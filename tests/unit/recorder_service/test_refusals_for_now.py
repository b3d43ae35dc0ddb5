import asyncio
import dataclasses

from contracts.messages import Error
from contracts.socket_messages import Done
from recorder_service.conversation import Conversation
from recorder_service.gateways import Gateways
from recorder_service.options import Options
from tests.unit.recorder_service.played_server import QUICK, Blocks, Peer, Talk, converse, playing, ready

FULL = Error(None, "full", "all places are taken", retryable=True, retry_after=0.05)


async def full(peer: Peer) -> None:
    await peer.close(1013, FULL)


async def whole(peer: Peer) -> None:
    await peer.say(ready(resumed=peer.start["session"] is not None))
    assert await peer.text() == {"type": "stop"}
    await peer.say(Done("s", 0, 0))


def test_a_full_server_is_asked_again_when_it_said() -> None:
    talk = converse(Talk(), full, full, whole)
    assert len(talk.peers) == 3
    assert talk.notes[0].startswith("The server takes nothing now and asks to wait 0.05 s; trying again in 0.1 s.")
    assert talk.notes[0].endswith("all places are taken")
    assert talk.failures == 0


def test_a_wait_that_is_too_long_is_not_waited_out() -> None:
    async def full_for_years(peer: Peer) -> None:
        await peer.close(1013, dataclasses.replace(FULL, retry_after=1e9))

    waits = dataclasses.replace(QUICK, told=0.01)
    assert len(converse(Talk(), full_for_years, whole, waits=waits).peers) == 2


def test_after_a_break_the_next_address_goes_on_with_the_session() -> None:
    async def leaves(peer: Peer) -> None:
        await peer.cut(ready())

    async def both() -> tuple[Talk, Talk]:
        one, two = Talk(), Talk()
        async with playing(one, leaves) as first, playing(two, whole) as second:
            await Conversation(Blocks(), Options((first, second), waits=QUICK), one).run()
        return one, two

    one, two = asyncio.run(both())
    assert (len(one.peers), len(two.peers)) == (1, 1)
    assert two.peers[0].start["session"] == "s"


def test_an_address_that_nobody_answers_is_passed_over() -> None:
    async def run() -> Talk:
        talk = Talk()
        async with playing(Talk(), whole) as gone:
            pass
        async with playing(talk, whole) as url:
            await Conversation(Blocks(), Options((gone, url), waits=QUICK), talk).run()
        return talk

    assert asyncio.run(run()).kinds == ["ready", "done"]


def test_of_several_only_when_all_are_full_the_wait_is_waited() -> None:
    gateways = Gateways(Options(("ws://a/ws", "ws://b/ws")))
    assert not gateways.all_refuse(True), "b may have room"
    assert not gateways.all_refuse(True), "still only a said so"
    gateways.turn()
    assert gateways.url == "ws://b/ws"
    assert gateways.all_refuse(True)
    assert not gateways.all_refuse(False)
    gateways.turn()
    assert gateways.url == "ws://a/ws"
    assert not gateways.all_refuse(True)
