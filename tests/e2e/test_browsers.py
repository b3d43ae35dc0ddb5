"""Somebody opens the page over https, speaks, and reads their words and their sentiment: a real
Chromium and a real Firefox, a real nginx, the whole pipeline with the shipped models."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import jiwer
import numpy as np
import pytest
import soundfile
import soxr

from contracts.audio import Samples
from listener_service import line
from tests import front_door
from tests.e2e import firefox, firefox_sound, page
from tests.eventually import eventually
from tests.front_door import FrontDoor
from tests.processes import Pipeline
from tests.speech import Clip, clips, words

pytestmark = pytest.mark.skipif(bool(front_door.missing()), reason=str(front_door.missing()))

PAUSE_SECONDS = 1.5
WORD_ERROR = 0.25
"""A browser that gets no processor for a moment loses that piece of sound, and with it a word or two: seen on
a machine with four times the work it can do, never on one that keeps up. Recordings that arrive whole
give exactly their words (`test_pipeline.py`)."""


@pytest.fixture(scope="module")
def door(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontDoor]:
    with FrontDoor(tmp_path_factory.mktemp("nginx"), f"127.0.0.1:{pipeline.port}") as nginx:
        yield nginx


def sentences() -> list[Clip]:
    """The first of each sentiment."""
    return [next(clip for clip in clips() if clip.label == label) for label in ("POSITIVE", "NEGATIVE", "NEUTRAL")]


def spoken(said: list[Clip], rate: int) -> Samples:
    """The recordings one after another, with silence at the head and pauses that end an utterance."""
    pause = np.zeros(round(PAUSE_SECONDS * rate), np.float32)
    parts = [pause]
    for clip in said:
        samples, own_rate = soundfile.read(clip.path, dtype="float32")
        parts += [soxr.resample(samples, own_rate, rate), pause]
    return np.concatenate(parts).astype(np.float32)


@contextlib.contextmanager
def in_chromium(door: FrontDoor, said: list[Clip], directory: Path) -> Iterator[page.Page]:
    """A visitor who has begun to speak."""
    microphone = page.write_microphone(directory / "microphone.wav", spoken(said, page.MICROPHONE_RATE))
    with page.chromium(microphone) as browser, page.visit(browser) as (visitor, _):
        visitor.open(door.url)
        visitor.start()
        yield visitor


@contextlib.contextmanager
def in_firefox(door: FrontDoor, said: list[Clip]) -> Iterator[firefox.Page]:
    """A visitor who has begun to speak."""
    with firefox_sound.sound() as sound, firefox.visit(sound) as visitor:
        visitor.open(door.url)
        visitor.start()
        visitor.wait_state("listening", "silent")
        with sound.playing(spoken(said, firefox_sound.RATE)):
            yield visitor


def read(visitor: page.Page | firefox.Page, pipeline: Pipeline, said: list[Clip]) -> None:
    """The visitor sees captions while speaking, then words and sentiments; the operator sees the same."""
    assert visitor.wait_partial(60)
    visitor.wait_utterances(len(said), 120)
    visitor.stop(120)
    shown = visitor.utterances
    told = [" ".join(words(clip.text)) for clip in said]
    heard = [" ".join(words(row["text"])) for row in shown]
    assert len(heard) == len(told) and jiwer.wer(told, heard) <= WORD_ERROR, heard
    assert [row["label"] for row in shown] == [clip.label for clip in said]
    assert "demonstration models" in visitor.wait_notice("demo")
    (session,) = {row["session"] for row in shown}
    lines = eventually(lambda: len(found := logged(pipeline, session)) >= len(said) and found)
    assert [(entry.kind, entry.text) for entry in lines] == [(row["label"], row["text"]) for row in shown]


def logged(pipeline: Pipeline, session: str) -> list[line.Line]:
    """The session's lines in result_listener.log."""
    lines = [line.parse(text) for text in pipeline.result_log.read_text().splitlines()]
    return [entry for entry in lines if entry.fields.get("session") == session and entry.kind != line.STATISTICS]


@pytest.mark.skipif(bool(page.missing()), reason=str(page.missing()))
def test_chromium(pipeline: Pipeline, door: FrontDoor, tmp_path: Path) -> None:
    said = sentences()
    with in_chromium(door, said, tmp_path) as visitor:
        read(visitor, pipeline, said)


@pytest.mark.skipif(bool(firefox.missing()), reason=str(firefox.missing()))
def test_firefox(pipeline: Pipeline, door: FrontDoor) -> None:
    said = sentences()
    with in_firefox(door, said) as visitor:
        read(visitor, pipeline, said)
