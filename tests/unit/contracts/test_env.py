"""Settings: defaults, parsing, and sentences for what cannot be used."""

from dataclasses import dataclass

import pytest

from contracts import redis_url
from contracts.env import SettingError, declared, read, setting


@dataclass(frozen=True)
class Settings:
    url: str = setting("URL", "redis://localhost", "Where Redis is.")
    port: int = setting("PORT", 8000, "Port to listen on.", minimum=1, maximum=65535)
    lead: float = setting("LEAD", 60.0, "Seconds.", minimum=1)
    partials: bool = setting("PARTIALS", True, "Show words early.")
    engine: str = setting("ENGINE", "a", "Engine.", choices=("a", "b"))
    store: str = setting("STORE", "redis://localhost:6379/0", "Store.", schemes=("redis", "rediss"))


def test_nothing_set_gives_the_defaults_and_empty_counts_as_not_set():
    assert read(Settings, {}) == Settings() == read(Settings, {"PORT": "", "ENGINE": " "})


def test_values_are_parsed_by_the_type_of_their_field():
    settings = read(
        Settings,
        {"PORT": "80", "LEAD": "2.5", "PARTIALS": "off", "ENGINE": "b", "URL": "x"} | {"STORE": "rediss://u:p@[::1]"},
    )
    assert settings == Settings("x", 80, 2.5, False, "b", "rediss://u:p@[::1]")


USE = redis_url.USE


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "http", "PORT='http': use a whole number"),
        ("PORT", "70000", "PORT='70000': use a number from 1 to 65535"),
        ("LEAD", "nan", "LEAD='nan': use a number of 1 or more"),
        ("LEAD", "inf", "LEAD='inf': use a number of 1 or more"),
        ("STORE", "localhost", f"STORE='localhost': {USE}"),
        ("STORE", "http://u:se:cr@et@host", f"STORE='http://***@host': {USE}"),
        ("STORE", "u:secret@host:6379", f"STORE='u:***@host:6379': {USE}"),
        ("STORE", "http://h?password=secret&db=1", f"STORE='http://h?password=***&db=1': {USE}"),
        ("STORE", "redis+cluster://u:secret@h", f"STORE='redis+cluster://***@h': {redis_url.NO_CLUSTER}"),
        ("STORE", "sentinel://h?master=m", "STORE='sentinel://h?master=m': use one with redis:// or rediss://"),
        ("PARTIALS", "maybe", "PARTIALS='maybe': use true or false"),
        ("ENGINE", "c", "ENGINE='c': use one of a, b"),
    ],
)
def test_a_value_that_will_not_do_is_refused_by_name(name, value, sentence):
    with pytest.raises(SettingError) as error:
        read(Settings, {name: value})
    assert str(error.value) == sentence


def test_declared_lists_every_setting_in_order():
    assert [s.name for s in declared(Settings)] == ["URL", "PORT", "LEAD", "PARTIALS", "ENGINE", "STORE"]
