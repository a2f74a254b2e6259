"""Watcher: who looks on while experience is collected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from framework.rl.vector import Array


class Watcher(Protocol):
    """Looks on while experience is collected, and may set the environment's parameters between two steps.

    Domain randomisation and curricula over episodes are watchers: `algorithm.collector.watcher = ...`.
    With `overlap` it is called in the thread that collects. A collector's state holds its state.
    """

    def started(self) -> None:
        """All environments were reset."""
        ...

    def stepped(self, reward: Array, terminated: Array, truncated: Array, info: Mapping[str, Any]) -> None:
        """Take what a step returned; environments that ended have begun their next episode."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return everything that what it does next depends on."""
        ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what `state_dict` returned; not called where new episodes are started instead."""
        ...
