"""Which speech model to load: a path, a known name, or the small shipped one.

Only names may fall back to the shipped model, and only where DEMO_MODELS allows it: who names a
file wants that file.
"""

import logging
import urllib.error
import urllib.request
from pathlib import Path

from stt_worker.loading import EngineLoader, ModelError, Source, looks_like_path

log = logging.getLogger(__name__)

SHIPPED = Path(__file__).resolve().parent.parent / "models" / "speech.pt"
DEMO_LABEL = "demo-speech"
REACH_SECONDS = 4.0


def resolve(wanted: str, demo_models: str, directory: str, loader: EngineLoader, shipped: Path = SHIPPED) -> Source:
    """What WHISPER_MODEL and DEMO_MODELS mean here. Raises ModelError."""
    if demo_models == "always":
        return demo(shipped)
    if looks_like_path(wanted):
        return at_path(Path(wanted), shipped)
    if wanted not in loader.known():
        raise ModelError(
            f"WHISPER_MODEL={wanted!r} is neither a file nor a model that {loader.name} knows: "
            f"{', '.join(sorted(loader.known()))}"
        )
    obstacle = loader.obstacle(wanted, directory)
    if obstacle is None:
        return Source(wanted, wanted)
    if demo_models == "auto":
        log.warning("using the small shipped speech model", extra={"wanted": wanted, "reason": obstacle})
        return demo(shipped)
    raise ModelError(
        f"model {wanted!r} is not here and cannot be downloaded: {obstacle}; set WHISPER_MODEL to a checkpoint's path, "
        f"or DEMO_MODELS=auto to run with the small shipped model"
    )


def demo(shipped: Path) -> Source:
    if not shipped.is_file():
        raise ModelError(f"the shipped speech model is not at {shipped}; set DEMO_MODELS=never and WHISPER_MODEL")
    return Source(DEMO_LABEL, str(shipped), demo=True)


def at_path(path: Path, shipped: Path) -> Source:
    if not path.exists():
        raise ModelError(f"WHISPER_MODEL={str(path)!r}: there is no such file")
    if shipped.exists() and path.resolve() == shipped.resolve():
        return demo(shipped)
    return Source(path.name, str(path))


def unreachable(url: str, seconds: float = REACH_SECONDS) -> str | None:
    """Why a download from `url` would fail, or None. Any HTTP answer but 404 counts as reached."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=seconds):
            return None
    except urllib.error.HTTPError as answer:
        return f"{url} answered {answer.code}" if answer.code in (403, 404, 410) else None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return f"{url} cannot be reached ({reason})"
