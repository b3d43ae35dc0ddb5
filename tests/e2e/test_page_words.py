"""Somebody speaks into the page and reads their words and sentiment: the whole pipeline with the
shipped models, a real Chromium, recorded sentences as its microphone."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from contracts.audio import Samples
from tests.e2e import page as pages
from tests.e2e.page import MICROPHONE_RATE, chromium, visit, write_microphone
from tests.processes import Pipeline
from tests.speech import clips, words

pytestmark = pytest.mark.skipif(bool(pages.missing()), reason=str(pages.missing()))

PAUSE = np.zeros(round(1.5 * MICROPHONE_RATE), np.float32)


def at_microphone_rate(path: Path) -> Samples:
    samples, rate = soundfile.read(path, dtype="float32")
    return np.asarray(soxr.resample(samples, rate, MICROPHONE_RATE), np.float32)


def test_words_and_sentiment(pipeline: Pipeline, tmp_path: Path) -> None:
    said = [next(clip for clip in clips() if clip.label == label) for label in ("POSITIVE", "NEGATIVE", "NEUTRAL")]
    speech = [part for clip in said for part in (PAUSE, at_microphone_rate(clip.path))] + [PAUSE, PAUSE]
    microphone = write_microphone(tmp_path / "microphone.wav", np.concatenate(speech))
    with chromium(microphone) as browser, visit(browser) as (page, _):
        page.open(pipeline.url)
        page.start()
        assert page.wait_partial(60)
        page.wait_utterances(len(said), 120)
        page.stop(120)
        shown = page.utterances
        assert [words(row["text"]) for row in shown] == [words(clip.text) for clip in said]
        assert [row["label"] for row in shown] == [clip.label for clip in said]
        assert "demonstration models" in page.wait_notice("demo")
