"""OpenAI's own Python package, unmodified, against the gateway with the shipped models."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

from tests.e2e.test_recordings import CLIPS, ended, recording
from tests.eventually import PATIENCE, eventually
from tests.processes import Pipeline
from tests.speech import clips, words

TEXT = words(" ".join(clip.text for clip in CLIPS[:2]))


@pytest.fixture
def client(pipeline: Pipeline) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{pipeline.url}/v1", api_key="mine", max_retries=0, timeout=PATIENCE) as made:
        yield made


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recording(tmp_path_factory.mktemp("openai") / "two.flac", CLIPS[:2], seed=20)


def test_json_with_its_sentiment(client: OpenAI, file: Path) -> None:
    answer = client.audio.transcriptions.create(model="whisper-1", file=file, language="en")
    assert words(answer.text) == TEXT
    assert answer.sentiment["label"] in ("POSITIVE", "NEGATIVE", "NEUTRAL")  # type: ignore[attr-defined]


def test_text_and_subtitles_are_plain_strings(client: OpenAI, file: Path) -> None:
    create = client.audio.transcriptions.create
    assert words(str(create(model="whisper-1", file=file, response_format="text"))) == TEXT
    assert "-->" in str(create(model="whisper-1", file=file, response_format="srt"))
    assert str(create(model="whisper-1", file=file, response_format="vtt")).startswith("WEBVTT")


def test_verbose_json_has_segments_and_the_words_that_were_asked_for(client: OpenAI, file: Path) -> None:
    create = client.audio.transcriptions.create
    verbose = create(model="whisper-1", file=file, response_format="verbose_json")
    assert verbose.language == "english"
    assert isinstance(verbose.duration, float)
    assert [words(segment.text) for segment in verbose.segments or ()] == [words(clip.text) for clip in CLIPS[:2]]
    labels = [segment.sentiment["label"] for segment in verbose.segments or ()]  # type: ignore[attr-defined]
    assert labels == [clip.label for clip in CLIPS[:2]]
    assert verbose.words is None
    timed = create(model="whisper-1", file=file, response_format="verbose_json", timestamp_granularities=["word"])
    assert timed.segments is None
    assert words(" ".join(word.word for word in timed.words or ())) == TEXT
    starts = [word.start for word in timed.words or ()]
    assert starts == sorted(starts)


def test_streamed_in_order(client: OpenAI, tmp_path: Path) -> None:
    file = recording(tmp_path / "stream.flac", CLIPS[:3], seed=21)
    text, done = "", None
    for event in client.audio.transcriptions.create(model="whisper-1", file=file, stream=True):
        if event.type == "transcript.text.delta":
            text += event.delta
        elif event.type == "transcript.text.done":
            done = event
    assert done is not None
    assert text == done.text
    assert words(text) == words(" ".join(clip.text for clip in CLIPS[:3]))
    assert done.sentiment["score"] is not None  # type: ignore[attr-defined]


@pytest.mark.filterwarnings("ignore:deprecated")  # by the package itself
def test_translation(client: OpenAI) -> None:
    clip = clips("ko")[0]
    assert words(client.audio.translations.create(model="whisper-1", file=clip.path).text) == words(clip.english or "")


def test_models(client: OpenAI, file: Path) -> None:
    (model,) = client.models.list().data
    assert client.models.retrieve(model.id) == model
    assert words(client.audio.transcriptions.create(model=model.id, file=file).text) == TEXT
    with pytest.raises(openai.NotFoundError, match="does not run here"):
        client.models.retrieve("gpt-9")


def test_errors_in_openais_shape(client: OpenAI, file: Path, tmp_path: Path) -> None:
    create = client.audio.transcriptions.create
    with pytest.raises(openai.BadRequestError, match="not offered") as refused:
        create(model="large-v9", file=file)
    assert (refused.value.code, refused.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.BadRequestError, match="response_format"):
        create(model="whisper-1", file=file, response_format="diarized_json")
    with pytest.raises(openai.BadRequestError, match="verbose_json"):
        create(model="whisper-1", file=file, timestamp_granularities=["word"])
    notes = tmp_path / "notes.mp3"
    notes.write_text("not a recording\n" * 100)
    with pytest.raises(openai.BadRequestError, match="not a recording in a known format") as refused:
        create(model="whisper-1", file=notes)
    assert refused.value.code == "not_audio"


def test_a_caller_that_goes_away_ends_its_work_and_one_that_comes_again_finds_it(
    pipeline: Pipeline, client: OpenAI, tmp_path: Path
) -> None:
    file = recording(tmp_path / "long.flac", CLIPS * 12, seed=22)
    impatient = client.with_options(timeout=httpx.Timeout(PATIENCE, read=1.0))
    with pytest.raises(openai.APITimeoutError):
        impatient.audio.transcriptions.create(model="whisper-1", file=file)
    own = httpx.Client(base_url=pipeline.url, headers={"Authorization": "Bearer mine"}, timeout=PATIENCE)
    with own:
        job = eventually(lambda: named(own, "long.flac"))
        again = threading.Thread(target=client.audio.transcriptions.create, kwargs={"model": "whisper-1", "file": file})
        again.start()
        again.join()
        assert own.get(job["links"]["self"]).json()["status"] == "completed"
        forgotten = recording(tmp_path / "forgotten.flac", CLIPS * 40, seed=23)
        with pytest.raises(openai.APITimeoutError):
            impatient.audio.transcriptions.create(model="whisper-1", file=forgotten)
        job = eventually(lambda: named(own, "forgotten.flac"))
        assert ended(own, job)["status"] == "cancelled"
        eventually(lambda: not (pipeline.directory / "recordings" / job["id"]).exists())


def named(own: httpx.Client, name: str) -> Any:
    """The job of this file, once it is there."""
    return next((job for job in own.get("/v1/jobs").json()["jobs"] if job["name"] == name), None)
