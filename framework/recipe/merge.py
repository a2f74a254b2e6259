"""How one layer of a recipe lies over another."""

from __future__ import annotations

from typing import Any


def merge(base: Any, over: Any) -> Any:
    """Merge mappings key by key; anything else, lists too, replaces.

    A section that uses another component replaces the one below it, because parameters of
    the component before mean nothing to the new one.
    """
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    if "use" in base and "use" in over and base["use"] != over["use"]:
        return over
    return {**base, **{key: merge(base.get(key), value) for key, value in over.items()}}
