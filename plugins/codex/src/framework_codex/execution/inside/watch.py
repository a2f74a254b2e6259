"""Which of the containers a program was given it has changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Watch:
    """Remembers containers, to tell later which of them changed."""

    def __init__(self, containers: list[Any]) -> None:
        self.containers = containers
        self.before = [self._state(value) for value in containers]

    def changed(self) -> Iterator[tuple[int, Any]]:
        """Number and container of each that holds other objects than before."""
        for number, (value, before) in enumerate(zip(self.containers, self.before, strict=True)):
            now = self._state(value)
            if len(now) != len(before) or not all(map(_same, now, before)):
                yield number, value

    @staticmethod
    def _state(value: Any) -> Any:
        if isinstance(value, dict):
            return [part for item in dict.items(value) for part in item]
        return bytes(value) if isinstance(value, bytearray) else list(value)


def _same(one: Any, other: Any) -> bool:
    return one is other
