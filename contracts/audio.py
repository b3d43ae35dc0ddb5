"""What PCM means here: 16 kHz mono; float32 in -1..1 inside a process, s16le between processes.

The one file of `contracts` that uses numpy: a pure-Python conversion of a second of audio costs
milliseconds, numpy's some ten microseconds. Only services that handle audio import it.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
BYTES_PER_SAMPLE = {"f32le": 4, "s16le": 2}

Samples = NDArray[np.float32]


class NotPcm(ValueError):
    """The bytes are not PCM of the announced format; the message says what is wrong with them."""


def decode_pcm(data: bytes, pcm_format: str) -> Samples:
    """Bytes of `f32le` or `s16le` mono PCM -> float32[n] in -1..1 (f32le is not clipped).

    Raises NotPcm for a byte count that is not a whole number of samples, for NaN and infinity.
    """
    size = BYTES_PER_SAMPLE[pcm_format]
    if len(data) % size:
        raise NotPcm(f"{len(data)} bytes are not a whole number of {pcm_format} samples ({size} bytes each)")
    if pcm_format == "s16le":
        return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)
    samples = np.frombuffer(data, "<f4").astype(np.float32)
    if not np.isfinite(samples).all():
        bad = int(np.flatnonzero(~np.isfinite(samples))[0])
        raise NotPcm(f"sample {bad} of the frame is {samples[bad]}; samples must be finite numbers")
    return samples


def to_s16le(samples: Samples) -> bytes:
    """float32[n] -> s16le bytes, clipped to full scale (browsers exceed 1.0 by a little)."""
    pcm: bytes = np.rint(np.clip(samples * np.float32(32768), -32768, 32767)).astype("<i2").tobytes()
    return pcm


def digest(pcm: bytes) -> str:
    """SHA-256 of the bytes, in hex: the content hash of a claim check."""
    return hashlib.sha256(pcm).hexdigest()


def seconds(samples: int) -> float:
    """A sample count at 16 kHz as seconds, rounded to the millisecond."""
    return round(samples / SAMPLE_RATE, 3)
