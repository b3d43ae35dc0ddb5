"""Both engines hear what was said: the shipped model on the recordings, in every way to compute it."""

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from whisper.tokenizer import get_tokenizer

from contracts.audio import Samples
from stt_worker import filters
from stt_worker.engines import driver, faster_whisper, openai_whisper
from stt_worker.engines.protocol import Engine, Options, TimedWord
from stt_worker.loading import Machine, Source
from stt_worker.models import SHIPPED

SPEECH = Path(__file__).resolve().parent.parent / "data" / "speech"
LOADERS = {loader.name: loader for loader in (openai_whisper.LOADER, faster_whisper.LOADER)}
ENGINES = [(name, precision) for name in LOADERS for precision in ("exact", "fast")]


@pytest.fixture(scope="module", params=ENGINES, ids="-".join)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the package leaves its vocabulary open
        get_tokenizer(True, num_languages=99)
    name, precision = request.param
    machine = Machine("cpu", 1, precision, str(tmp_path_factory.getbasetemp()))
    return LOADERS[name].load(Source("demo-speech", str(SHIPPED), demo=True), machine)


@pytest.fixture(scope="module")
def recordings() -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((SPEECH / "index.json").read_text())
    return entries


def sound(recording: dict[str, Any]) -> Samples:
    samples: Samples = soundfile.read(SPEECH / recording["file"], dtype="float32")[0]
    return samples


def heard(engine: Engine, samples: Samples, options: Options) -> tuple[str, str]:
    """Language and words, as a final gives them."""
    result = driver.transcribe(engine, samples, options)
    verdict = filters.judge(result.attempt, result.language, len(samples) / 16000, 0)
    return result.language, filters.plain(verdict.text)


@pytest.mark.parametrize("quick", [False, True], ids=["final", "partial"])
def test_each_recording_in_its_language(engine: Engine, recordings: list[dict[str, Any]], quick: bool) -> None:
    options = Options(quick=quick, context="auto")
    words = {entry["file"]: heard(engine, sound(entry), options) for entry in recordings}
    assert words == {entry["file"]: (entry["language"], filters.plain(entry["text"])) for entry in recordings}


def test_korean_becomes_english_text(engine: Engine, recordings: list[dict[str, Any]]) -> None:
    korean = [entry for entry in recordings if entry["language"] == "ko"]
    options = Options(task="translate", context="auto")
    words = {entry["file"]: heard(engine, sound(entry), options) for entry in korean}
    assert words == {entry["file"]: ("ko", filters.plain(entry["english"])) for entry in korean}


def test_one_encoder_pass_is_enough(engine: Engine, recordings: list[dict[str, Any]]) -> None:
    passes = [driver.transcribe(engine, sound(entry), Options(context="auto")).encoder_passes for entry in recordings]
    assert set(passes) == {1}


@pytest.fixture(scope="module")
def worded(engine: Engine, recordings: list[dict[str, Any]]) -> dict[str, tuple[TimedWord, ...]]:
    """The words of each recording."""
    options = Options(context="auto", words=True)
    return {entry["file"]: driver.transcribe(engine, sound(entry), options).words or () for entry in recordings}


def check_words(words: tuple[TimedWord, ...], entry: dict[str, Any]) -> None:
    """They are the text, in order, one after the other, from where speech begins to where it ends."""
    assert [word.word for word in words] == entry["text"].split()
    times = [time for word in words for time in (word.start, word.end)]
    assert times == sorted(times), entry["file"]
    assert all(word.start < word.end and 0 < word.probability <= 1 for word in words)
    silence_before, silence_after = 0.6, 0.8
    assert times[0] == pytest.approx(silence_before, abs=0.1)
    assert times[-1] == pytest.approx(len(sound(entry)) / 16000 - silence_after, abs=0.15)


def test_words_are_the_text_in_order_and_lie_where_somebody_speaks(
    worded: dict[str, tuple[TimedWord, ...]], recordings: list[dict[str, Any]]
) -> None:
    for entry in recordings:
        check_words(worded[entry["file"]], entry)


def test_words_of_the_padded_context_too(engine: Engine, recordings: list[dict[str, Any]]) -> None:
    for entry in (recordings[0], recordings[-1]):
        check_words(driver.transcribe(engine, sound(entry), Options(words=True)).words or (), entry)


def test_words_begin_when_they_were_spoken(worded: dict[str, tuple[TimedWord, ...]]) -> None:
    """Half of them almost exactly; the small model's attention misses some by a word or two."""
    known: dict[str, list[float | None]] = json.loads((SPEECH / "words.json").read_text())
    pairs = [pair for file, starts in known.items() for pair in zip(worded[file], starts, strict=True)]
    off = [abs(word.start - start) for word, start in pairs if start is not None]
    assert np.median(off) < 0.08 and np.mean(off) < 0.16


def test_a_translation_has_words_too(engine: Engine, recordings: list[dict[str, Any]]) -> None:
    [entry] = [entry for entry in recordings if entry["file"] == "ko-1.flac"]
    options = Options(task="translate", context="auto", words=True)
    words = driver.transcribe(engine, sound(entry), options).words or ()
    assert [word.word for word in words] == entry["english"].split()


def test_the_same_words_again_and_the_text_is_that_of_no_words(
    engine: Engine, recordings: list[dict[str, Any]]
) -> None:
    samples = sound(recordings[0])
    without = driver.transcribe(engine, samples, Options(context="auto"))
    first, again = (driver.transcribe(engine, samples, Options(context="auto", words=True)) for _ in range(2))
    assert first == again and replace(first, words=None) == without


@pytest.mark.parametrize("context", ["full", "auto"])
def test_what_is_no_speech_gives_no_text(engine: Engine, context: str) -> None:
    count, rng = 2 * 16000, np.random.default_rng(0)
    time = np.arange(count) / 16000
    sounds = {
        "silence": np.zeros(count),
        "white noise": 0.05 * rng.standard_normal(count),
        "hum": 0.1 * np.sin(2 * np.pi * 50 * time) + 0.05 * np.sin(2 * np.pi * 150 * time),
        "clicks": 0.8 * (np.arange(count) % 8000 == 0),
    }
    words = {
        name: heard(engine, values.astype(np.float32), Options(context=context))[1] for name, values in sounds.items()
    }
    assert words == dict.fromkeys(sounds, "")
