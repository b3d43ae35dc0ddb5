"""Recordings from upload to result, with the shipped models and every process of the Procfile."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

from tests.eventually import PATIENCE, eventually
from tests.processes import Pipeline
from tests.speech import Clip, clips, words

RATE = 16_000
CLIPS = clips()[:4]
ENDS = ("completed", "failed", "cancelled")


@pytest.fixture
def api(pipeline: Pipeline) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=pipeline.url, headers={"Authorization": "Bearer mine"}, timeout=PATIENCE) as client:
        yield client


def read(clip: Clip) -> np.ndarray:
    samples, rate = soundfile.read(clip.path, dtype="float32")
    assert rate == RATE
    return samples


def recording(path: Path, chosen: list[Clip], seed: int = 0) -> Path:
    """Sentences with a second of silence around each, and noise nobody hears that makes each seed's file its own."""
    pause = np.zeros(RATE, np.float32)
    pieces = [piece for clip in chosen for piece in (pause, read(clip))]
    samples = np.concatenate([*pieces, pause])
    samples = samples + np.random.default_rng(seed).normal(0, 1e-4, len(samples)).astype(np.float32)
    soundfile.write(path, samples, RATE)
    return path


def send(api: httpx.Client, path: Path, **options: str) -> dict[str, Any]:
    with path.open("rb") as file:
        answer = api.post("/v1/jobs", files={"file": (path.name, file)}, data=options)
    assert answer.status_code in (200, 202), answer.text
    return answer.json()


def ended(api: httpx.Client, job: dict[str, Any]) -> dict[str, Any]:
    def over() -> dict[str, Any] | None:
        state: dict[str, Any] = api.get(job["links"]["self"]).json()
        return state if state["status"] in ENDS else None

    return eventually(over) or {}


def events(api: httpx.Client, job: dict[str, Any], last: str | None = None) -> list[tuple[str, str, dict[str, Any]]]:
    """(id, event, data) until the server closes."""
    headers = {"Last-Event-ID": last} if last else {}
    found, fields = [], {}
    with api.stream("GET", job["links"]["events"], headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                found.append((fields["id"], fields["event"], json.loads(fields["data"])))
                fields = {}
    return found


def test_from_upload_to_result(api: httpx.Client, tmp_path: Path) -> None:
    job = send(api, recording(tmp_path / "four sentences.flac", CLIPS), reference="order 7")
    assert (job["status"], job["name"], job["existing"]) == ("queued", "four sentences.flac", False)
    seen = events(api, job)
    ids = [int(number) for number, _, _ in seen]
    assert ids == sorted(set(ids))
    assert seen[-1][1] == "completed"
    percents = [data["progress"] for _, event, data in seen if event == "progress"]
    assert percents == sorted(percents)
    segments = sorted((data for _, event, data in seen if event == "segment"), key=lambda data: data["start"])
    assert [words(segment["text"]) for segment in segments] == [words(clip.text) for clip in CLIPS]
    assert events(api, job, last=seen[3][0]) == seen[4:]

    state = ended(api, job)
    assert (state["status"], state["progress"], state["reference"]) == ("completed", 100, "order 7")
    assert abs(state["seconds"] - sum(len(read(clip)) / RATE + 1 for clip in CLIPS) - 1) < 0.01
    result = api.get(job["links"]["result"]).json()
    assert [words(segment["text"]) for segment in result["segments"]] == [words(clip.text) for clip in CLIPS]
    assert [segment["sentiment"]["label"] for segment in result["segments"]] == [clip.label for clip in CLIPS]
    start = 1.0
    for segment, clip in zip(result["segments"], CLIPS, strict=True):
        assert abs(segment["start"] - start) < 0.6
        start += 1.0 + len(read(clip)) / RATE
    for form in ("txt", "srt", "vtt", "csv"):
        answer = api.get(job["links"]["result"], params={"format": form})
        assert answer.status_code == 200
        assert f"four sentences.{form}" in answer.headers["content-disposition"]
        assert segments[0]["text"].split()[0] in answer.text


def test_the_same_again_is_the_same_job_and_another_callers_is_not(api: httpx.Client, tmp_path: Path) -> None:
    path = recording(tmp_path / "a.flac", CLIPS[:1], seed=1)
    first, second = send(api, path), send(api, path)
    assert (second["id"], second["existing"]) == (first["id"], True)
    ended(api, first)
    assert send(api, path)["id"] == first["id"]
    assert send(api, path, words="true")["id"] != first["id"]
    other = httpx.Client(base_url=api.base_url, headers={"Authorization": "Bearer other"}, timeout=PATIENCE)
    with other:
        assert send(other, path)["id"] != first["id"]
        assert other.get(first["links"]["self"]).status_code == 404
        assert first["id"] not in [job["id"] for job in other.get("/v1/jobs").json()["jobs"]]
    assert first["id"] in [job["id"] for job in api.get("/v1/jobs").json()["jobs"]]


def test_silence_gives_a_result_that_says_so(api: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(3 * RATE, np.float32), RATE)
    job = send(api, path)
    assert ended(api, job)["status"] == "completed"
    result = api.get(job["links"]["result"]).json()
    assert (result["no_speech"], result["text"], result["segments"]) == (True, "", [])
    assert "no speech" in result["message"]


def test_what_is_no_recording_fails_in_words(api: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("not a recording\n" * 1000)
    job = send(api, path)
    state = ended(api, job)
    assert (state["status"], state["error"]["code"]) == ("failed", "not_audio")
    refused = api.get(job["links"]["result"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_audio")
    assert events(api, job)[-1][1] == "failed"


def test_cancelled_and_erased(api: httpx.Client, tmp_path: Path, pipeline: Pipeline) -> None:
    job = send(api, recording(tmp_path / "long.flac", CLIPS * 10, seed=2))
    assert api.delete(job["links"]["self"]).json()["status"] == "cancelled"
    assert api.delete(job["links"]["self"]).json()["status"] == "cancelled"
    assert [event for _, event, _ in events(api, job)] == ["cancelled"], "its words are erased"
    eventually(lambda: not (pipeline.directory / "recordings" / job["id"]).exists())
    assert ended(api, job)["status"] == "cancelled"


def test_a_finished_one_is_erased_whole(api: httpx.Client, tmp_path: Path, pipeline: Pipeline) -> None:
    job = send(api, recording(tmp_path / "b.flac", CLIPS[1:2], seed=3))
    assert ended(api, job)["status"] == "completed"
    folder = pipeline.directory / "recordings" / job["id"]
    eventually(lambda: [path.name for path in folder.iterdir()] == ["result.json"])
    assert api.delete(job["links"]["self"]).status_code == 204
    assert api.get(job["links"]["self"]).status_code == 404
    assert not folder.exists()
