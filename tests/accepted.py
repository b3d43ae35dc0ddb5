"""Utterances in the ledger as a gateway leaves them that dies before it sends them."""

import redis

from contracts import keys, ledger
from contracts.messages import TranscribeTask
from contracts.names import STT_QUEUE
from listener_service.underway import task_id

SESSION = "a-b_c"


def accept(client: "redis.Redis", *utterances: int) -> None:
    """As a gateway does that dies before it sends them; their time is up at once."""
    client.eval(*ledger.open_session(SESSION, "secret", "gateway", 1.0).call)
    for number in utterances:
        audio = keys.audio(SESSION, number)
        task = TranscribeTask(SESSION, number, audio_key=audio, start=1.0, end=2.0, trace="t1", spoken_at=5.0)
        client.eval(*ledger.accept(task, b"pcm", "gateway", number).call)
    lapse(client)


def lapse(client: "redis.Redis") -> None:
    """As if all deadlines had passed."""
    for member in client.zrange(keys.PENDING, 0, -1):
        client.zadd(keys.PENDING, {member: 1})


def begin(client: "redis.Redis", stage: str = "stt", holder: str = "worker-1") -> str:
    return str(client.eval(*ledger.begin(SESSION, 1, stage, holder).call)[0].decode())


def waiting(client: "redis.Redis", queue: str = STT_QUEUE) -> list[str]:
    return [task_id(message) for message in client.lrange(queue, 0, -1)]
