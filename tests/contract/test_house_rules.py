"""What may import what, and how a file looks; read from the source, nothing is executed."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.procfile import ROOT

SERVICES = ("fastapi_service", "stt_worker", "analyzer_worker", "listener_service", "recorder_service")
LONGEST = 250
IMPURE = {"time", "datetime", "asyncio", "threading", "logging", "os", "socket", "random"}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "base", "const", "whisper", "celery"}


def listed() -> list[Path]:
    """Python files of the repository, also those not committed yet."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [ROOT / name for name in sorted(set(names)) if (ROOT / name).exists()]


FILES = listed()
OURS = {path.relative_to(ROOT).parts[0] for path in FILES}


def imported(path: Path) -> set[str]:
    """Top-level names of everything that a file imports, wherever in the file."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add("(relative)" if node.level else str(node.module).split(".")[0])
    return modules


def inside(*folders: str) -> list[Path]:
    return [path for path in FILES if any(path.is_relative_to(ROOT / folder) for folder in folders)]


def foreign(path: Path) -> set[str]:
    return imported(path) - set(sys.stdlib_module_names)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def opens_with_docstring(path: Path) -> bool:
    text = path.read_text()
    return not text.strip() or bool(ast.get_docstring(ast.parse(text)))


@pytest.mark.parametrize("path", inside("contracts"), ids=name)
def test_contracts_import_the_standard_library_alone(path: Path) -> None:
    exceptions = {
        "audio.py": {"numpy"},
        "command.py": {"redis"},
        "connect.py": {"redis"},
        "transport.py": {"kombu", "redis"},
        "sqs.py": {"kombu", "botocore"},
        "tasks.py": {"celery", "kombu", "redis"},
    }  # each says why
    assert foreign(path) <= {"contracts"} | exceptions.get(path.name, set())


@pytest.mark.parametrize("path", inside("fastapi_service/live"), ids=name)
def test_live_speech_is_pure(path: Path) -> None:
    assert foreign(path) <= {"numpy", "contracts", "fastapi_service"}
    assert not imported(path) & IMPURE
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("fastapi_service"):
            assert str(node.module).startswith("fastapi_service.live"), node.module


def test_what_is_not_pure_in_contracts_is_named_where_it_is_said() -> None:
    impure = {path.name for path in inside("contracts") if imported(path) & (IMPURE | {"redis", "kombu", "celery"})}
    said = (
        (ROOT / "CONTRIBUTING.md").read_text().partition("In `contracts/` what services share")[2].partition("\n\n")[0]
    )
    assert set(re.findall(r"`(\w+\.py)`", said)) == impure


@pytest.mark.parametrize("path", ["result", "mood", "cues", "exports"])
def test_a_result_and_its_exports_are_pure(path: str) -> None:
    found = ROOT / "fastapi_service" / "recordings" / f"{path}.py"
    assert foreign(found) <= {"contracts", "fastapi_service"}
    assert not imported(found) & IMPURE


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_imports_no_other_one(service: str) -> None:
    others = (OURS | set(SERVICES)) - {service, "contracts"}
    for path in inside(service):
        assert not imported(path) & others, name(path)


def test_services_and_contracts_import_by_full_name() -> None:
    assert [name(path) for path in inside("contracts", *SERVICES) if "(relative)" in imported(path)] == []


def test_every_file_opens_with_its_docstring() -> None:
    """A unit test says by its path what it is about."""
    unit = inside("tests/unit")
    assert [name(path) for path in FILES if path not in unit and not opens_with_docstring(path)] == []


def test_no_file_is_too_long_to_read() -> None:
    lengths = {name(path): len(path.read_text().splitlines()) for path in FILES}
    assert {n: length for n, length in lengths.items() if length > LONGEST} == {}


def test_a_file_is_named_after_what_it_holds() -> None:
    assert [name(path) for path in FILES if path.stem in FORBIDDEN_NAMES] == []
