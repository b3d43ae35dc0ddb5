"""What is installed, when it is up to date, and what each failure is called."""

from pathlib import Path

import pytest

from scripts import install

GB = install.GIGABYTE


def test_requirements_are_followed_into_the_services() -> None:
    text = install.requirements(install.ROOT / "requirements-dev.txt")
    for package in ("fastapi==", "torch==", "transformers==", "honcho==", "pytest==", "websockets=="):
        assert package in text
    assert "-r " not in text


def test_every_requirement_is_pinned_exactly() -> None:
    for line in install.requirements(install.ROOT / "requirements-dev.txt").splitlines():
        package = line.partition(";")[0]
        assert not package or package.startswith("#") or package.count("==") == 1, line


def test_too_little_space_is_said_before_anything_is_fetched() -> None:
    with pytest.raises(install.Trouble, match=r"need about 4 GB, and 1.0 GB are free"):
        install.check_space(GB, has_torch=False, cpu_index=False)
    assert install.check_space(GB, has_torch=True, cpu_index=False) is None
    assert install.check_space(6 * GB, has_torch=False, cpu_index=True) is None
    assert install.check_space(60 * GB, has_torch=False, cpu_index=False) is None


@pytest.mark.parametrize(
    ("errors", "sentence"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("WARNING: Retrying ... NewConnectionError ... name resolution", "is the network reachable"),
        ("ERROR: No matching distribution found for torch==9", "is the network reachable"),
        ("error: command 'gcc' failed: No such file or directory", "no ready build for Python"),
        ("something else", "its last lines above say why"),
    ],
)
def test_failures_are_explained(errors: str, sentence: str) -> None:
    assert sentence in install.explain(errors)


def test_the_fingerprint_follows_the_files() -> None:
    assert install.fingerprint("run") == install.fingerprint("run")
    assert install.fingerprint("run") != install.fingerprint("test")
    assert Path(install.FILES["run"]).name == "requirements.txt"
