"""Names of a package that are imported when they are first asked for (PEP 562)."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def lazily(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Make a package's `__getattr__`, so that importing it does not import what its names need.

        __getattr__ = lazily(__name__, {"GPT": "model"})

    Args:
        package: its `__name__`.
        homes: the module within the package that each name comes from.
    """

    def look_up(name: str) -> Any:
        if name in homes:
            return getattr(importlib.import_module(f"{package}.{homes[name]}"), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return look_up
