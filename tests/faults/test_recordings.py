"""Every process dies once while a recording is worked on; its result has every word, once."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import redis

from contracts import keys
from listener_service import line
from tests.e2e.test_recordings import CLIPS, ENDS, events, recording, send
from tests.eventually import PATIENCE, eventually
from tests.faults import collect
from tests.processes import Pipeline
from tests.speech import words

CHOSEN = CLIPS * 10
SPOKEN = [words(clip.text) for clip in CHOSEN]


def test_each_process_killed_during_a_job_costs_no_word(tmp_path: Path) -> None:
    with (
        Pipeline(tmp_path) as pipeline,
        httpx.Client(base_url=pipeline.url, timeout=PATIENCE) as api,
        redis.from_url(pipeline.redis_url) as store,
    ):
        pipeline["recordings_worker"].signal(signal.SIGSTOP)
        job = send(api, recording(tmp_path / "long.flac", CHOSEN))

        def state() -> dict[str, Any]:
            return asked(api, job["links"]["self"])

        eventually(lambda: store.zcard(keys.PENDING))
        again(pipeline, "recordings_worker")
        eventually(lambda: state()["stage"] == "transcribe" and state()["progress"] > 12)
        for name in ("conductor", "stt_worker", "analyzer_worker", "redis", "fastapi_service", "sweeper"):
            before = state()["progress"]
            again(pipeline, name)
            eventually(past(state, before))
        eventually(lambda: state()["status"] in ENDS)
        assert (state()["status"], state()["progress"]) == ("completed", 100)
        result = api.get(job["links"]["result"]).json()
        assert [words(segment["text"]) for segment in result["segments"]] == SPOKEN
        told = [data["utterance"] for _, event, data in events(api, job) if event == "segment"]
        assert sorted(told) == list(range(1, len(CHOSEN) + 1))
        eventually(lambda: sorted(logged(pipeline, job["id"])) == list(range(1, len(CHOSEN) + 1)))
        eventually(lambda: not collect.left_over(store))


def asked(api: httpx.Client, address: str) -> dict[str, Any]:
    """Also while the gateway or Redis is away."""

    def answered() -> dict[str, Any] | None:
        try:
            answer = api.get(address)
        except httpx.TransportError:
            return None
        found: dict[str, Any] = answer.json()
        return found if answer.status_code == 200 else None

    return eventually(answered) or {}


def again(pipeline: Pipeline, name: str) -> None:
    pipeline.kill(name)
    pipeline.restart(name)


def past(state: Callable[[], dict[str, Any]], progress: int) -> Callable[[], bool]:
    return lambda: state()["progress"] > progress or state()["status"] in ENDS


def logged(pipeline: Pipeline, job: str) -> list[int]:
    lines = [line.parse(text) for text in pipeline.result_log.read_text().splitlines()]
    results = [entry for entry in lines if entry.kind != line.STATISTICS and entry.fields.get("session") == job]
    return [int(entry.fields["utterance"]) for entry in results]
