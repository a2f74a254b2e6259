"""The objects of tests that a program was given, and what it may do to them."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from .inside.codec import Malformed
from .inside.operations import OPERATIONS
from .stand_ins import Remote

if TYPE_CHECKING:
    import asyncio

#: The module name that tests are executed under.
MODULE = "__tests__"

#: Modules of the standard library whose objects consist of methods that are meant to be called.
_OPEN = {
    "_io", "asyncio.futures", "asyncio.locks", "asyncio.queues", "datetime", "queue", "random", "re",
    "threading", "types", "unittest.mock",
}  # fmt: skip
_ATTRIBUTES = {"getattr", "setattr", "delattr", "dir"}


class Served:
    """Numbers objects, and does operations on them that the program asks for.

    What anybody may do to an argument without knowing it, such as to call, iterate or compare it,
    is done. Attributes are another matter: from most objects they lead on to the tests, and to all
    that is outside the sandbox. Only those of instances of the tests' own classes, and of a few of the
    library's, are served, and none whose name begins with an underscore.
    """

    def __init__(self) -> None:
        self.objects: list[Any] = []
        self.numbers: dict[int, int] = {}
        self.tasks: dict[int, asyncio.Future[Any]] = {}

    def number(self, value: Any) -> int:
        """The number the program knows an object by."""
        number = self.numbers.setdefault(id(value), len(self.objects))
        if number == len(self.objects):
            self.objects.append(value)
        return number

    def object(self, number: int) -> Any:
        """The object of a number.

        Raises:
            Malformed: there is none.
        """
        if number >= len(self.objects):
            raise Malformed("unknown object")
        return self.objects[number]

    def operate(self, request: Any) -> Any:
        """Do an operation.

        Raises:
            TypeError, AttributeError: it is none that is served.
            Exception: whatever it raises.
        """
        operation, *operands = request
        target = next((one for one in operands if id(one) in self.numbers), None)
        if target is None or isinstance(target, Remote):
            raise TypeError("not an object of the tests")
        if operation == "step":
            return self._step(target)
        if operation in _ATTRIBUTES:
            self._check(operation, operands)
        return OPERATIONS[operation](*operands)

    def _check(self, operation: str, operands: list[Any]) -> None:
        target, name = operands[0], operands[1] if operands[1:] else ""
        own = target if isinstance(target, type) else type(target)
        if own.__module__ != MODULE and own.__module__ not in _OPEN:
            raise AttributeError(f"the attributes of a {type(target).__name__} of the tests are not served")
        if type(name) is not str or name.startswith("_"):
            raise AttributeError(f"{type(target).__name__!r} object has no attribute {name!r}")
        if operation != "getattr" and (own.__module__ != MODULE or target is own):
            raise AttributeError(f"the attribute {name!r} of the tests cannot be changed")

    def _step(self, awaitable: Any) -> tuple[bool, Any]:
        """Whether something the program awaits is done, and its result."""
        import asyncio

        if not isinstance(awaitable, Awaitable):
            raise TypeError(f"object {type(awaitable).__name__} can't be used in 'await' expression")
        task = self.tasks.get(id(awaitable))
        if task is None:
            task = self.tasks[id(awaitable)] = asyncio.ensure_future(awaitable)
        if not task.done():
            return False, None
        del self.tasks[id(awaitable)]
        return True, task.result()
