"""An evaluator of a recipe that judges in an environment of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any


class Elsewhere:
    """An evaluator within another, with an environment of its own.

    Args:
        evaluator: what judges.
        make: builds the environment, when it is first needed.
    """

    def __init__(self, evaluator: Any, make: Callable[[], Any]) -> None:
        self._evaluator = evaluator
        self._environment = cache(make)

    def __call__(self, algorithm: Any, environment: Any) -> Any:
        return self._evaluator(algorithm, self._environment())

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._evaluator, name)
        if name == "monitor":
            return lambda algorithm, environment: found(algorithm, self._environment())
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("_evaluator", "_environment"):
            super().__setattr__(name, value)
        else:  # what its wrapper sets, such as `folder`
            setattr(self._evaluator, name, value)
