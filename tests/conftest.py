"""Fixtures for every test, and the two rules of the suite: no setting leaks in from outside, and
with CI=true in the environment a skipped test is a failed one."""

import os
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer

from tests.in_two import InTwo, is_busy
from tests.processes import Pipeline, RedisServer, setting_names

STRICT = os.environ.get("CI", "").lower() in ("1", "true", "yes")
HERE = Path(__file__).resolve().parent

# no example is too slow for a machine that has other work; where a change is checked, the examples are always the same
settings.register_profile("suite", deadline=None, derandomize=STRICT, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting in the shell or in .env must not change what a test sees."""
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A real Redis of the test's own: `.url`, `.port`, `.kill()`, `.start()`."""
    with RedisServer(tmp_path) as server:
        yield server


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """The whole pipeline with the shipped models, started once; a test that kills a part restarts
    it and waits until it is ready again."""
    with Pipeline(tmp_path_factory.mktemp("pipeline")) as running:
        yield running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    same = [name for name, times in Counter(item.nodeid for item in items).items() if times > 1]
    if same:  # of those that are called the same, two processes of pytest would run one
        raise pytest.UsageError(f"not the name of one test alone: {', '.join(same)}")
    for item in items:
        if HERE / "e2e" in item.path.parents:
            item.add_marker("e2e")
    items.sort(key=lambda item: not is_busy(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> InTwo:
    return InTwo(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Pipeline):
                report.sections.append(("output of the pipeline", value.tails()))
    if STRICT and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped (CI is set): {_reason(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if STRICT and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped (CI is set): {_reason(report)}"
    return report


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
