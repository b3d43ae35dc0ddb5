"""What the exporter and Flower tell of the running pipeline after real speech."""

import base64
import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from contracts import keys
from contracts.names import (
    ANALYZE_TASK,
    ANALYZER_JOB_QUEUE,
    ANALYZER_QUEUE,
    JOB_QUEUE,
    STT_JOB_QUEUE,
    STT_PARTIAL_QUEUE,
    STT_QUEUE,
    TRANSCRIBE_TASK,
)
from listener_service.gauges import EXPECTED
from listener_service.traffic import PARTS
from tests.eventually import PATIENCE, eventually
from tests.ports import free_port
from tests.processes import Pipeline, Process, clean_environ
from tests.scraped import Exporter
from tests.speech import clips, of_kind, said, speak, words

COMMAND = "python -m docker.monitoring.flower_page"
QUEUES = {
    STT_QUEUE: "stt_worker",
    STT_PARTIAL_QUEUE: "stt_worker",
    STT_JOB_QUEUE: "stt_worker",
    ANALYZER_QUEUE: "analyzer_worker",
    ANALYZER_JOB_QUEUE: "analyzer_worker",
    JOB_QUEUE: "recordings_worker",
}
PASSWORD = "it has a space, and a comma"


class Page:
    """Flower's, as a browser sees it."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def get(self, path: str, password: str = PASSWORD, method: str = "GET") -> tuple[int, str]:
        """Status and body. OSError while nothing answers."""
        login = base64.b64encode(f"admin:{password}".encode()).decode()
        request = urllib.request.Request(self._url + path, headers={"Authorization": f"Basic {login}"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()

    def json(self, path: str) -> Any:
        status, text = self.get(path)
        assert status == 200, text
        return json.loads(text)


@contextlib.contextmanager
def flower(pipeline: Pipeline, directory: Path) -> Iterator[Page]:
    port = free_port()
    environ = clean_environ(REDIS_URL=pipeline.redis_url, FLOWER_PORT=str(port), FLOWER_PASSWORD=PASSWORD)
    with Process("flower", COMMAND, directory, environ) as process:
        page = Page(port)
        eventually(lambda: page.get("/healthcheck")[0] == 200)
        eventually(lambda: "flower_worker_online{" in page.get("/metrics")[1])  # from here on it hears all events
        yield page
        assert process.terminate() == 0
        assert PASSWORD not in process.output


def test_speech_is_in_the_numbers(pipeline: Pipeline, tmp_path: Path) -> None:
    with Exporter(pipeline.redis_url, tmp_path) as exporter:
        before = exporter.scrape()
        messages = speak(pipeline.url, clips()[0].path)
        results = of_kind(messages, "result")
        after = eventually(
            lambda: found
            if (found := exporter.scrape())["real_time_factor_count{source=live}"] >= len(results) > 0
            else None
        )
        rose = {name: after[name] - before.get(name, 0.0) for name in after}
        assert rose["results_total"] == rose["utterances_total{source=live}"] == len(results)
        assert rose["words_total{source=live}"] == len(said(messages))
        assert rose[f"sentiments_total{{label={clips()[0].label},source=live}}"] == len(results)
        assert rose["speech_seconds_total{source=live}"] == pytest.approx(sum(r["end"] - r["start"] for r in results))
        for part in PARTS:
            told = sum(result["timings"][f"{part}_ms"] for result in results) / 1000
            assert rose[f"stage_seconds_count{{source=live,stage={part}}}"] == len(results)
            assert rose[f"stage_seconds_sum{{source=live,stage={part}}}"] == pytest.approx(told)
        total = sum(result["timings"]["total_ms"] for result in results) / 1000
        assert rose["end_to_end_seconds_sum{source=live}"] == pytest.approx(total)
        assert rose["real_time_factor_count{source=live}"] == len(results)
        assert after["redis_up"] == 1 and after["redis_memory_max_bytes"] > after["redis_memory_used_bytes"] > 0
        assert after["missed_results_total"] == after["utterances_total{source=recording}"] == 0
        for service in EXPECTED:
            assert after[f"processes{{service={service},state=ready}}"] >= 1
        assert after["process_resident_memory_bytes"] > 0


def test_a_recording_is_in_the_numbers_apart_from_live_speech(pipeline: Pipeline, tmp_path: Path) -> None:
    clip = clips()[1]
    with (
        Exporter(pipeline.redis_url, tmp_path) as exporter,
        httpx.Client(base_url=pipeline.url, headers={"Authorization": "Bearer monitoring"}, timeout=PATIENCE) as api,
    ):
        before = exporter.scrape()
        job = api.post("/v1/jobs", files={"file": (clip.file, clip.path.read_bytes())}).json()
        eventually(lambda: api.get(job["links"]["self"]).json()["status"] == "completed")
        result = api.get(job["links"]["result"]).json()
        said_by_all = [word for segment in result["segments"] for word in words(segment["text"])]
        after = eventually(
            lambda: found
            if (found := exporter.scrape())["real_time_factor_count{source=recording}"] >= len(result["segments"]) > 0
            else None
        )
        assert said_by_all == words(clip.text)
        assert after["words_total{source=recording}"] == len(said_by_all)
        assert after[f"sentiments_total{{label={clip.label},source=recording}}"] == len(result["segments"])
        for stage in ("stt_queue", "stt", "analyzer_queue", "analyzer"):
            assert after[f"stage_seconds_count{{source=recording,stage={stage}}}"] == len(result["segments"])
        assert after["real_time_factor_count{source=recording}"] == len(result["segments"])
        assert after["utterances_total{source=live}"] == 0
        assert after["jobs{status=completed}"] == before["jobs{status=completed}"] + 1


def test_flower_sees_workers_queues_and_tasks_and_nothing_of_what_was_said(pipeline: Pipeline, tmp_path: Path) -> None:
    with flower(pipeline, tmp_path) as page:

        def known() -> dict[str, str] | None:
            """Each queue's worker, once all have answered: a busy one does not."""
            workers = page.json("/api/workers?refresh=1").items()
            found = {queue["name"]: name for name, told in workers for queue in told.get("active_queues", ())}
            return found if found.keys() >= QUEUES.keys() else None

        names = eventually(known)
        assert {queue: name.split("@")[0] for queue, name in names.items()} == QUEUES
        with redis.Redis.from_url(pipeline.redis_url, decode_responses=True) as client:
            assert set(names.values()) <= client.smembers(keys.WORKERS)  # the name of the sign of life, too
        messages = speak(pipeline.url, clips()[0].path)
        session = messages[0]["session"]

        def done() -> dict[str, Any] | None:
            tasks = {uuid: task for uuid, task in page.json("/api/tasks").items() if session in uuid}
            ends = {task["name"] for task in tasks.values() if task["state"] == "SUCCESS"}
            return tasks if ends >= {TRANSCRIBE_TASK, ANALYZE_TASK} else None

        told = json.dumps(eventually(done)) + page.get("/tasks")[1] + page.get("/workers")[1]
        assert said(messages) and not [word for word in said(messages) if len(word) > 4 and word in told.lower()]
        lengths = page.json("/api/queues/length")["active_queues"]
        assert {queue["name"] for queue in lengths} >= QUEUES.keys()
        assert "redis://" in page.get("/broker")[1]


def test_flower_lets_in_who_knows_its_password_to_look_and_not_to_act(pipeline: Pipeline, tmp_path: Path) -> None:
    with flower(pipeline, tmp_path) as page:
        for path in ("/", "/tasks", "/api/tasks", "/api/workers"):
            assert page.get(path, "guessed")[0] == 401, path
        (name, *_) = eventually(lambda: page.json("/api/workers?refresh=1"))
        assert page.get(f"/api/worker/shutdown/{name}", method="POST")[0] == 403


@pytest.mark.parametrize("password", ["", "pässwort"])
def test_flower_does_not_start_without_a_password_that_can_be_typed(password: str, tmp_path: Path) -> None:
    with Process("flower", COMMAND, tmp_path, clean_environ(FLOWER_PASSWORD=password)) as process:
        assert process.wait() == 1
    assert "flower: set FLOWER_PASSWORD" in process.output
