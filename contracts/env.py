"""Settings from the environment: declared once as dataclass fields, read once, checked when read.

A service declares `field: type = setting(NAME, default, help, ...)` in its `settings.py` and calls
`read(Settings, os.environ)` in its composition root. `declared(Settings)` lists them, so that a
test can hold `.env.example` and the README to the code. An empty value counts as not set.
"""

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from contracts import broker_url, redis_url

S = TypeVar("S")


class SettingError(ValueError):
    """A setting cannot be used; the message names it, shows the value and says what would do."""


@dataclass(frozen=True)
class Setting:
    """One environment variable: its name, default, a sentence of help, and what is allowed: for a number
    its bounds, for a text a list of `choices`, for the address of a Redis or a broker the `schemes` before its ://."""

    name: str
    default: Any
    help: str
    minimum: float | None = None
    maximum: float | None = None
    choices: Sequence[str] = ()
    schemes: Sequence[str] = ()


def setting(
    name: str,
    default: Any,
    help: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: Sequence[str] = (),
    schemes: Sequence[str] = (),
    secret: bool = False,
) -> Any:
    """Declare a dataclass field that `read` fills from the environment variable `name`. A `secret` is
    not in the settings' repr."""
    declaration = Setting(name, default, help, minimum, maximum, choices, schemes)
    return dataclasses.field(default=default, repr=not secret, metadata={"setting": declaration})


def declared(settings_class: type) -> list[Setting]:
    """The settings of a class, in order."""
    return [f.metadata["setting"] for f in dataclasses.fields(settings_class) if "setting" in f.metadata]


def read(settings_class: type[S], environ: Mapping[str, str]) -> S:
    """Build `settings_class` from `environ`. Raises SettingError for the first value that will not do."""
    hints = get_type_hints(settings_class)
    values = {}
    for f in dataclasses.fields(settings_class):  # type: ignore[arg-type]  # S is a dataclass here
        if "setting" not in f.metadata:
            continue
        declaration: Setting = f.metadata["setting"]
        text = environ.get(declaration.name, "").strip()
        if text:
            values[f.name] = _parse(declaration, hints[f.name], text)
    return settings_class(**values)


def _parse(declaration: Setting, kind: type, text: str) -> Any:
    name = declaration.name
    if kind is bool:
        if text.lower() in ("1", "true", "yes", "on"):
            return True
        if text.lower() in ("0", "false", "no", "off"):
            return False
        raise SettingError(f"{name}={text!r}: use true or false")
    if declaration.choices and text not in declaration.choices:
        raise SettingError(f"{name}={text!r}: use one of {', '.join(declaration.choices)}")
    if declaration.schemes:
        _check_address(declaration, text)
    if kind not in (int, float):
        return text
    try:
        number = kind(text)
    except ValueError:
        wanted = "a whole number" if kind is int else "a number"
        raise SettingError(f"{name}={text!r}: use {wanted}") from None
    low, high = declaration.minimum, declaration.maximum
    if (low is not None and number < low) or (high is not None and number > high) or not math.isfinite(number):
        allowed = f"of {low} or more" if high is None else f"from {low} to {high}"
        raise SettingError(f"{name}={text!r}: use a number {allowed}")
    return number


def _check_address(declaration: Setting, text: str) -> None:
    try:
        if broker_url.SCHEME in declaration.schemes:
            broker_url.prefix(text)
            return
        scheme = redis_url.parse(text).scheme
        reason = "" if scheme in declaration.schemes else f"use one with {_any_of(declaration.schemes)}"
    except (redis_url.BadAddress, broker_url.BadBroker) as error:
        reason = str(error)
    if reason:
        raise SettingError(f"{declaration.name}={_without_secrets(text)!r}: {reason}")


def _any_of(schemes: Sequence[str]) -> str:
    return " or ".join(f"{scheme}://" for scheme in schemes)


def _without_secrets(address: str) -> str:
    """What may be shown of an address, however wrongly it is written."""
    hidden = re.sub(r"^([a-z+-]*:/*)?.*@", r"\1***@", address, flags=re.IGNORECASE)
    return re.sub(r"(password=)[^&]*", r"\1***", hidden, flags=re.IGNORECASE)
