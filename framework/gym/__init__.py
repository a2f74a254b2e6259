"""Environments of gymnasium, which belong to no paper: the core's own components.

The core registers them itself, through the same hooks as any plugin's.
"""

from __future__ import annotations

from collections.abc import Iterator

from framework.component import Component
from framework.hookspecs import hookimpl

FRAMEWORK_API = 1


@hookimpl
def register_environments() -> Iterator[Component]:
    """Whatever `gymnasium.make` makes."""
    yield Component(
        "make",
        "framework.gym.make:make",
        parameters="framework.gym.config:MakeConfig",
        doc="Any environment registered with gymnasium, goal environments too",
        source="gymnasium.make",
    )
