"""Which model to use, decided from facts: the setting, what is on disk, whether a hub answers.

`choose` asks the hub only when the answer depends on it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from analyzer_worker.models import ModelError

SHIPPED = Path(__file__).parents[2] / "models" / "sentiment"
DEMO_NAME = "demo-sentiment"
DEMO_LANGUAGES = frozenset({"en"})


@dataclass(frozen=True)
class Choice:
    """Load from `path` if set, else from the hub under `name` (which then answers). `note` says in
    words why a demo model stands in."""

    name: str
    path: Path | None
    demo: bool = False
    note: str = ""


def looks_like_path(name: str) -> bool:
    """A hub name is `model` or `owner/model`; anything else is meant as a directory."""
    return name.startswith((".", "/", "~")) or name.count("/") > 1 or name.endswith("/")


def choose(
    name: str,
    demo_models: str,
    cached: Callable[[str], Path | None],
    unreachable: Callable[[str], str | None],
    shipped: Path = SHIPPED,
) -> Choice:
    """`cached(name)` is the directory of a complete earlier download or None; `unreachable(name)`
    is the reason why the hub cannot give it now, None when it can. Raises ModelError."""
    if demo_models == "always":
        return _demo("DEMO_MODELS=always", shipped)
    directory = Path(name).expanduser()
    if directory.is_dir():
        return Choice(directory.resolve().name, directory)
    if looks_like_path(name):
        what = "is a file, not a directory" if directory.exists() else "does not exist"
        raise ModelError(f"SENTIMENT_MODEL={name}: this directory {what}; give one made by save_pretrained")
    found = cached(name)
    if found:
        return Choice(name, found)
    reason = unreachable(name)
    if reason is None:
        return Choice(name, None)
    if demo_models == "auto":
        return _demo(f"SENTIMENT_MODEL={name} is not on this machine and {reason}", shipped)
    raise ModelError(
        f"SENTIMENT_MODEL={name} is not on this machine and {reason}. Start once with a connection, "
        "or set SENTIMENT_MODEL to a directory with the model, or DEMO_MODELS=auto to use the small shipped one"
    )


def _demo(note: str, shipped: Path) -> Choice:
    if not (shipped / "config.json").is_file():
        raise ModelError(f"the shipped model is missing: {shipped} has no config.json; restore it from the repository")
    return Choice(DEMO_NAME, shipped, demo=True, note=note)
