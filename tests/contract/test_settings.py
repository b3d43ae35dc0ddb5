""".env.example lists every setting of every service, at the default that the code has."""

import importlib
import re
from typing import Any

import pytest

from contracts.env import Setting, declared
from scripts import redis_server
from scripts.procfile import ROOT

SERVICES = ("fastapi_service", "fastapi_service.recordings", "stt_worker", "analyzer_worker", "listener_service")
EXAMPLE = re.findall(r"^(#?)([A-Z][A-Z0-9_]*)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
DEFAULTS = {name: value for _, name, value in EXAMPLE}


def settings_of(service: str) -> list[Setting]:
    return declared(importlib.import_module(f"{service}.settings").Settings)


def text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


@pytest.mark.parametrize("service", SERVICES)
def test_each_setting_is_in_the_example_at_its_default(service: str) -> None:
    for setting in settings_of(service):
        assert setting.name in DEFAULTS, f"{setting.name} of {service} is not in .env.example: {setting.help}"
        assert DEFAULTS[setting.name] == text(setting.default), setting.name


@pytest.mark.parametrize("service", SERVICES)
def test_each_setting_has_a_sentence(service: str) -> None:
    for setting in settings_of(service):
        assert len(setting.help) > 10, setting.name


def test_copying_the_example_changes_nothing() -> None:
    assert [name for mark, name, _ in EXAMPLE if not mark] == []


def test_no_setting_stands_twice() -> None:
    names = [name for _, name, _ in EXAMPLE]
    assert sorted(names) == sorted(set(names))


def test_a_setting_of_two_services_has_one_default() -> None:
    seen: dict[str, Any] = {}
    for service in SERVICES:
        for setting in settings_of(service):
            assert seen.setdefault(setting.name, setting.default) == setting.default, setting.name


def test_the_redis_of_make_run_is_where_the_example_says() -> None:
    assert DEFAULTS["REDIS_PORT"] == str(redis_server.DEFAULT_PORT)
    assert DEFAULTS["REDIS_DIR"] == redis_server.DEFAULT_DIRECTORY
