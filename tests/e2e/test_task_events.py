"""Celery tells its events to whoever listens; what was said is not in them."""

import base64
import contextlib
import json
from collections.abc import Iterator
from typing import Any

import redis
from redis.client import PubSub

from tests.eventually import eventually
from tests.processes import Pipeline
from tests.speech import clips, said, speak


@contextlib.contextmanager
def listening(pipeline: Pipeline) -> Iterator[PubSub]:
    with redis.Redis.from_url(pipeline.redis_url) as client, client.pubsub() as subscription:
        subscription.psubscribe("*celeryev*")
        yield subscription


def told(subscription: PubSub) -> list[dict[str, Any]]:
    """The events that have come by now."""
    events: list[dict[str, Any]] = []
    while message := subscription.get_message(timeout=0.2):
        if message["type"] == "pmessage":
            event = json.loads(base64.b64decode(json.loads(message["data"])["body"]))
            events += event if isinstance(event, list) else [event]
    return events


def test_what_was_said_is_in_no_event_of_a_task(pipeline: Pipeline) -> None:
    events: list[dict[str, Any]] = []

    def succeeded(session: str) -> bool:
        events.extend(told(subscription))
        done = {event["uuid"] for event in events if event["type"] == "task-succeeded"}
        return any(name.startswith(f"an-{session}:") for name in done)

    with listening(pipeline) as subscription:
        messages = speak(pipeline.url, clips()[0].path)
        assert eventually(lambda: succeeded(messages[0]["session"]))
    assert {"task-sent", "task-received"} <= {event["type"] for event in events}
    text = json.dumps(events)
    assert messages[0]["session"] in text
    assert said(messages) and not [word for word in said(messages) if len(word) > 4 and word in text.lower()]
