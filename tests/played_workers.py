"""Both workers played by a test: takes the real tasks off the real queues and commits real events,
with words that the test chooses, so that the gateway can be tested without models."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import redis
from kombu import Connection, Consumer, Queue
from kombu.exceptions import OperationalError

from contracts import audio, codec, commit, keys
from contracts.broker import TRANSPORT_OPTIONS
from contracts.heartbeat import Pulse
from contracts.messages import Error, Hypothesis, Result, Sentiment, Timings, TranscribeTask, Transcript
from contracts.names import STT_PARTIAL_QUEUE, STT_QUEUE

FAILED = "transcription_failed"
Words = Callable[[TranscribeTask, bytes], str | None]
"""What is heard; None for an utterance that cannot be transcribed, or a partial that is skipped."""


def length(task: TranscribeTask, pcm: bytes) -> str:
    """The default words: which utterance, and how long it is."""
    return f"utterance {task.utterance} of {len(pcm) // 2} samples"


class PlayedWorkers:
    """`held` keeps final tasks waiting while it is set; `tasks` is everything that came, in order."""

    def __init__(self, redis_url: str, words: Words = length, demo_models: bool = False) -> None:
        self.tasks: list[TranscribeTask] = []
        self.audio: dict[tuple[str, int], bytes] = {}
        self.held = threading.Event()
        self._url = redis_url
        self._words = words
        self._demo_models = demo_models
        self._redis = redis.Redis.from_url(redis_url)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="played-workers")
        self._pulses = [Pulse(self._redis, "stt_worker"), Pulse(self._redis, "analyzer_worker")]

    def __enter__(self) -> Self:
        for pulse, model in zip(self._pulses, ("played-speech", "played-sentiment"), strict=True):
            pulse.say(state="ready", model=model, engine="played", demo_models=self._demo_models)
            pulse.start()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()
        for pulse in self._pulses:
            pulse.stop()
        self._redis.close()

    @property
    def finals(self) -> list[TranscribeTask]:
        return [task for task in self.tasks if task.kind == "final"]

    def _work(self) -> None:
        queues = [Queue(name, routing_key=name) for name in (STT_QUEUE, STT_PARTIAL_QUEUE)]
        while not self._ended.is_set():
            try:
                with Connection(self._url, transport_options=TRANSPORT_OPTIONS) as connection:
                    with Consumer(connection, queues, callbacks=[self._receive], accept=["json"]):
                        while not self._ended.is_set():
                            self._drain(connection)
            except (OSError, redis.RedisError, OperationalError, *Connection(self._url).connection_errors):
                self._ended.wait(0.1)

    def _drain(self, connection: Connection) -> None:
        try:
            connection.drain_events(timeout=0.1)
        except TimeoutError:
            return

    def _receive(self, body: Any, message: Any) -> None:
        _, kwargs, _ = body
        task = codec.decode(kwargs["message"], TranscribeTask)
        self.tasks.append(task)
        while self.held.is_set() and task.kind == "final" and not self._ended.wait(0.02):
            pass
        self._answer(task)
        message.ack()

    def _answer(self, task: TranscribeTask) -> None:
        if task.kind == "probe":
            self._redis.publish(keys.events(task.session), codec.dumps(_result(task, "ready")))
            return
        pcm: Any = self._redis.get(task.audio_key or "")
        assert pcm is not None and audio.digest(pcm) == task.audio_sha256
        text = self._words(task, pcm)
        if task.kind == "partial":
            hypothesis = Hypothesis(task.session, task.utterance, task.end, text)
            self._redis.publish(keys.events(task.session), codec.dumps(hypothesis))
            return
        self.audio[task.session, task.utterance] = pcm
        if text is None:
            error = Error(
                task.session, FAILED, "the speech model failed: Played", stage="stt", utterance=task.utterance
            )
            commit.commit(self._redis, error)
            return
        transcript = Transcript(
            task.session,
            task.utterance,
            task.start,
            task.end,
            text,
            "en",
            0.9,
            0.9,
            "played",
            "played-speech",
            at=time.time(),
            timings=Timings(stt_queue_ms=1000 * (time.time() - task.sent_at)),
        )
        commit.commit(self._redis, transcript)
        commit.commit(self._redis, _result(task, text))


def _result(task: TranscribeTask, text: str) -> Result:
    sentiment = Sentiment("NEUTRAL", 0.0, {}, "played-sentiment")
    return Result(
        task.session, task.utterance, task.start, task.end, text, "en", 0.9, sentiment, "played", "played-speech"
    )
