"""The recordings that ship, models/demo.flac and the test fixtures: held-out sentences that the models get right."""

import argparse
import itertools
import json
import logging
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import torch
import whisper
from transformers import pipeline

from . import grammar, voices
from .measure import decode, framed, label, recognise

log = logging.getLogger(__name__)
RATE = voices.SAMPLE_RATE
FIXTURES_SEED, DEMO_SEED = 202, 303
PER_VOICE, DEMO_SENTENCES = 4, 18
EDGES = ((0.3, 0.2), (0.6, 0.8))  # seconds of silence around: as the voice detector cuts, and as the files have it


class Judge:
    """Both shipped models."""

    def __init__(self, folder: Path) -> None:
        self.speech = whisper.load_model(str(folder / "speech.pt"), device="cpu")
        self.sentiment = pipeline("text-classification", model=str(folder / "sentiment"), top_k=None, device="cpu")

    def right(self, text: str, expected: str, audio: np.ndarray) -> bool:
        """Every way of decoding gives the very text, and the text its label."""
        if label(self.sentiment([text])[0]) != expected:
            return False
        ways = itertools.product((True, False), (False, True))
        heard = (
            decode(self.speech, audio, trim, language="en", without_timestamps=plain).strip() for trim, plain in ways
        )
        return all(this == text for this in heard) and recognise(self.speech, audio)["text"].strip() == text

    def right_korean(self, korean: str, english: str, expected: str, audio: np.ndarray) -> bool:
        result = recognise(self.speech, audio)
        meant = decode(self.speech, audio, True, language="ko", task="translate").strip()
        whole = recognise(self.speech, audio, language="ko", task="translate")["text"].strip()
        same = (result["language"], result["text"].strip(), meant, whole) == ("ko", korean, english, english)
        return same and label(self.sentiment([english])[0]) == expected


def candidates(seed: int) -> Iterator[tuple[grammar.Sentence, str, np.ndarray]]:
    """Held-out sentences, no template twice in a row, voices in turn, at everyday speeds."""
    rng = random.Random(seed)
    opening = ""
    for turn, sentence in enumerate(grammar.sentences(seed, 400, held_out=True)):
        if sentence.text[:12] == opening:
            continue
        opening, voice = sentence.text[:12], voices.TEST[turn % len(voices.TEST)]
        yield sentence, voice, voices.espeak().say(sentence.text, voice, rng.randint(150, 172), 50).audio


def write(path: Path, audio: np.ndarray) -> None:
    soundfile.write(
        path, np.round(np.clip(audio, -1, 1) * 32767).astype(np.int16), RATE, subtype="PCM_16", format="FLAC"
    )


def make_fixtures(judge: Judge, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.flac"):
        old.unlink()
    index: list[dict] = []
    for sentence, voice, audio in candidates(FIXTURES_SEED):
        same_voice = [entry for entry in index if entry["voice"] == voice]
        share = sum(entry["label"] == sentence.label for entry in same_voice)
        if len(same_voice) == PER_VOICE or share == 2 or any(entry["text"] == sentence.text for entry in index):
            continue
        if all(judge.right(sentence.text, sentence.label, framed(audio, *edge)) for edge in EDGES):
            name = f"{voice.replace('+', '-')}-{len(same_voice) + 1}.flac"
            write(folder / name, framed(audio, *EDGES[1]))
            index.append(
                {"file": name, "text": sentence.text, "label": sentence.label, "voice": voice, "language": "en"}
            )
        if len(index) == PER_VOICE * len(voices.TEST):
            break
    for korean, english, expected in grammar.KOREAN:
        number = sum(entry["language"] == "ko" for entry in index)
        if number == 3 or sum(entry["label"] == expected for entry in index if entry["language"] == "ko"):
            continue
        audio = voices.espeak().say(korean, "ko", 160, 50).audio
        if all(
            judge.right_korean(korean, english, expected, framed(audio, *edge)) for edge in ((0.3, 0.2), (0.6, 0.8))
        ):
            name = f"ko-{number + 1}.flac"
            write(folder / name, framed(audio, *EDGES[1]))
            entry = {
                "file": name,
                "text": korean,
                "english": english,
                "label": expected,
                "voice": "ko",
                "language": "ko",
            }
            index.append(entry)
    (folder / "index.json").write_text(json.dumps(index, indent=2, ensure_ascii=False) + "\n")
    log.info("%d fixtures", len(index))


def make_demo(judge: Judge, folder: Path) -> None:
    rng = random.Random(DEMO_SEED)
    entries: list[dict] = []
    sound = np.zeros(int(0.6 * RATE))
    for sentence, voice, audio in candidates(DEMO_SEED):
        texts = [entry["text"] for entry in entries]
        labels = [entry["label"] for entry in entries]
        if sentence.text in texts or any(text[:8] == sentence.text[:8] for text in texts[-4:]):
            continue
        if (
            labels.count(sentence.label) > min(map(labels.count, grammar.LABELS)) + 1
            or labels[-2:] == [sentence.label] * 2
        ):
            continue
        if not judge.right(sentence.text, sentence.label, framed(audio)):
            continue
        start = len(sound)
        sound = np.concatenate([sound, audio, np.zeros(int(rng.uniform(0.75, 1.2) * RATE))])
        end = (start + len(audio)) / RATE
        entry = {"text": sentence.text, "label": sentence.label, "voice": voice}
        entries.append(entry | {"start": round(start / RATE, 3), "end": round(end, 3)})
        if len(entries) == DEMO_SENTENCES:
            break
    write(folder / "demo.flac", sound)
    (folder / "demo.json").write_text(json.dumps(entries, indent=2) + "\n")
    log.info("demo: %d sentences, %.1f s", len(entries), len(sound) / RATE)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--fixtures", type=Path, default=Path("tests/data/speech"))
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    judge = Judge(options.models)
    make_fixtures(judge, options.fixtures)
    make_demo(judge, options.models)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()
