"""What tests hold in place of objects that only the program has.

A stand-in passes on what reads or feeds the object. What a program could forge an answer to, or
what would show it what the tests expect, such as a comparison with the expected result, it passes
on only where the problem's rules allow it (`rules`); else stand-ins equal themselves and nothing else.
"""

from __future__ import annotations

import types
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any, Protocol

from .inside import codec
from .inside.operations import ARITHMETIC, COMPARISONS, CONVERSIONS, IN_PLACE, OPERATIONS, StandIn


class Asker(Protocol):
    """Asks a program; see `session.Session`."""

    def operate(self, operation: str, *operands: Any) -> Any:
        """Have an operation done where the program is."""
        ...

    def allows(self, operation: str) -> bool:
        """Whether the rules let an operation pass whose answer could be forged."""
        ...

    def close(self, generator: Remote) -> None:
        """Close a generator of the program, if the program still runs."""
        ...

    def give_up(self, outcome: Any, detail: str) -> BaseException:
        """Settle the verdict; to be raised."""
        ...


class Remote(StandIn):
    """An object of the program."""

    # Names that no attribute of a program's object is likely to have.
    __slots__ = ("__kind", "__number", "__session")

    def __new__(cls, *arguments: Any) -> Any:
        """A stand-in; or what `class Name(stand_in):` makes, which takes its class for a metaclass."""
        if not isinstance(arguments[0], str):
            return object.__new__(cls)
        name, bases, names = arguments
        base = next(base for base in bases if isinstance(base, Remote))
        kept = {key: value for key, value in names.items() if key not in ("__module__", "__qualname__")}
        return base.__session.operate("subclass", name, bases, kept)

    def __init__(self, session: Asker, number: int, kind: str) -> None:
        if isinstance(session, str):
            return
        for name, value in (("session", session), ("number", number), ("kind", kind)):
            object.__setattr__(self, f"_Remote__{name}", value)

    def __ask__(self, operation: str, *operands: Any) -> Any:
        session = self.__session
        if operation not in _GUARDED:
            return session.operate(operation, *operands)
        if any(isinstance(one, Named) for one in operands):
            operands = tuple(
                [session.operate("name", one) if isinstance(one, Named) else one for one in operands]
            )
            if not any(isinstance(one, Remote) for one in operands):
                return OPERATIONS[operation](*operands)  # data, for which nobody need be asked
        with_data = any(not isinstance(one, Remote) for one in operands)
        if session.allows(f"{operation} with data" if with_data else operation):
            return session.operate(operation, *operands)
        return self.__refuse(operation, *operands)

    def __refuse(self, operation: str, *operands: Any) -> Any:
        """What is left of an operation that must not be passed on."""
        if operation not in CONVERSIONS and operation != "contains":
            return NotImplemented
        if operation == "hash":
            return object.__hash__(self)
        if operation in ("str", "repr", "format"):
            return f"<{self.__kind} of the program>"
        if operation == "contains":
            return any(item is operands[1] or item == operands[1] for item in self)
        raise TypeError(f"{operation} of an object of the program")

    def __getattribute__(self, name: str) -> Any:
        # What every class has and is looked up in no other way.
        if name in ("__doc__", "__module__", "__init__"):
            return self.__ask__("getattr", self, name)
        return object.__getattribute__(self, name)

    def __instancecheck__(self, value: Any) -> bool:
        return isinstance(value, _STAND_INS) and super().__instancecheck__(value)

    def __await__(self) -> Generator[None, None, Any]:
        return _wait_for(self.__session, self).__await__()


#: What is passed on only where the rules allow it.
_GUARDED = {*ARITHMETIC, *IN_PLACE, *COMPARISONS, *CONVERSIONS, "contains"}


_STAND_INS = (Remote, types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType)


class Named(Remote):
    """A name of the program's, looked up whenever it is used."""

    __slots__ = ("__name__",)

    def __init__(self, session: Asker, name: str) -> None:
        object.__setattr__(self, "__name__", name)
        super().__init__(session, -1, name)


class Iterated(Remote):
    """An iterator of the program's: its items come as they are asked for, a few ahead."""

    __slots__ = ("__items",)

    def __init__(self, session: Asker, number: int, kind: str) -> None:
        super().__init__(session, number, kind)
        object.__setattr__(self, "_Iterated__items", _items(session, self))

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self.__items)


def stand_in(session: Asker, mark: bytes, number: int, kind: str) -> tuple[Any, Remote]:
    """What tests get for an object of the program, and the handle that is behind it."""
    handle = (Iterated if mark == codec.ITERATOR else Remote)(session, number, kind)
    return _MADE[mark](session, handle) if mark in _MADE else handle, handle


def _items(session: Asker, iterator: Remote) -> Generator[Any, Any, Any]:
    """The items of an iterator; a generator of the program as one of the tests'."""
    taken = 0
    while True:
        # One at a time at first: what a program does between two items may matter to a test.
        ahead = max(1, min(taken // 4, 1000))
        answer = session.operate("take", iterator, ahead)
        while True:
            if type(answer) is not tuple or len(answer) != 3 or type(answer[1]) is not list:
                raise session.give_up("blocked", "sent what is no item")
            ended, items, result = answer
            sent: Any = None
            for item in items:
                taken += 1
                try:
                    sent = yield item
                except GeneratorExit:
                    session.close(iterator)
                    raise
                except BaseException as error:
                    answer = _one(session, "throw", iterator, error)
                    break
                if sent is not None:
                    answer = _one(session, "send", iterator, sent)
                    break
            else:
                break
        if ended is True or not items:
            return result


def _one(session: Asker, operation: str, iterator: Remote, value: Any) -> tuple[bool, list[Any], Any]:
    """What a generator yields for what it is sent, as `take` answers."""
    try:
        return False, [session.operate(operation, iterator, value)], None
    except StopIteration as stop:
        return True, [], stop.value


async def _wait_for(session: Asker, awaitable: Remote) -> Any:
    """The result of a coroutine of the program, which goes on when the tests' loop comes round."""
    cancel = False
    while True:
        answer = session.operate("step", awaitable, cancel)
        if type(answer) is not tuple or len(answer) != 2:
            raise session.give_up("blocked", "sent what is no result")
        if answer[0] is True:
            return answer[1]
        cancel = False
        try:
            await _turn()
        except GeneratorExit:
            raise
        except BaseException:  # asyncio's CancelledError
            cancel = True


@types.coroutine
def _turn() -> Generator[None, None, None]:
    yield


async def _async_items(session: Asker, generator: Remote) -> AsyncIterator[Any]:
    while True:
        try:
            item = await session.operate("anext", generator)
        except StopAsyncIteration:
            return
        yield item


_MADE: dict[bytes, Callable[[Asker, Remote], Any]] = {
    codec.GENERATOR: _items, codec.COROUTINE: _wait_for, codec.ASYNC_GENERATOR: _async_items
}  # fmt: skip
