"""JSON for the dataclasses of `contracts/*messages.py`, derived from their fields.

There is one encoder and one decoder for all of them; a message never writes its own. The `type`
on the wire is the class name in snake_case. Unknown fields are ignored (a newer peer may send
more); a missing or wrongly typed field is a `DecodeError` that names it.
"""

import dataclasses
import functools
import json
import math
import re
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

M = TypeVar("M")


class DecodeError(ValueError):
    """The text is not the message that was expected; says which part and why."""


def type_name(message_class: type) -> str:
    """`TranscribeTask` -> `transcribe_task`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", message_class.__name__).lower()


def encode(message: Any) -> dict[str, Any]:
    """A JSON-ready dict with `type` first."""
    return {"type": type_name(type(message)), **_plain(message)}


def dumps(message: Any) -> str:
    """Compact JSON text of a message. NaN and infinity are refused (ValueError): JSON has none."""
    return json_text(encode(message))


def json_text(data: Mapping[str, Any]) -> str:
    """Compact JSON text of plain data, the same bytes for the same data."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def decode(data: Mapping[str, Any], *classes: type[M]) -> M:
    """Build the one of `classes` that `data["type"]` names. With a single class, `type` may be
    absent. Raises DecodeError."""
    name = data.get("type")
    if name is None and len(classes) == 1:
        return _build(classes[0], data, classes[0].__name__)
    for message_class in classes:
        if type_name(message_class) == name:
            return _build(message_class, data, message_class.__name__)
    known = ", ".join(type_name(c) for c in classes)
    raise DecodeError(f"unknown message type {name!r:.60}; expected one of: {known}")


def loads(text: str | bytes, *classes: type[M]) -> M:
    """`decode` from JSON text. Raises DecodeError, also when the text is not a JSON object."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"not JSON: {error}") from None
    if not isinstance(data, dict):
        raise DecodeError(f"expected a JSON object, got {type(data).__name__}")
    return decode(data, *classes)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float):  # most of them; what is asked below is slow
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    return value


@functools.cache
def _hints(message_class: type) -> dict[str, Any]:
    return typing.get_type_hints(message_class)


def _build(message_class: type[M], data: Mapping[str, Any], where: str) -> M:
    hints = _hints(message_class)  # type: ignore[arg-type]  # every class is hashable
    values: dict[str, Any] = {}
    for f in dataclasses.fields(message_class):  # type: ignore[arg-type]  # M is a dataclass here
        if f.name in data:
            values[f.name] = _value(hints[f.name], data[f.name], f"{where}.{f.name}")
        elif f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
            raise DecodeError(f"{where}.{f.name} is missing")
    return message_class(**values)


def _value(hint: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            raise DecodeError(f"{where} must be an object, got {value!r:.60}")
        return _build(hint, value, where)
    if isinstance(hint, types.UnionType):
        if value is None and type(None) in hint.__args__:
            return None
        options = [option for option in hint.__args__ if option is not type(None)]
        return _value(options[0], value, where)
    if typing.get_origin(hint) is dict:
        if not isinstance(value, Mapping):
            raise DecodeError(f"{where} must be an object, got {value!r:.60}")
        _, item_hint = typing.get_args(hint)
        return {str(k): _value(item_hint, v, f"{where}.{k}") for k, v in value.items()}
    if typing.get_origin(hint) is list:
        if not isinstance(value, list):
            raise DecodeError(f"{where} must be a list, got {value!r:.60}")
        (item_hint,) = typing.get_args(hint)
        return [_value(item_hint, item, f"{where}[{index}]") for index, item in enumerate(value)]
    return _scalar(hint, value, where)


def _scalar(hint: type, value: Any, where: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value) if abs(value) <= sys.float_info.max else math.inf
    wrong_kind = not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool)
    if wrong_kind or (isinstance(value, float) and not math.isfinite(value)):
        names = {int: "a whole number", float: "a number", str: "a string", bool: "true or false"}
        raise DecodeError(f"{where} must be {names[hint]}, got {value!r:.60}")
    return value
