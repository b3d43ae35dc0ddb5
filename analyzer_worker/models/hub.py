"""The Hugging Face hub and the local copy of what was fetched from it.

Every question to the hub has a deadline: a network that swallows packets must not hold up a start.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from analyzer_worker.models import ModelError

ASK_SECONDS = 3.0
"""For one answer of the hub."""
GIVE_UP_SECONDS = 10.0
"""For the whole question: name resolution and the library's own retries have no common timeout."""

WEIGHTS = {
    "*.safetensors": ("model.safetensors", "model.safetensors.index.json"),
    "*.bin": ("pytorch_model.bin", "pytorch_model.bin.index.json"),
}
"""Weight files in order of preference: the pattern of all of them, and those that show that they are whole."""


class Hub:
    """`directory` is where downloads are kept; empty for the library's own cache."""

    def __init__(self, directory: str) -> None:
        self._directory = directory or None

    def cached(self, name: str) -> Path | None:
        """The directory of an earlier complete download, without asking the hub."""
        from huggingface_hub import snapshot_download

        for weights, marks in WEIGHTS.items():
            try:
                path = Path(snapshot_download(name, **self._wanted(weights), local_files_only=True))
            except (OSError, ValueError):  # not there, or no hub name at all: `unreachable` tells which
                continue
            if (path / "config.json").is_file() and any((path / mark).is_file() for mark in marks):
                return path
        return None

    def unreachable(self, name: str) -> str | None:
        """Why the hub cannot give this model now; None when it can. Raises ModelError when the hub
        answers that it never will: waiting or a stand-in would hide a wrong name."""
        from huggingface_hub import HfApi, constants
        from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, HFValidationError, RepositoryNotFoundError

        if constants.HF_HUB_OFFLINE:
            return "HF_HUB_OFFLINE forbids asking the hub"
        silent = f"the hub {constants.ENDPOINT} does not answer"
        try:
            _within(GIVE_UP_SECONDS, lambda: HfApi().model_info(name, timeout=ASK_SECONDS))
        except GatedRepoError:
            raise ModelError(f"SENTIMENT_MODEL={name}: the hub wants its terms accepted first; set HF_TOKEN") from None
        except (RepositoryNotFoundError, HFValidationError):
            raise ModelError(f"SENTIMENT_MODEL={name}: no such directory, and the hub knows no such model") from None
        except HfHubHTTPError as error:
            return f"{silent} as it should (HTTP {error.response.status_code})"
        except Exception as error:  # connection errors of whichever client the library uses
            return f"{silent} ({type(error).__name__})"
        return None

    def fetch(self, name: str) -> Path:
        """Download what is needed, with progress on standard error. Raises ModelError."""
        from huggingface_hub import HfApi, snapshot_download

        try:
            files = {f.rfilename for f in HfApi().model_info(name, timeout=ASK_SECONDS).siblings or ()}
            weights = next((pattern for pattern, marks in WEIGHTS.items() if files & set(marks)), "*.bin")
            path = snapshot_download(name, **self._wanted(weights))
        except Exception as error:  # disk full, connection lost, ...: the sentence is what matters
            raise ModelError(
                f"SENTIMENT_MODEL={name}: the download failed ({type(error).__name__}: {_first_line(error)}); "
                "start again, what was loaded so far is kept"
            ) from error
        return Path(path)

    def _wanted(self, weights: str) -> dict[str, Any]:
        """The model's own files; other formats lie in folders below (onnx/, coreml/)."""
        patterns = ["*.json", "*.txt", "*.model", weights]
        return {"cache_dir": self._directory, "allow_patterns": patterns, "ignore_patterns": "*/*"}


def _within(seconds: float, ask: Callable[[], object]) -> None:
    """Run `ask` in a thread that is left behind when it takes longer. Raises what it raised."""
    raised: list[BaseException | None] = []

    def run() -> None:
        try:
            ask()
            raised.append(None)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, name="hub", daemon=True)
    thread.start()
    thread.join(seconds)
    if not raised:
        raise TimeoutError(f"no answer within {seconds:g} s")
    if raised[0]:
        raise raised[0]


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "")[:200]
