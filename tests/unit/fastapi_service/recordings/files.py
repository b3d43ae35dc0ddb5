"""Recordings in every format, made of the first seconds of a spoken sentence; and what was said in them."""

import io
import tempfile
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
import soxr

from contracts.audio import SAMPLE_RATE, Samples
from fastapi_service.recordings.decode import decode
from fastapi_service.recordings.refusal import BadRecording
from fastapi_service.recordings.rules import DEFAULT, DecodeRules
from tests.speech import FOLDER

SECONDS = 2.0


@cache
def speech() -> Samples:
    samples, rate = soundfile.read(FOLDER / "en-us-1.flac", dtype="float32")
    assert rate == SAMPLE_RATE
    return np.ascontiguousarray(samples[8000 : 8000 + int(SECONDS * rate)])


def at(rate: int) -> Samples:
    return np.asarray(soxr.resample(speech(), SAMPLE_RATE, rate), np.float32)


class Pipe:
    """A file that cannot seek, as a browser's recorder writes."""

    def __init__(self) -> None:
        self.written = bytearray()

    def write(self, data: bytes) -> int:
        self.written += data
        return len(data)


def encode(
    container: str,
    codec: str,
    samples: Samples,
    rate: int,
    layout: str = "mono",
    pipe: bool = False,
    path: str = "",
    codec_options: Mapping[str, str] | None = None,
    **options: str,
) -> bytes:
    """float32[n], or [channels, n], as such a file, by way of `path` if the muxer wants to read it again.
    `options` are the muxer's."""
    target: Any = path or (Pipe() if pipe else io.BytesIO())
    channels = av.AudioLayout(layout).nb_channels
    packed = np.broadcast_to(np.atleast_2d(samples), (channels, np.shape(samples)[-1])).T.reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(packed, np.float32), format="flt", layout=layout)
    frame.sample_rate = rate
    with av.open(target, "w", format=container, options=options) as file:
        stream = file.add_stream(codec, rate=rate, layout=layout, options=dict(codec_options or {}))
        fitting = av.AudioResampler(stream.format, layout, rate)
        for part in [*fitting.resample(frame), *fitting.resample(None)]:
            part.pts = None
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    if path:
        return Path(path).read_bytes()
    return bytes(target.written) if pipe else target.getvalue()


def index_in_front() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return encode("mp4", "aac", at(44_100), 44_100, path=f"{folder}/speech.mp4", movflags="faststart")


def sound_file(format: str, subtype: str, samples: Samples, rate: int) -> bytes:
    """By libsndfile, float32[n] or [channels, n]."""
    target = io.BytesIO()
    soundfile.write(target, samples.T, rate, format=format, subtype=subtype)
    return target.getvalue()


def video(sound: bool, begins: float = 0.0) -> bytes:
    """A second of moving pictures in an MP4, and the speech from second `begins` on."""
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as file:
        pictures = file.add_stream("mpeg4", rate=25, width=64, height=48, pix_fmt="yuv420p")
        speaking = file.add_stream("aac", rate=SAMPLE_RATE, layout="mono") if sound else None
        for number in range(25):
            shade = np.full((48, 64, 3), number * 10, np.uint8)
            file.mux(pictures.encode(av.VideoFrame.from_ndarray(shade, format="rgb24")))
        file.mux(pictures.encode(None))
        if speaking:
            for start in range(0, len(speech()), 1024):
                part = np.zeros((1, 1024), np.float32)
                part[0, : len(speech()) - start] = speech()[start : start + 1024]
                frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
                frame.sample_rate, frame.pts = SAMPLE_RATE, start + round(begins * SAMPLE_RATE)
                file.mux(speaking.encode(frame))
            file.mux(speaking.encode(None))
    return target.getvalue()


FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "500000"}
MADE: dict[str, Callable[[], bytes]] = {
    "wav, 8 bit": lambda: encode("wav", "pcm_u8", speech(), 16_000),
    "wav, 16 bit": lambda: encode("wav", "pcm_s16le", speech(), 16_000),
    "wav, 16 bit 48 kHz stereo": lambda: encode("wav", "pcm_s16le", at(48_000), 48_000, "stereo"),
    "wav, 24 bit": lambda: sound_file("WAV", "PCM_24", speech(), 16_000),
    "wav, 24 bit extensible": lambda: sound_file("WAVEX", "PCM_24", speech(), 16_000),
    "wav, 32 bit": lambda: encode("wav", "pcm_s32le", speech(), 16_000),
    "wav, float32": lambda: encode("wav", "pcm_f32le", speech(), 16_000),
    "wav, float64": lambda: encode("wav", "pcm_f64le", speech(), 16_000),
    "wav, mu-law telephone": lambda: encode("wav", "pcm_mulaw", at(8_000), 8_000),
    "wav, A-law telephone": lambda: encode("wav", "pcm_alaw", at(8_000), 8_000),
    "wav, RF64": lambda: encode("wav", "pcm_s16le", speech(), 16_000, rf64="always"),
    "wav, of a pipe": lambda: encode("wav", "pcm_s16le", speech(), 16_000, pipe=True),
    "wav, ADPCM": lambda: encode("wav", "adpcm_ima_wav", speech(), 16_000),
    "aiff": lambda: encode("aiff", "pcm_s16be", at(44_100), 44_100),
    "flac": lambda: encode("flac", "flac", at(44_100), 44_100, "stereo"),
    "flac, 96 kHz": lambda: encode("flac", "flac", at(96_000), 96_000),
    "mp3": lambda: encode("mp3", "libmp3lame", at(44_100), 44_100),
    "mp3, without tags": lambda: encode("mp3", "libmp3lame", at(22_050), 22_050, write_xing="0", id3v2_version="0"),
    "mp3, variable rate": lambda: encode(
        "mp3", "libmp3lame", at(48_000), 48_000, codec_options={"compression_level": "9", "qscale": "5"}
    ),
    "m4a": lambda: encode("ipod", "aac", at(44_100), 44_100, "stereo"),
    "m4a, index in front": index_in_front,
    "mp4, in fragments": lambda: encode("mp4", "aac", at(48_000), 48_000, pipe=True, **FRAGMENTS),
    "aac": lambda: encode("adts", "aac", at(44_100), 44_100),
    "ogg, Opus": lambda: encode("ogg", "libopus", at(48_000), 48_000),
    "ogg, Vorbis": lambda: sound_file("OGG", "VORBIS", at(44_100), 44_100),
    "webm": lambda: encode("webm", "libopus", at(48_000), 48_000),
    "webm, of a browser": lambda: encode("webm", "libopus", at(48_000), 48_000, pipe=True, live="1"),
    "video": partial(video, sound=True),
    "ac3, 5.1": lambda: encode("ac3", "ac3", at(48_000), 48_000, "5.1"),
    "amr": lambda: encode("amr", "libopencore_amrnb", at(8_000), 8_000),
    "mpeg-ts": lambda: encode("mpegts", "aac", at(48_000), 48_000),
}
"""As bytes, when called."""


@cache
def made(kind: str) -> bytes:
    return MADE[kind]()


def decoded(data: bytes, rules: DecodeRules = DEFAULT) -> Samples:
    return np.concatenate(list(decode(io.BytesIO(data), rules)))


def refusal(data: bytes, rules: DecodeRules = DEFAULT) -> tuple[str, str]:
    """The code and the message with which it is refused."""
    try:
        samples = decoded(data, rules)
    except BadRecording as bad:
        return bad.code, str(bad)
    raise AssertionError(f"{len(samples)} samples were decoded")


def notes(data: bytes) -> list[tuple[str, float]]:
    decoding = decode(io.BytesIO(data))
    for _ in decoding:
        pass
    return [(note.code, note.second) for note in decoding.notes]


def likeness(samples: Samples, original: Samples) -> tuple[float, float]:
    """By how many milliseconds it comes later, and the correlation then."""
    size = 1 << (len(samples) + len(original)).bit_length()
    products = np.fft.irfft(np.fft.rfft(samples, size) * np.conj(np.fft.rfft(original, size)), size)
    delay = int(np.argmax(products))
    delay -= size if delay > size // 2 else 0
    early, late = samples[max(0, delay) :], original[max(0, -delay) :]
    length = min(len(early), len(late))
    return delay * 1000 / SAMPLE_RATE, float(np.corrcoef(early[:length], late[:length])[0, 1])
