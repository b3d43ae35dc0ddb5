"""Recordings that cannot be read, or in part, or are unusual: what becomes of them with the shipped models and all
processes of the Procfile, and that nothing of them is left once they are erased.
"""

import io
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
import redis
import soundfile
import soxr

from tests.e2e.test_recordings import CLIPS, RATE, ended, events, read
from tests.eventually import PATIENCE, eventually
from tests.processes import Pipeline
from tests.speech import words
from tests.traces import Traces
from tests.unit.fastapi_service.recordings.files import encode, made, video
from tests.unit.fastapi_service.recordings.test_decode_bad import NOT_AUDIO, protected, wav

HOURS = 0.01
CLIP = CLIPS[0]


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """It takes 36 seconds at most."""
    with Pipeline(tmp_path_factory.mktemp("strict"), {"MAX_RECORDING_HOURS": str(HOURS)}) as running:
        yield running


@pytest.fixture
def traces(strict: Pipeline) -> Iterator[Traces]:
    with redis.Redis.from_url(strict.redis_url) as store:
        yield Traces(store, strict.directory / "recordings")


@pytest.fixture
def api(strict: Pipeline, traces: Traces) -> Iterator[httpx.Client]:
    """What was sent with it is erased in the end, and gone."""
    with httpx.Client(base_url=strict.url, headers={"Authorization": "Bearer mine"}, timeout=PATIENCE) as client:
        yield client
        for job in client.get("/v1/jobs", params={"limit": 100}).json()["jobs"]:
            ended(client, job)
            assert client.delete(job["links"]["self"]).status_code == 204
        eventually(lambda: traces.all() == [])


def send(api: httpx.Client, data: bytes, name: str = "talk.wav", **options: str) -> dict[str, Any]:
    answer = api.post("/v1/jobs", files={"file": (name, data)}, data=options)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    return job


def silence(seconds: float, form: str = "FLAC") -> bytes:
    target = io.BytesIO()
    soundfile.write(target, np.zeros(round(seconds * RATE), np.int16), RATE, format=form)
    return target.getvalue()


def spoken(rate: int = RATE) -> np.ndarray:
    pause = np.zeros(RATE // 2, np.float32)
    return np.asarray(soxr.resample(np.concatenate([pause, read(CLIP), pause]), RATE, rate), np.float32)


def surround() -> bytes:
    """5.1 channels at 48 kHz, of which the centre alone speaks."""
    channels = np.zeros((6, len(spoken(48_000))), np.float32)
    channels[2] = spoken(48_000)
    return encode("wav", "pcm_s16le", channels, 48_000, "5.1")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(NOT_AUDIO["text"], "not_audio", id="text"),
        pytest.param(NOT_AUDIO["hls playlist"], "not_audio", id="a list of other files"),
        pytest.param(b"\0", "not_audio", id="one byte"),
        pytest.param(video(sound=False), "no_audio", id="a silent video"),
        pytest.param(wav(bytes(64_000), 0x2001), "unsupported_codec", id="an unknown codec"),
        pytest.param(wav(bytes(64_000), channels=64), "unsupported_sound", id="64 channels"),
        pytest.param(wav(b""), "no_samples", id="a header alone"),
        pytest.param(made("m4a")[:-400], "incomplete", id="an MP4 without its index"),
        pytest.param(protected(), "corrupt", id="protected"),
        pytest.param(silence(HOURS * 3600 + 1), "too_long", id="too long by its header"),
        pytest.param(
            encode("adts", "aac", np.zeros(round(HOURS * 3600 + 1) * 8000, np.float32), 8_000),
            "too_long",
            id="too long, as is seen at last",
        ),
    ],
)
def test_what_cannot_be_read_fails_in_words(api: httpx.Client, data: bytes, code: str) -> None:
    job = send(api, data)
    last = events(api, job)[-1]
    assert (last[1], last[2]["code"]) == ("failed", code)
    state = ended(api, job)
    assert (state["status"], state["error"]["code"]) == ("failed", code)
    assert len(state["error"]["message"]) > 40
    refused = api.get(job["links"]["result"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, code)
    asked = api.post("/v1/audio/transcriptions", files={"file": ("talk.wav", data)})
    assert (asked.status_code, asked.json()["error"]["code"]) == (400, code)
    assert asked.headers["x-should-retry"] == "false"


def test_sent_again_after_it_failed_it_is_tried_again(api: httpx.Client) -> None:
    first = send(api, NOT_AUDIO["pdf"])
    ended(api, first)
    assert send(api, NOT_AUDIO["pdf"])["id"] != first["id"]


def test_of_one_that_was_cut_off_what_is_there_is_read(api: httpx.Client) -> None:
    whole = encode("wav", "pcm_s16le", np.concatenate([spoken(), spoken()]), RATE)
    job = send(api, whole[: len(whole) // 2])
    state = ended(api, job)
    assert state["status"] == "completed" and "was cut off: its sound ends at" in state["note"]
    assert said(api, job) == words(CLIP.text)


@pytest.mark.parametrize("form", ["WAV", "FLAC"])
def test_silence_is_a_result(api: httpx.Client, form: str) -> None:
    job = send(api, silence(5, form))
    assert ended(api, job)["status"] == "completed"
    assert api.get(job["links"]["result"]).json()["no_speech"] is True
    for other in ("txt", "srt", "vtt", "csv"):
        assert api.get(job["links"]["result"], params={"format": other}).status_code == 200


@pytest.mark.parametrize(
    ("data", "name"),
    [
        pytest.param(lambda: encode("wav", "pcm_mulaw", spoken(8_000), 8_000), "call.wav", id="a phone call"),
        pytest.param(surround, "film.wav", id="5.1 channels"),
        pytest.param(lambda: encode("flac", "flac", spoken(), RATE), "talk.mp3", id="a wrong extension"),
        pytest.param(lambda: encode("ogg", "libopus", spoken(48_000), 48_000), "talk", id="no extension"),
    ],
)
def test_what_is_unusual_is_understood(api: httpx.Client, data: Any, name: str) -> None:
    job = send(api, data(), name, language="en")
    state = ended(api, job)
    assert (state["status"], state["note"]) == ("completed", None)
    assert said(api, job) == words(CLIP.text)


def test_expired_it_is_erased_whole(api: httpx.Client, strict: Pipeline, traces: Traces) -> None:
    jobs = [send(api, encode("flac", "flac", spoken(), RATE), words="true"), send(api, NOT_AUDIO["text"])]
    assert [ended(api, job)["status"] for job in jobs] == ["completed", "failed"]
    with redis.Redis.from_url(strict.redis_url) as store:
        for job in jobs:  # as if its time were over
            store.hset(f"job:{job['id']}", "expires", 1)
            store.zadd("jobs", {job["id"]: 1})
    for job in jobs:
        eventually(lambda job=job: api.get(job["links"]["self"]).status_code == 404)
        eventually(lambda job=job: traces.of(job["id"]) == [])


def test_sound_that_is_lost_fails_once(api: httpx.Client, traces: Traces, strict: Pipeline) -> None:
    """As from a disk that was emptied meanwhile."""
    strict["stt_worker"].kill()
    job = send(api, encode("flac", "flac", np.concatenate([spoken()] * 5), RATE), language="en", priority="low")
    eventually(lambda: api.get(job["links"]["self"]).json()["stage"] == "transcribe")
    (traces.folder / job["id"] / "pcm").unlink()
    strict["stt_worker"].start()
    seen = events(api, job)
    assert (seen[-1][1], seen[-1][2]["code"]) == ("failed", "audio_lost")
    eventually(lambda: not [name for name in traces.of(job["id"]) if name.startswith("audio:")])
    eventually(lambda: strict.health()["http_status"] == 200)
    assert [event for _, event, _ in events(api, job)].count("failed") == 1
    assert api.get(job["links"]["self"]).json()["status"] == "failed"


def said(api: httpx.Client, job: dict[str, Any]) -> list[str]:
    return words(api.get(job["links"]["result"]).json()["text"])
