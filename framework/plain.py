"""Values as other formats can hold them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any


def flatten(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """`{"a": {"b": [1]}}` as `("a.b.0", 1)`: the keys of overrides. Empty ones are values."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from flatten(inner, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from flatten(inner, f"{prefix}.{index}" if prefix else str(index))
    else:
        yield prefix, value


def finite_or_text(value: Any) -> Any:
    """NaN and infinity as text, which JSON can hold, and NumPy's scalars as Python's."""
    value = value.item() if hasattr(value, "item") else value
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def format_cell(value: Any) -> str:
    """A cell as text: four significant digits for floats, empty for None."""
    if value is None:
        return ""
    if isinstance(value := value.item() if hasattr(value, "item") else value, float):
        return f"{value + 0.0:.4g}"  # -0 is 0
    return str(value)
