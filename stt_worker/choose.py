"""Which engine runs: a table, a pure choice, and the only import of an engine's module."""

import importlib
from collections.abc import Collection
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from stt_worker.loading import EngineLoader


class EngineMissing(RuntimeError):
    """The engine that the settings name cannot be used; the text says what to install."""


@dataclass(frozen=True)
class Candidate:
    """`loader` is `module:attribute` of an `EngineLoader`; `library` what must be importable;
    `marker` a file of that package, since unrelated packages share names."""

    loader: str
    library: str
    marker: str
    install: str


ENGINES = {
    "openai-whisper": Candidate(
        "stt_worker.engines.openai_whisper:LOADER",
        "whisper",
        "decoding.py",
        "pip install openai-whisper (the package named just 'whisper' is another program: pip uninstall whisper)",
    ),
    "faster-whisper": Candidate(
        "stt_worker.engines.faster_whisper:LOADER", "faster_whisper", "transcribe.py", "pip install faster-whisper"
    ),
}


def choose(name: str, available: Collection[str]) -> Candidate:
    """The candidate of this name. Raises EngineMissing."""
    if name not in ENGINES:
        raise EngineMissing(f"unknown engine {name!r}; use one of: {', '.join(ENGINES)}")
    if name not in available:
        raise EngineMissing(f"engine {name} is not installed here: {ENGINES[name].install}")
    return ENGINES[name]


def installed() -> frozenset[str]:
    """The engines whose library is present; nothing is imported, some libraries end the process
    on processors that they do not know."""
    return frozenset(name for name, candidate in ENGINES.items() if _present(candidate.library, candidate.marker))


def loader(candidate: Candidate) -> EngineLoader:
    """Import the engine's module."""
    module, attribute = candidate.loader.split(":")
    return cast(EngineLoader, getattr(importlib.import_module(module), attribute))


def _present(library: str, marker: str) -> bool:
    spec = find_spec(library)
    locations = (spec.submodule_search_locations or ()) if spec else ()
    return any((Path(location) / marker).is_file() for location in locations)
