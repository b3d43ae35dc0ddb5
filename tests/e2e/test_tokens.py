"""The routes in the shape that dubbing clients use."""

import json
from pathlib import Path

import httpx

from tests.e2e.test_recordings import CLIPS, api, recording
from tests.speech import words

__all__ = ["api"]


def test_upload_progress_result(api: httpx.Client, tmp_path: Path) -> None:
    file = recording(tmp_path / "take.flac", CLIPS[:1], seed=30)
    with file.open("rb") as opened:
        queued = api.post("/tokens/line-17/upload-audio", files={"audio_file": ("take.flac", opened)})
    assert queued.status_code == 202
    told = queued.json()
    assert (told["status"], told["task_id"]) == ("queued", told["job_id"])
    with api.stream("GET", f"/tokens/analysis-progress/{told['job_id']}") as answer:
        events = [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: ")]
    assert {event["status"] for event in events} >= {"queued", "completed"}
    result = api.get(f"/tokens/analysis-result/{told['job_id']}").json()
    assert (result["status"], result["token_id"], result["progress"]) == ("completed", "line-17", 100)
    assert events[-1]["result"] == result["result"]
    assert words(result["result"]["text"]) == words(CLIPS[0].text)
    assert result["result"]["sentiment"]["label"] == CLIPS[0].label
    assert api.get("/tokens/analysis-result/job-nobody").status_code == 404
