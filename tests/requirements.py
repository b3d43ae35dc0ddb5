"""The services' requirements.txt, and what pip installs by them, as the packages in this environment say it."""

from collections.abc import Iterable
from functools import cache
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.procfile import ROOT

FOLDERS = sorted(
    str(path.parent.relative_to(ROOT))
    for path in (*ROOT.glob("*/requirements.txt"), *ROOT.glob("docker/*/requirements.txt"))
)


def listed(folder: str) -> list[Requirement]:
    lines = (line.partition("#")[0].strip() for line in (ROOT / folder / "requirements.txt").read_text().splitlines())
    return [Requirement(line) for line in lines if line]


def installed_by(requirements: Iterable[Requirement]) -> set[str]:
    """Names of these distributions and of all that they require, with their extras, on this machine."""
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    waiting = list(requirements)
    while waiting:
        wanted = waiting.pop()
        found.add(name(wanted))
        for extra in ("", *wanted.extras):
            if (name(wanted), extra) not in seen:
                seen.add((name(wanted), extra))
                more = map(Requirement, metadata.requires(wanted.name) or ())
                waiting += [one for one in more if one.marker is None or one.marker.evaluate({"extra": extra})]
    return found


def name(requirement: Requirement) -> str:
    return str(canonicalize_name(requirement.name))


def distributions_of(module: str) -> set[str]:
    """Names of those that bring the module; itself, in brackets, where nothing that is installed does."""
    top = module.split(".")[0]
    return {str(canonicalize_name(found)) for found in _packages().get(top, ())} or {f"({top})"}


@cache
def _packages() -> dict[str, list[str]]:
    return {module: list(found) for module, found in metadata.packages_distributions().items()}
