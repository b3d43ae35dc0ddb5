"""Where the audio comes from: a file or the microphone, in blocks of 64 ms, mono float32.

`read` gives the next block, or None at the end. It is called again at once, whether there is a
connection or not.
"""

import asyncio
import time
from pathlib import Path
from typing import Any, Protocol

import soundfile  # type: ignore[import-untyped]  # ships no type information

from recorder_service.capture import Capture, Samples

BLOCK_SECONDS = 0.064
MOST_BLOCKS = round(30 / BLOCK_SECONDS)
"""Of a microphone, while the event loop is held up. It takes each at once; it is half a minute late only
where the machine was stopped."""


class BadAudio(Exception):
    """There is no audio to be had; the message says why and what to do."""


class Source(Protocol):
    @property
    def rate(self) -> int: ...

    @property
    def can_wait(self) -> bool:
        """Whether its audio is still there when it is read later."""

    async def read(self) -> Samples | None: ...

    def stop(self) -> None:
        """No more audio: the next `read` gives None."""


class AudioFile:
    """WAV, FLAC and whatever else libsndfile reads; channels are mixed, the rate is kept.

    Paced by sample count: block n leaves no earlier than its place in the recording, unless
    `fast`, when only the server's reading speed holds it back.
    """

    can_wait = True

    def __init__(self, path: Path, fast: bool = False) -> None:
        if not path.is_file():
            raise BadAudio(f"There is no file {path}")
        try:
            self._file = soundfile.SoundFile(path)
        except soundfile.LibsndfileError as error:
            raise BadAudio(
                f"{path} cannot be read: {error.error_string} WAV and FLAC can; "
                "convert others first (ffmpeg -i IN -ac 1 OUT.wav)"
            ) from None
        self.rate: int = self._file.samplerate
        self._block = max(1, round(self.rate * BLOCK_SECONDS))
        self._fast = fast
        self._began: float | None = None
        self._stopped = asyncio.Event()

    async def read(self) -> Samples | None:
        if not self._fast:
            await self._its_time()
        if self._stopped.is_set():
            return None
        position = self._file.tell()
        try:
            block: Samples = self._file.read(self._block, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise BadAudio(f"{self._file.name} is damaged after sample {position}: {error}") from None
        return block.mean(axis=1) if len(block) else None

    def stop(self) -> None:
        self._stopped.set()

    async def _its_time(self) -> None:
        now = time.monotonic()
        if self._began is None:
            self._began = now
        wait = self._began + self._file.tell() / self.rate - now
        if wait > 0:
            try:
                await asyncio.wait_for(self._stopped.wait(), wait)
            except TimeoutError:
                return


class Microphone:
    """The default input device, through the optional package `sounddevice`."""

    rate = 16_000
    can_wait = False

    def __init__(self) -> None:
        try:
            import sounddevice  # type: ignore[import-not-found]  # optional
        except ImportError:
            raise BadAudio("--mic needs the package sounddevice: .venv/bin/pip install sounddevice") from None
        except OSError as error:
            raise BadAudio(f"--mic needs PortAudio ({error}); Debian: apt install libportaudio2") from None
        self._capture = Capture(asyncio.get_running_loop(), MOST_BLOCKS)
        try:
            self._stream: Any = sounddevice.InputStream(
                samplerate=self.rate,
                channels=1,
                dtype="float32",
                blocksize=round(self.rate * BLOCK_SECONDS),
                callback=self._captured,
            )
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            raise BadAudio(f"No microphone can be opened here ({error}); stream a file instead") from None

    async def read(self) -> Samples | None:
        return await self._capture.next()

    def stop(self) -> None:
        self._stream.close()
        self._capture.end()

    def _captured(self, block: Samples, *_: object) -> None:
        """Called in PortAudio's thread; the buffer is only ours until we return."""
        self._capture.add(block[:, 0].copy())
