"""Batches as the product meets them: cut utterances in silence, gain, noise, low-pass, half sentences, pairs."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from . import nonspeech
from .corpus import Corpus, power
from .vocabulary import Spoken, target, vocabulary

FLOOR, FRAMES = -10.0, 3000
IGNORE = -100
PAD_LOSS = 10  # positions of silence after the speech that count as phone label 0


@dataclass(frozen=True)
class Rules:
    """What one phase of training draws; shares are of batches or of clips.

    `zeros_share`: stock `transcribe` pads a short spectrum with 0.0, which is louder than silence; `decode` does not.
    """

    size: int = 32
    full_share: float = 0.0
    full_size: int = 5
    trimmed_share: float = 0.3
    noise_share: float = 0.4
    pair_share: float = 0.1
    longest: int = 3000
    zeros_share: float = 0.0
    new_sound_share: float = 0.0


@dataclass(frozen=True)
class Batch:
    """`mel` [B, 80, 2L], compact `tokens` and `goals` [B, N], `phones` [B, L]; -100 where nothing counts."""

    mel: Tensor
    tokens: Tensor
    goals: Tensor
    weights: Tensor
    phones: Tensor


@dataclass
class Item:
    mel: np.ndarray
    phones: np.ndarray
    spoken: list[Spoken]
    korean: str | None


def batches(corpus: Corpus, rules: Rules, seed: int) -> Iterator[Batch]:
    """Without end; items of like length go together."""
    rng, noise = random.Random(seed), np.random.default_rng(seed)
    order: list[int] = []
    while True:
        pool: list[Item] = []
        while len(pool) < rules.size * 8:
            if len(order) < 3:
                order = list(range(len(corpus.clips)))
                rng.shuffle(order)
            new_sound = rng.random() < rules.new_sound_share
            item = sounding(rng, noise) if new_sound else compose(corpus, order, rules, rng)
            if len(item.mel) <= rules.longest:
                pool.append(item)
        pool.sort(key=lambda item: len(item.mel))
        chunks = [pool[at : at + rules.size] for at in range(0, len(pool), rules.size)]
        rng.shuffle(chunks)
        for chunk in chunks:
            if rng.random() < rules.full_share:
                yield collate(rng.sample(chunk, rules.full_size), FRAMES, rules, rng, noise)
                continue
            pad = 256 if rng.random() < rules.trimmed_share else rng.randint(8, 80)
            frames = min(-(-(max(len(item.mel) for item in chunk) + pad) // 32) * 32, FRAMES)
            yield collate(chunk, frames, rules, rng, noise)


def compose(corpus: Corpus, order: list[int], rules: Rules, rng: random.Random) -> Item:
    """One clip, or two sentences of one voice with a pause too short for the voice detector to cut at."""
    index = order.pop()
    clip = corpus.clips[index]
    lead = rng.choice([rng.randint(2, 20), rng.randint(20, 45), rng.randint(20, 90)])
    tail = 0 if not clip.whole else rng.randint(12, 60)
    korean = clip.text if clip.voice.startswith("ko") else None
    mel, phones = corpus.mels[index], corpus.phones[index]
    if clip.text is None:
        return Item(silence(lead, mel, tail), np.zeros(0, np.int16), [], None)
    parts = [Spoken(clip.english or "", lead / 100, (lead + len(mel)) / 100)]
    item = Item(silence(lead, mel), np.concatenate([np.zeros(lead // 2, np.int16), phones]), parts, korean)
    if clip.whole and not korean and rng.random() < rules.pair_share:
        other = order.pop()
        second = corpus.clips[other]
        if second.text is not None and not second.voice.startswith("ko"):
            gap = rng.randint(10, 75)
            start = len(item.mel) + gap
            item.mel = silence(0, np.concatenate([item.mel, silence(gap, corpus.mels[other])]))
            item.phones = np.concatenate([padded(item.phones, start // 2), corpus.phones[other]])
            parts.append(Spoken(second.english or "", start / 100, (start + len(corpus.mels[other])) / 100))
            tail = tail if second.whole else 0
    item.mel = silence(0, item.mel, tail)
    return item


def sounding(rng: random.Random, noise: np.random.Generator) -> Item:
    """A sound without words that the corpus does not have."""
    mel = power(nonspeech.anything(noise, rng.uniform(0.5, 6)))
    return Item(silence(rng.choice([0, 30]), mel, rng.choice([0, 30])), np.zeros(0, np.int16), [], None)


def silence(before: int, mel: np.ndarray, after: int = 0) -> np.ndarray:
    return np.pad(mel, ((before, after), (0, 0)), constant_values=FLOOR)


def padded(labels: np.ndarray, size: int) -> np.ndarray:
    return np.pad(labels, (0, max(size - len(labels), 0)))[:size]


def collate(items: list[Item], frames: int, rules: Rules, rng: random.Random, noise: np.random.Generator) -> Batch:
    mel = np.full((len(items), frames, 80), FLOOR, np.float32)
    phones = np.full((len(items), frames // 2), IGNORE, np.int64)
    sequences, sizes = [], [0] * len(items)
    compact = vocabulary().compact
    for row, item in enumerate(items):
        size = sizes[row] = min(len(item.mel), frames)
        mel[row, :size] = disturb(item.mel[:size].astype(np.float32), rules, rng, noise)
        if item.spoken:
            labels = item.phones[: frames // 2]
            phones[row, : len(labels)] = labels
            phones[row, len(labels) : min(len(labels), size // 2) + PAD_LOSS] = 0
        sequences.append(sequence(item, rng))
    longest = max(len(tokens) for tokens, _, _ in sequences) - 1
    tokens = np.full((len(items), longest), compact[sequences[0][0][-1]])
    goals = np.full((len(items), longest), IGNORE)
    weights = np.zeros((len(items), longest), np.float32)
    for row, (ids, prompt, first) in enumerate(sequences):
        stock = np.array(ids)
        tokens[row, : len(ids) - 1] = compact[stock[:-1]]
        goals[row, : len(ids) - 1] = compact[stock[1:]]
        goals[row, 1 : prompt - 1] = IGNORE
        goals[row, 0] = compact[first]
        weights[row, : len(ids) - 1] = np.where(stock[1:] >= 50_364, 0.3, 1.0)
    ready = finished(mel)
    for row, size in enumerate(sizes):
        if rng.random() < rules.zeros_share:
            ready[row, :, size:] = 0.0
    return Batch(*(torch.from_numpy(array) for array in (ready, tokens, goals, weights, phones)))


def sequence(item: Item, rng: random.Random) -> tuple[list[int], int, int]:
    """Ids, the prompt's length, and what follows <|startoftranscript|>: the language, or <|nospeech|> for sounds."""
    timestamps = rng.random() < 0.5
    task = "translate" if rng.random() < (0.5 if item.korean else 0.06) else "transcribe"
    spoken, language = item.spoken, "en"
    if item.korean:
        language = "ko"
        if task == "transcribe":
            spoken = [Spoken(item.korean, spoken[0].start, spoken[0].end)]
    ids, prompt = target(spoken, language, task, timestamps)
    quiet = not item.spoken and rng.random() < 0.9
    return ids, prompt, 50_363 - 1 if quiet else ids[1]


def disturb(mel: np.ndarray, rules: Rules, rng: random.Random, noise: np.random.Generator) -> np.ndarray:
    """Gain, a low-pass, a tilt, a steady coloured noise under the speech, small masks: on log10 power [frames, 80]."""
    mel = mel + rng.uniform(-1.6, 0.5) * (mel > FLOOR)
    top = float(mel.max())
    bins = np.arange(80, dtype=np.float32)
    if rng.random() < 0.3:  # a resampler's edge: the bins from 70 on lie above 5.9 kHz
        edge = rng.uniform(72, 80)
        mel = mel - np.maximum(bins - edge, 0) * rng.uniform(0.2, 1.5) * (mel > FLOOR)
    if rng.random() < 0.3:
        mel = mel + rng.uniform(-0.008, 0.008) * (bins - 40) * (mel > FLOOR)
    if rng.random() < rules.noise_share:
        level = top - rng.uniform(2.4, 6.2)
        shape = (
            level
            + rng.uniform(-0.02, 0.012) * (bins - 20)
            + 0.15 * np.interp(bins, np.arange(0, 81, 8), noise.standard_normal(11))
        )
        steady = shape + noise.normal(-0.05, 0.2, mel.shape).astype(np.float32)
        mel = np.logaddexp(mel * 2.302585, steady * 2.302585).astype(np.float32) / 2.302585
    if rng.random() < 0.25:
        start, size = rng.randint(0, 79), rng.randint(1, 6)
        mel[:, start : start + size] = top - 5
    if rng.random() < 0.15 and len(mel) > 60:
        start = rng.randint(0, len(mel) - 10)
        mel[start : start + rng.randint(1, 5)] = top - 6
    return np.maximum(mel, FLOOR)


def finished(mel: np.ndarray) -> np.ndarray:
    """Whisper's clamp and scale; [B, frames, 80] to [B, 80, frames]."""
    mel = np.maximum(mel, mel.max(axis=(1, 2), keepdims=True) - 8.0)
    return np.ascontiguousarray(((mel + 4.0) / 4.0).transpose(0, 2, 1), dtype=np.float32)
