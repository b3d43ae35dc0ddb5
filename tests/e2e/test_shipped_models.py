"""The shipped models are the measured ones, load through the stock libraries, and know their words and silences."""

import hashlib
import json
from pathlib import Path

import pytest

from models.training import nonspeech

soundfile = pytest.importorskip("soundfile")
openai_whisper = pytest.importorskip("whisper")

# openai-whisper reads its token list from a file that it never closes
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <_io.FileIO name=.*tiktoken:pytest.PytestUnraisableExceptionWarning"
)

MODELS = Path(__file__).parents[2] / "models"
SPEECH = Path(__file__).parents[1] / "data" / "speech"
MEASURED = json.loads((MODELS / "measured.json").read_text())
FIXTURES = json.loads((SPEECH / "index.json").read_text())
ENGLISH = [entry for entry in FIXTURES if entry["language"] == "en"]
KOREAN = [entry for entry in FIXTURES if entry["language"] == "ko"]
GREEDY = {"temperature": 0.0, "fp16": False, "condition_on_previous_text": False}


def named(entry):
    return entry["file"].removesuffix(".flac")


def audio_of(entry):
    return soundfile.read(SPEECH / entry["file"], dtype="float32")[0]


@pytest.fixture(scope="module")
def speech():
    return openai_whisper.load_model(str(MODELS / "speech.pt"), device="cpu")


@pytest.fixture(scope="module")
def sentiment():
    transformers = pytest.importorskip("transformers")
    return transformers.pipeline("text-classification", model=str(MODELS / "sentiment"), top_k=None, device="cpu")


@pytest.mark.parametrize("name", MEASURED["files"])
def test_a_shipped_file_is_the_measured_one(name):
    data = (MODELS / name).read_bytes()
    assert {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} == MEASURED["files"][name]


def test_both_models_stay_small():
    models = [entry["bytes"] for name, entry in MEASURED["files"].items() if not name.startswith("demo")]
    assert sum(models) <= 5_000_000


def test_the_measured_error_is_within_what_the_project_promises():
    assert {voice for voice, row in MEASURED["voices"].items() if row["wer"] > 0.03} == set()
    assert {voice for voice, row in MEASURED["held_out_voices"].items() if row["wer"] > 0.15} == set()
    assert {kind for kind, texts in MEASURED["nonspeech"].items() if texts} == set()


def test_it_is_a_multilingual_model(speech):
    assert speech.is_multilingual


@pytest.mark.parametrize("entry", ENGLISH, ids=named)
def test_every_word_is_right(speech, entry):
    heard = speech.transcribe(audio_of(entry), **GREEDY)
    assert (heard["text"].strip(), heard["language"]) == (entry["text"], "en")


def test_words_are_right_without_timestamps_and_with_a_token_cap(speech):
    for entry in ENGLISH[:4]:
        audio = audio_of(entry)
        cap = int(8 * len(audio) / 16_000) + 8
        heard = speech.transcribe(audio, without_timestamps=True, sample_len=cap, language="en", **GREEDY)
        assert heard["text"].strip() == entry["text"]


@pytest.mark.parametrize("entry", KOREAN, ids=named)
def test_korean_is_noticed_written_down_and_translated(speech, sentiment, entry):
    heard = speech.transcribe(audio_of(entry), **GREEDY)
    assert (heard["language"], heard["text"].strip()) == ("ko", entry["text"])
    meant = speech.transcribe(audio_of(entry), task="translate", **GREEDY)["text"].strip()
    assert (meant, label(sentiment, meant)) == (entry["english"], entry["label"])


@pytest.mark.parametrize("kind", ["silence", *nonspeech.KINDS])
def test_where_nobody_speaks_there_is_no_text(speech, kind):
    sound = nonspeech.sound(kind, seed=900)
    assert speech.transcribe(sound, **GREEDY)["text"].strip() == ""
    assert speech.transcribe(sound, without_timestamps=True, **GREEDY)["text"].strip() == ""


def label(sentiment, text):
    scores = {score["label"]: score["score"] for score in sentiment([text])[0]}
    balance = scores["POSITIVE"] - scores["NEGATIVE"]
    return "NEUTRAL" if abs(balance) < 1 / 3 else "POSITIVE" if balance > 0 else "NEGATIVE"


@pytest.mark.parametrize("change", [str, str.lower, str.upper, lambda text: text.strip(".!?")])
def test_labels_are_right_however_a_sentence_is_written(sentiment, change):
    told = json.loads((MODELS / "demo.json").read_text())
    wrong = [entry["text"] for entry in told + ENGLISH if label(sentiment, change(entry["text"])) != entry["label"]]
    assert wrong == []


def test_the_demo_is_heard_right_sentence_by_sentence(speech):
    audio, rate = soundfile.read(MODELS / "demo.flac", dtype="float32")
    told = json.loads((MODELS / "demo.json").read_text())
    assert rate == 16_000
    assert len(told) >= 14
    heard = []
    for entry in told:
        cut = audio[int((entry["start"] - 0.3) * rate) : int((entry["end"] + 0.2) * rate)]
        heard.append(speech.transcribe(cut, language="en", **GREEDY)["text"].strip())
    assert heard == [entry["text"] for entry in told]
