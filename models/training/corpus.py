"""Speech to learn from: synthesised clips as power spectra with phone labels, built once. Not committed."""

import json
import logging
import multiprocessing
import random
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import torch
from whisper.audio import mel_filters

from . import grammar, nonspeech, voices

log = logging.getLogger(__name__)
SHARD, SHARDS = 1000, 22
SHARES = {"test": 0.62, "others": 0.32, "korean": 0.06}
SALAD_SHARE, CUT_SHARE, NONSPEECH_SHARE = 0.12, 0.25, 0.1


@dataclass(frozen=True)
class Clip:
    """`text` is None where nobody speaks; `english` is what a translation says; `whole` is false for a cut sentence."""

    text: str | None
    english: str | None
    voice: str
    whole: bool


@dataclass
class Corpus:
    """`mels` are log10 power, float16 [frames, 80], 10 ms a frame; `phones` are labels of 20 ms each, 0 is none."""

    clips: list[Clip]
    mels: list[np.ndarray]
    phones: list[np.ndarray]
    names: list[str]


def power(audio: np.ndarray) -> np.ndarray:
    """Whisper's mel spectrum before its clamp to the loudest bin: float16 [frames, 80], -10 for silence."""
    samples = torch.from_numpy(audio)
    window = torch.hann_window(400)
    stft = torch.stft(samples, 400, 160, window=window, return_complex=True, pad_mode="constant")
    mel = mel_filters("cpu", 80) @ (stft[..., :-1].abs() ** 2)
    return mel.clamp(min=1e-10).log10().T.numpy().astype(np.float16)


def build(folder: Path, seed: int = 1, shards: int = SHARDS, processes: int = 2) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for index in pool.imap_unordered(partial(_shard, folder, seed), range(shards)):
            log.info("shard built", extra={"shard": index})


def load(folder: Path) -> Corpus:
    corpus = Corpus([], [], [], ["_"])
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as data:
            mel, phones, sizes = data["mel"], data["phones"], data["sizes"]
            meta = json.loads(str(data["meta"]))
        known = {name: index for index, name in enumerate(corpus.names)}
        translation = np.array([known.setdefault(name, len(known)) for name in meta["names"]], np.int16)
        corpus.names = list(known)
        corpus.clips += [Clip(**clip) for clip in meta["clips"]]
        edges = np.cumsum(sizes, axis=0)[:-1]
        corpus.mels += np.split(mel, edges[:, 0])
        corpus.phones += np.split(translation[phones], edges[:, 1])
    return corpus


def _shard(folder: Path, seed: int, index: int) -> int:
    torch.set_num_threads(1)
    path = folder / f"{index:03d}.npz"
    if path.exists():
        return index
    rng = random.Random(seed * 1000 + index)
    noise = np.random.default_rng(seed * 1000 + index)
    texts = iter(grammar.sentences(seed * 1000 + index, SHARD))
    names = {"_": 0}
    clips: list[Clip] = []
    mels: list[np.ndarray] = []
    labels: list[np.ndarray] = []

    def keep(clip: Clip, audio: np.ndarray, phones: list[tuple[str, float]]) -> None:
        mel = power(audio)
        starts = [start for _, start in phones]
        ids = [0] + [names.setdefault("_" if name.startswith("_") else name, len(names)) for name, _ in phones]
        at = np.searchsorted(starts, np.arange(len(mel) // 2) * 0.02, side="right")
        clips.append(clip)
        mels.append(mel)
        labels.append(np.array(ids, np.int16)[at])

    for _ in range(SHARD):
        if rng.random() < NONSPEECH_SHARE:
            keep(Clip(None, None, "", True), nonspeech.anything(noise, rng.uniform(0.5, 6)), [])
            continue
        group = rng.choices(list(SHARES), list(SHARES.values()))[0]
        if group == "korean":
            text, english, _ = rng.choice(grammar.KOREAN)
            voice: str = rng.choice(voices.KOREAN)
        else:
            text = english = next(texts).text if rng.random() > SALAD_SHARE else salad(rng)
            voice = rng.choice(voices.TEST if group == "test" else voices.OTHERS)
        spoken = voices.espeak().say(text, voice, rng.randint(142, 188), rng.randint(38, 62))
        keep(Clip(text, english, voice, True), spoken.audio, spoken.phones)
        if group != "korean" and rng.random() < CUT_SHARE:
            cut = cut_short(text, spoken, rng)
            if cut:
                keep(Clip(cut[0], cut[0], voice, False), spoken.audio[: cut[1]], spoken.phones)
    sizes = np.array([[len(mel), len(label)] for mel, label in zip(mels, labels, strict=True)])
    meta = json.dumps({"clips": [asdict(clip) for clip in clips], "names": list(names)})
    np.savez(path, mel=np.concatenate(mels), phones=np.concatenate(labels), sizes=sizes, meta=meta)
    return index


def salad(rng: random.Random) -> str:
    """Words of the grammar in any order: what they sound like must count, not only what usually comes next."""
    first, others = _pool()
    return " ".join([rng.choice(first)] + [rng.choice(others) for _ in range(rng.randint(2, 6))]) + "."


def cut_short(text: str, spoken: voices.Speech, rng: random.Random) -> tuple[str, int] | None:
    """A cut somewhere within the sentence: the words that were spoken to their end, and the cut's sample."""
    starts = [start for _, start in spoken.words]
    if len(starts) < 3:
        return None
    seconds = rng.uniform(starts[1] + 0.05, spoken.seconds - 0.08)
    begun = [count for count, start in spoken.words if start <= seconds - 0.03]
    heard = text.split()[: begun[-1]]
    if not heard:
        return None
    return " ".join(heard).rstrip(".!?,"), int(seconds * voices.SAMPLE_RATE)


@lru_cache
def _pool() -> tuple[list[str], list[str]]:
    """The words that begin sentences, and all words as they stand within one."""
    texts = [piece.split() for piece in grammar.every_piece()]
    names = {"I", "English", *grammar.choices("day")}
    bare = {word.strip(".!?,") for text in texts for word in text}
    return sorted({text[0].strip(",") for text in texts}), sorted(
        {word if word in names else word.lower() for word in bare}
    )
