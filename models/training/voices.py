"""espeak-ng in this process through ctypes: 16 kHz speech with the times of phones and words. One thread at a time."""

import ctypes
import ctypes.util
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

TEST = ("en-us", "en-us+f3", "en-us+m3", "en-gb")
HELD_OUT = ("en-us+f2", "en-us+m7", "en-gb+f2")
KOREAN = ("ko", "ko+f3", "ko+m3")
OTHERS = (
    "en-us+f1 en-us+f4 en-us+f5 en-us+m1 en-us+m2 en-us+m4 en-us+m5 en-us+m6 en-us+m8 en-us+Annie en-us+Andy "
    "en-us+Alex en-us+linda en-us+steph en-us+john en-us+adam en-us+ed en-us+rob en-us+belinda en-us+max "
    "en-gb+f3 en-gb+m3 en-gb+f4 en-gb+m1 en-gb+Alicia en-gb-x-rp en-gb-scotland en-029 en-gb-x-gbclan en-gb-x-gbcwmd"
).split()

SAMPLE_RATE = 16_000
_WORD, _PHONE, _END = 1, 7, 0
_RETRIEVAL, _PHONE_EVENTS, _UTF8, _BY_CHARACTER, _RATE, _PITCH = 1, 1, 1, 1, 1, 3


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("name", ctypes.c_char * 8),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True)
class Speech:
    """`audio` is float32; `phones` are (name, start in seconds); `words` are (number of words begun before, start)."""

    audio: np.ndarray
    phones: list[tuple[str, float]]
    words: list[tuple[int, float]]

    @property
    def seconds(self) -> float:
        return len(self.audio) / SAMPLE_RATE


class Espeak:
    def __init__(self) -> None:
        name = ctypes.util.find_library("espeak-ng")
        if name is None:
            raise RuntimeError("libespeak-ng is missing: install the package libespeak-ng1")
        self.library = ctypes.CDLL(name)
        self.rate = self.library.espeak_Initialize(_RETRIEVAL, 0, None, _PHONE_EVENTS)
        self.audio: list[np.ndarray] = []
        self.phones: list[tuple[str, float]] = []
        self.words: list[tuple[int, float]] = []
        self.callback = _Callback(self._collect)
        self.library.espeak_SetSynthCallback(self.callback)

    def _collect(self, samples, count: int, event) -> int:
        if samples and count:
            self.audio.append(np.ctypeslib.as_array(samples, (count,)).astype(np.float32))
        index = 0
        while event[index].type != _END:
            here = event[index]
            if here.type == _PHONE:
                self.phones.append((here.name.decode(errors="replace"), here.audio_ms / 1000))
            elif here.type == _WORD:
                self.words.append((here.text_position, here.audio_ms / 1000))
            index += 1
        return 0

    def say(self, text: str, voice: str, speed: int = 160, pitch: int = 50) -> Speech:
        """`speed` in words a minute, `pitch` 0 to 99; the silence around the speech is cut off."""
        self.audio, self.phones, self.words = [], [], []
        name = voice if voice.startswith("en-gb-") else voice.replace("en-gb", "en")  # the library's own name for it
        if self.library.espeak_SetVoiceByName(name.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice!r}")
        self.library.espeak_SetParameter(_RATE, speed, 0)
        self.library.espeak_SetParameter(_PITCH, pitch, 0)
        raw = text.encode()
        self.library.espeak_Synth(raw, len(raw) + 1, 0, _BY_CHARACTER, 0, _UTF8, None, None)
        self.library.espeak_Synchronize()
        audio = resampled(np.concatenate(self.audio) / 32768, self.rate)
        words = [(len(text[: position - 1].split()), start) for position, start in self.words]
        loud = np.flatnonzero(np.abs(audio) > 0.004)
        first, last = max(loud[0] - 160, 0), loud[-1] + 320
        shift = first / SAMPLE_RATE
        return Speech(
            audio[first:last],
            [(name, start - shift) for name, start in self.phones],
            [(count, start - shift) for count, start in words],
        )


@lru_cache
def espeak() -> Espeak:
    return Espeak()


def resampled(audio: np.ndarray, rate: int) -> np.ndarray:
    """To 16 kHz by cutting the spectrum; `rate` must be 22,050 (ratio 320/441)."""
    if rate != 22_050:
        raise ValueError(f"expected 22050 Hz, got {rate}")
    blocks = -(-(len(audio) + 441) // 3528) * 8
    spectrum = np.fft.rfft(audio, blocks * 441)
    return np.fft.irfft(spectrum[: blocks * 160 + 1] * (320 / 441), blocks * 320).astype(np.float32)
