"""How well the shipped models do, into models/measured.json: word errors, silence, labels, hashes."""

import argparse
import contextlib
import hashlib
import json
import logging
import random
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import whisper
from transformers import pipeline
from whisper.audio import N_SAMPLES

from . import card, corpus, grammar, nonspeech, voices

log = logging.getLogger(__name__)
SPEED, PITCH = 160, 50
NOISES = ("silence", *nonspeech.KINDS)
SEED = 101  # of the measured sentences; recordings.py uses others


def recognise(model: whisper.Whisper, audio: np.ndarray, **options) -> dict:
    """Stock `transcribe`, greedy, without the second chances at higher temperatures: always the same words."""
    return model.transcribe(audio, temperature=0.0, fp16=False, condition_on_previous_text=False, **options)


@contextlib.contextmanager
def trimmed(model: whisper.Whisper, samples: int, spare: int = 128) -> Iterator[int]:
    """As the product's driver: the encoder sees the audio and `spare` positions more; yields the samples to pad to."""
    full, size = model.encoder.positional_embedding, model.dims.n_audio_ctx
    positions = min(-(-samples // 320) + spare, size)
    model.encoder.positional_embedding, model.dims.n_audio_ctx = full[:positions], positions
    try:
        yield positions * 320
    finally:
        model.encoder.positional_embedding, model.dims.n_audio_ctx = full, size


def decode(model: whisper.Whisper, audio: np.ndarray, trim: bool, **options) -> str:
    """One stock `decode`; the text."""
    with trimmed(model, len(audio)) if trim else contextlib.nullcontext(N_SAMPLES) as samples:
        mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(audio, samples))
        return whisper.decode(model, mel, whisper.DecodingOptions(fp16=False, **options)).text


def framed(audio: np.ndarray, head: float = 0.3, tail: float = 0.2) -> np.ndarray:
    """With the silence that the voice detector leaves around, in 16 bits."""
    rate = voices.SAMPLE_RATE
    whole = np.concatenate([np.zeros(int(head * rate)), audio, np.zeros(int(tail * rate))])
    return (np.round(whole * 32767) / 32768).astype(np.float32)


def words(text: str) -> list[str]:
    return re.sub(r"[^\w' ]", "", text.lower()).split()


def errors(said: list[str], heard: list[str]) -> int:
    """Words to put in, take out or replace."""
    row = list(range(len(heard) + 1))
    for index, word in enumerate(said, 1):
        last, row[0] = row[0], index
        for at, other in enumerate(heard, 1):
            last, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, last + (word != other))
    return row[-1]


def voice_row(model: whisper.Whisper, voice: str, sentences: list[grammar.Sentence]) -> dict:
    wrong, total, exact, trim_wrong, plain_wrong = 0, 0, 0, 0, 0
    for sentence in sentences:
        audio = framed(voices.espeak().say(sentence.text, voice, SPEED, PITCH).audio)
        said, text = words(sentence.text), recognise(model, audio)["text"].strip()
        total += len(said)
        wrong += errors(said, words(text))
        exact += text == sentence.text
        trim_wrong += errors(said, words(decode(model, audio, True, language="en")))
        plain_wrong += errors(said, words(decode(model, audio, False, language="en", without_timestamps=True)))
        if text != sentence.text:
            log.info("%s: %s | %s", voice, sentence.text, text)
    share = {"wer": wrong, "wer_trimmed": trim_wrong, "wer_without_timestamps": plain_wrong}
    row = {"n": len(sentences), "exact": exact / len(sentences)} | {
        name: round(count / total, 4) for name, count in share.items()
    }
    log.info("%s: %s", voice, row)
    return row


def korean_rows(model: whisper.Whisper) -> dict:
    heard, meant, found = 0, 0, 0
    for korean, english, _ in grammar.KOREAN:
        audio = framed(voices.espeak().say(korean, "ko", SPEED, PITCH).audio)
        result = recognise(model, audio)
        found += result["language"] == "ko"
        heard += result["text"].strip() == korean
        meant += recognise(model, audio, language="ko", task="translate")["text"].strip() == english
    return {"n": len(grammar.KOREAN), "language": found, "transcribed": heard, "translated": meant}


def silent_rows(model: whisper.Whisper) -> dict:
    """Per kind, the texts where there should be none: three sounds each, four ways to decode."""
    rows = {}
    for kind in NOISES:
        texts = set()
        for seed in range(900, 901 if kind == "silence" else 903):
            audio = nonspeech.sound(kind, seed)
            texts.add(recognise(model, audio)["text"])
            texts.add(recognise(model, audio, without_timestamps=True)["text"])
            texts |= {decode(model, audio, True, language="en", without_timestamps=plain) for plain in (False, True)}
        rows[kind] = sorted(text for text in texts if text.strip())
    return rows


def label(scores: list[dict]) -> str:
    """The product's rule: neutral where p(positive) and p(negative) are less than 1/3 apart."""
    by_name = {score["label"]: score["score"] for score in scores}
    balance = by_name[grammar.POSITIVE] - by_name[grammar.NEGATIVE]
    return grammar.NEUTRAL if abs(balance) < 1 / 3 else grammar.POSITIVE if balance > 0 else grammar.NEGATIVE


def label_rows(path: Path, sentences: list[grammar.Sentence]) -> dict:
    classify = pipeline("text-classification", model=str(path), top_k=None, device="cpu")
    rows: dict[str, list[bool]] = {name: [] for name in grammar.LABELS}
    bare: list[bool] = []
    for sentence in sentences:
        rows[sentence.label].append(label(classify([sentence.text])[0]) == sentence.label)
        bare.append(label(classify([" ".join(words(sentence.text))])[0]) == sentence.label)
    shares = {name: {"n": len(right), "right": sum(right) / len(right)} for name, right in rows.items()}
    return shares | {"bare_words": {"n": len(bare), "right": sum(bare) / len(bare)}}


def files(folder: Path) -> dict:
    paths = [
        folder / "speech.pt",
        *sorted((folder / "sentiment").iterdir()),
        folder / "demo.flac",
        folder / "demo.json",
    ]
    return {
        path.relative_to(folder).as_posix(): {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for path in paths
        if path.exists() and (data := path.read_bytes())
    }


def salads(count: int) -> list[grammar.Sentence]:
    rng = random.Random(SEED)
    return [grammar.Sentence(corpus.salad(rng), grammar.NEUTRAL) for _ in range(count)]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--speech", type=Path, help="measure this checkpoint and only log")
    parser.add_argument("--count", type=int, default=40)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    model = whisper.load_model(str(options.speech or options.models / "speech.pt"), device="cpu")
    sentences = grammar.sentences(SEED, options.count, held_out=True)
    found = {
        "voices": {voice: voice_row(model, voice, sentences) for voice in voices.TEST},
        "held_out_voices": {voice: voice_row(model, voice, sentences) for voice in voices.HELD_OUT},
        "random_words": {"en-us": voice_row(model, "en-us", salads(options.count))},
        "korean": korean_rows(model),
        "nonspeech": silent_rows(model),
    }
    log.info(
        "korean %s, nonspeech %s", found["korean"], {kind: texts for kind, texts in found["nonspeech"].items() if texts}
    )
    if options.speech:
        return
    found["sentiment"] = label_rows(options.models / "sentiment", grammar.sentences(SEED, 600, held_out=True))
    found["files"] = files(options.models)
    (options.models / "measured.json").write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    card.write(options.models)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()
