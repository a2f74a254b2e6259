"""What tests hold in place of objects that only the program has.

A stand-in passes on what reads or feeds the object. It never passes on a comparison, arithmetic
or a search, whose answer a program could forge, or which would show it what the tests expect:
stand-ins equal themselves and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .session import Session


class Remote:
    """An object of the program, or what has a name in it."""

    __slots__ = ("_kind", "_number", "_session", "_target")

    def __init__(self, session: Session, number: int, kind: str) -> None:
        _set(self, session, number, kind, self)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return _session(self).call(_target(self), arguments, named)

    def __getattr__(self, name: str) -> Any:
        return _session(self).operate("getattr", _target(self), name)

    def __setattr__(self, name: str, value: Any) -> None:
        _session(self).operate("setattr", _target(self), name, value)

    def __bool__(self) -> bool:
        return bool(_exactly(bool, _session(self).operate("bool", _target(self))))

    def __len__(self) -> int:
        return int(_exactly(int, _session(self).operate("len", _target(self))))

    def __getitem__(self, key: Any) -> Any:
        return _session(self).operate("getitem", _target(self), key)

    def __iter__(self) -> Iterator[Any]:
        return iter(_exactly(Iterated, _session(self).operate("iter", _target(self))))

    def __instancecheck__(self, value: Any) -> bool:
        if not isinstance(value, Remote):
            return False
        return bool(_exactly(bool, _session(self).operate("isinstance", value, self)))

    def __repr__(self) -> str:
        return f"<{object.__getattribute__(self, '_kind')} of the program>"


class Named(Remote):
    """A name of the program's, looked up whenever it is used."""

    __slots__ = ("__name__",)

    def __init__(self, session: Session, name: str) -> None:
        object.__setattr__(self, "__name__", name)
        _set(self, session, -1, "name", name)

    def __bool__(self) -> bool:
        return True


class Iterated:
    """An iterator of the program's: its items come as they are asked for, a few ahead."""

    __slots__ = ("_ended", "_items", "_number", "_session", "_taken", "_target")

    def __init__(self, session: Session, number: int) -> None:
        self._session, self._number = session, number
        self._items: list[Any] = []
        self._taken = 0
        self._ended = False

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if not self._items:
            if self._ended:
                raise StopIteration
            # One at a time at first: what a program does between two items may matter to a test.
            ahead = max(1, min(self._taken // 4, 1000))
            answer = self._session.operate("take", self, ahead)
            if not isinstance(answer, tuple) or len(answer) != 2 or not isinstance(answer[1], list):
                raise self._session.give_up("blocked", "sent what is no item")
            self._ended = answer[0] is True or not answer[1]
            self._items = answer[1][::-1]
            if not self._items:
                raise StopIteration
        self._taken += 1
        return self._items.pop()


def _set(stand_in: Remote, session: Session, number: int, kind: str, target: Any) -> None:
    for name, value in (("_session", session), ("_number", number), ("_kind", kind), ("_target", target)):
        object.__setattr__(stand_in, name, value)


def _session(stand_in: Remote) -> Session:
    session: Session = object.__getattribute__(stand_in, "_session")
    return session


def _target(stand_in: Remote) -> Any:
    return object.__getattribute__(stand_in, "_target")


def _exactly(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{kind.__name__} expected")
    return value
