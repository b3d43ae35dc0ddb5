"""A PulseAudio of a test's own whose only source is what the test plays: the microphone of Firefox,
which unlike Chromium cannot take a file for one."""

import contextlib
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import soundfile

from contracts.audio import Samples
from tests.processes import Process, clean_environ

RATE = 48_000
"""Of the sound device and of what is played: nothing is resampled before the browser."""


def missing() -> list[str]:
    return [program for program in ("pulseaudio", "paplay") if not shutil.which(program)]


class Sound(Process):
    """`environ` lets a program find it. Its HOME and its socket lie in `directory`, whose path must
    be short: a socket's may have 107 characters."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        socket = directory / "native"
        environ = clean_environ(
            HOME=str(directory), XDG_RUNTIME_DIR=str(directory), PULSE_SERVER=f"unix:{socket}", LC_ALL="C.UTF-8"
        )
        modules = (
            f"module-null-sink sink_name=mouth rate={RATE} channels=1",
            f"module-native-protocol-unix socket={socket} auth-anonymous=1 auth-cookie-enabled=0",
        )
        words = ["pulseaudio", "-n", "--fail", "--daemonize=no", "--exit-idle-time=-1", "--log-level=info"]
        words += ["--disable-shm=yes", "--realtime=no", "--high-priority=no"]
        words += [f"--load={module}" for module in modules]
        super().__init__("pulseaudio", shlex.join(words), directory, environ)

    @contextlib.contextmanager
    def playing(self, samples: Samples) -> Iterator[Process]:
        """Play float32 samples at RATE once, from now on."""
        path = self.directory / "speech.wav"
        soundfile.write(path, samples, RATE, subtype="PCM_16")
        command = shlex.join(["paplay", "--device=mouth", str(path)])
        with Process("paplay", command, self.directory, self.environ) as player:
            yield player


@contextlib.contextmanager
def sound() -> Iterator[Sound]:
    """A sound server that is ready; its folder goes with it."""
    with tempfile.TemporaryDirectory(prefix="sound-", ignore_cleanup_errors=True) as folder:
        with Sound(Path(folder)) as server:
            server.wait_for("Daemon startup complete")
            yield server
