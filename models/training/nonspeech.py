"""Sounds without words: silence, hum, noises of every colour, clicks, tones. Drawn at random or by name."""

from collections.abc import Callable

import numpy as np

RATE = 16_000


def coloured(rng: np.random.Generator, count: int, slope: float) -> np.ndarray:
    """Noise whose power falls with frequency to the power `slope`: 0 white, 1 pink, 2 brown, below 0 blue."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    frequency = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 20.0)
    return _unit(np.fft.irfft(spectrum * frequency ** (-slope / 2), count))


def white(rng: np.random.Generator, count: int) -> np.ndarray:
    return coloured(rng, count, 0.0)


def pink(rng: np.random.Generator, count: int) -> np.ndarray:
    return coloured(rng, count, 1.0)


def brown(rng: np.random.Generator, count: int) -> np.ndarray:
    return coloured(rng, count, 2.0)


def tinted(rng: np.random.Generator, count: int) -> np.ndarray:
    return coloured(rng, count, rng.uniform(-1.0, 3.0))


def band(rng: np.random.Generator, count: int) -> np.ndarray:
    spectrum = np.fft.rfft(rng.standard_normal(count))
    frequency = np.fft.rfftfreq(count, 1 / RATE)
    low = np.exp(rng.uniform(np.log(60), np.log(4000)))
    spectrum[(frequency < low) | (frequency > low * rng.uniform(1.2, 4))] *= 0.01
    return _unit(np.fft.irfft(spectrum, count))


def hum(rng: np.random.Generator, count: int) -> np.ndarray:
    base = rng.choice([50.0, 60.0, 100.0, 120.0])
    parts = [
        np.sin(2 * np.pi * base * k * _time(count) + rng.uniform(0, 6)) / k ** rng.uniform(0.5, 2) for k in range(1, 12)
    ]
    return _unit(np.sum(parts, axis=0))


def modulated(rng: np.random.Generator, count: int) -> np.ndarray:
    """Noise that swells as syllables do."""
    swell = 1 + rng.uniform(0.5, 1) * np.sin(2 * np.pi * rng.uniform(0.5, 12) * _time(count) + rng.uniform(0, 6))
    return _unit(tinted(rng, count) * swell ** rng.choice([1, 2, 4]))


def clicks(rng: np.random.Generator, count: int) -> np.ndarray:
    audio = np.zeros(count)
    at = rng.integers(0, max(count - 400, 1), max(int(count / RATE * rng.uniform(1, 12)), 1))
    for start in at:
        size = int(rng.integers(1, 300))
        audio[start : start + size] += (
            rng.standard_normal(len(audio[start : start + size]))
            * np.exp(-np.arange(size) / (size / 4 + 1))[: len(audio) - start]
        )
    return audio / max(np.abs(audio).max(), 1e-6)


def sweep(rng: np.random.Generator, count: int) -> np.ndarray:
    low, high = np.exp(rng.uniform(np.log(80), np.log(6000), 2))
    frequency = np.exp(
        np.interp(_time(count) % rng.uniform(0.4, 4), [0, rng.uniform(0.4, 4)], [np.log(low), np.log(high)])
    )
    return np.sin(2 * np.pi * np.cumsum(frequency) / RATE)


def chord(rng: np.random.Generator, count: int) -> np.ndarray:
    base = np.exp(rng.uniform(np.log(80), np.log(600)))
    tones = [base * 2 ** (step / 12) for step in rng.choice([0, 3, 4, 7, 10, 12, 16, 19], 3, replace=False)]
    return _struck(rng, count, tones)


def plucked(rng: np.random.Generator, count: int) -> np.ndarray:
    base = np.exp(rng.uniform(np.log(80), np.log(600)))
    return _struck(rng, count, [base * k for k in range(1, int(rng.integers(4, 14)))])


def tremolo(rng: np.random.Generator, count: int) -> np.ndarray:
    """A square or saw wave, louder and softer; sometimes with vibrato."""
    time, base = _time(count), np.exp(rng.uniform(np.log(70), np.log(900)))
    phase = base * time + rng.uniform(0, 2) * np.sin(2 * np.pi * rng.uniform(3, 7) * time)
    wave = np.sign(np.sin(2 * np.pi * phase)) if rng.random() < 0.5 else 2 * (phase % 1) - 1
    return _unit(wave * (1 + rng.uniform(0, 1) * np.sin(2 * np.pi * rng.uniform(1, 10) * time)))


def keypad(rng: np.random.Generator, count: int) -> np.ndarray:
    """Telephone tones."""
    time, audio = _time(count), np.zeros(count)
    span = int(RATE * rng.uniform(0.1, 0.4))
    for start in range(0, count, int(span * rng.uniform(1.2, 2))):
        pair = rng.choice([697, 770, 852, 941]), rng.choice([1209, 1336, 1477])
        part = slice(start, start + span)
        audio[part] = sum(np.sin(2 * np.pi * tone * time[part]) for tone in pair)
    return _unit(audio)


KINDS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    kind.__name__: kind
    for kind in (white, pink, brown, tinted, band, hum, modulated, clicks, sweep, chord, plucked, tremolo, keypad)
}

VOICELIKE = ("hum", "hum", "tremolo", "band", "plucked", "chord")


def sound(kind: str, seed: int, seconds: float = 3.0, level: float = 0.1) -> np.ndarray:
    """float32 at 16 kHz, `level` its loudness (root mean square, peaks cut at 1); `silence` is a kind too."""
    count = int(seconds * RATE)
    if kind == "silence":
        return np.zeros(count, np.float32)
    audio = KINDS[kind](np.random.default_rng(seed), count)
    return np.clip(audio * level, -1, 1).astype(np.float32)


def anything(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """One kind, or two one over the other, at any level; those that resemble a voice come more often."""
    count = int(seconds * RATE)
    total = np.zeros(count)
    for _ in range(1 if rng.random() < 0.7 else 2):
        kind = rng.choice([*KINDS, *VOICELIKE])
        total += KINDS[kind](rng, count) * 10 ** rng.uniform(-3, -0.5)
    return np.clip(total, -1, 1).astype(np.float32)


def _struck(rng: np.random.Generator, count: int, tones: list[float]) -> np.ndarray:
    """Tones that start together and die away, again and again."""
    time, audio = _time(count), np.zeros(count)
    for _ in range(int(rng.integers(1, 6))):
        start = int(rng.integers(0, max(count // 2, 1)))
        since = time[: count - start]
        bend = 2 ** (rng.integers(-5, 6) / 12)
        for tone in tones:
            audio[start:] += (
                np.sin(2 * np.pi * tone * bend * since) * np.exp(-since * rng.uniform(1, 9)) * rng.uniform(0.2, 1)
            )
    return _unit(audio)


def _time(count: int) -> np.ndarray:
    return np.arange(count) / RATE


def _unit(audio: np.ndarray) -> np.ndarray:
    return audio / max(np.sqrt(np.mean(audio**2)), 1e-6)
