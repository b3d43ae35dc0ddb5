"""What loading a speech model takes and gives, apart from any library."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from stt_worker.engines.protocol import Engine


class ModelError(RuntimeError):
    """The model cannot be used; the text is one sentence that says why and what to do."""


@dataclass(frozen=True)
class Source:
    """`label` is what messages call the model; `location` a name that the library knows, or a
    path; `demo` whether it is the small shipped one."""

    label: str
    location: str
    demo: bool = False


@dataclass(frozen=True)
class Machine:
    """Where a model is to run and what it may use. `directory` empty: the library's own cache."""

    device: str = "auto"
    threads: int = 1
    precision: str = "exact"
    directory: str = ""


class EngineLoader(Protocol):
    """One per engine module, under the name LOADER."""

    name: str

    def known(self) -> list[str]:
        """The model names that this engine can download."""
        ...

    def obstacle(self, name: str, directory: str) -> str | None:
        """Why a known name cannot be had now (not downloaded and the hub not in reach), or None."""
        ...

    def load(self, source: Source, machine: Machine) -> Engine:
        """Raises ModelError."""
        ...


def looks_like_path(wanted: str) -> bool:
    return "/" in wanted or "\\" in wanted or wanted.endswith((".pt", ".bin", ".safetensors")) or Path(wanted).exists()
