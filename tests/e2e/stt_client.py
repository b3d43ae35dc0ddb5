"""What the tests of the speech worker send and read: audio, tasks, events."""

import json
import time
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from celery import Celery
from redis import Redis

from contracts import broker, codec, keys
from contracts.audio import Samples, digest, to_s16le
from contracts.messages import TranscribeTask
from contracts.names import ANALYZER_QUEUE, STT_PARTIAL_QUEUE, STT_QUEUE, TRANSCRIBE_TASK
from tests.eventually import eventually

SPEECH = Path(__file__).resolve().parent.parent / "data" / "speech"
NOISE: Samples = (np.random.default_rng(1).standard_normal(24000) * 0.02).astype(np.float32)


def spoken() -> tuple[str, Samples]:
    """A fixture's text and sound."""
    entry = json.loads((SPEECH / "index.json").read_text())[0]
    samples, rate = soundfile.read(SPEECH / entry["file"], dtype="float32")
    assert rate == 16000
    return entry["text"], samples


class Client:
    """Stores audio, sends tasks, and reads what became of them."""

    def __init__(self, url: str) -> None:
        self.redis = Redis.from_url(url, decode_responses=True)
        self.broker = Celery("test")
        self.broker.conf.update(broker.celery_settings(url))

    def store(self, session: str, samples: Samples, utterance: int = 1, **changes: Any) -> TranscribeTask:
        pcm = to_s16le(samples)
        kind = changes.get("kind", "final")
        key = (keys.partial_audio if kind == "partial" else keys.audio)(session, utterance)
        self.redis.set(key, pcm, ex=60)
        values = {"audio_key": key, "audio_bytes": len(pcm), "audio_sha256": digest(pcm), "end": len(samples) / 16000}
        times = {"spoken_at": time.time(), "accepted_at": time.time(), "sent_at": time.time()}
        return TranscribeTask(session, utterance, **(values | times | changes))

    def send(self, message: Any, name: str = TRANSCRIBE_TASK) -> None:
        body = codec.encode(message) if isinstance(message, TranscribeTask) else message
        partial = isinstance(message, TranscribeTask) and message.kind == "partial"
        self.broker.send_task(name, kwargs={"message": body}, queue=STT_PARTIAL_QUEUE if partial else STT_QUEUE)

    def events(self, session: str, count: int) -> list[dict[str, Any]]:
        """The session's durable events, once there are `count`."""

        def stored() -> list[dict[str, Any]]:
            entries = self.redis.xrange(keys.events(session))
            assert len(entries) >= count, entries
            return [json.loads(fields["body"]) for _, fields in entries]

        return eventually(stored)

    def handed_on(self) -> list[dict[str, Any]]:
        """Arguments of the tasks that wait for the analyzer, oldest first."""
        bodies = [json.loads(task)["body"] for task in self.redis.lrange(ANALYZER_QUEUE, 0, -1)]
        return [json.loads(b64decode(body))[1]["message"] for body in reversed(bodies)]


def plain(text: str) -> str:
    """Lower case without punctuation."""
    return " ".join("".join(c if c.isalnum() or c == "'" else " " for c in text.casefold()).split())
