"""Python values as JSON: what JSON has no word for is an object with one key, such as `$tuple`."""

from __future__ import annotations

import json
from typing import Any


def encode(value: Any) -> str:
    """JSON for None, bool, int, float, str, complex, list, tuple, set, dict and what they hold.

    Raises:
        TypeError: a value of another type.
    """
    return json.dumps(_tagged(value), separators=(",", ":"))


def decode(text: str) -> Any:
    """The value that `encode` was given; JSON without such objects is what it always is."""
    return json.loads(text, object_hook=_untagged)


def _tagged(value: Any) -> Any:
    if isinstance(value, list):
        return [_tagged(item) for item in value]
    if isinstance(value, tuple):
        return {"$tuple": [_tagged(item) for item in value]}
    if isinstance(value, set):
        return {"$set": [_tagged(item) for item in sorted(value, key=repr)]}
    if isinstance(value, complex):
        return {"$complex": [value.real, value.imag]}
    if isinstance(value, dict):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: _tagged(item) for key, item in value.items()}
        return {"$dict": [[_tagged(key), _tagged(item)] for key, item in value.items()]}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__} is no plain value")


def _untagged(found: dict[str, Any]) -> Any:
    if len(found) == 1:
        ((key, value),) = found.items()
        if key == "$tuple":
            return tuple(value)
        if key == "$set":
            return set(value)
        if key == "$complex":
            return complex(*value)
        if key == "$dict":
            return dict(value)
    return found
