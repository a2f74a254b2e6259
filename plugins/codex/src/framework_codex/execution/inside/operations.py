"""What one side of the wall may ask of an object on the other: operations by name, and who asks.

Both sides hold stand-ins for objects they do not have. Python looks up the methods behind operators
on classes, so the classes of stand-ins need all of them; they are made here, once for both.
"""

from __future__ import annotations

import copy
import math
import operator
import types
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")

ARITHMETIC: dict[str, Callable[..., Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "matmul": operator.matmul,
    "truediv": operator.truediv, "floordiv": operator.floordiv, "mod": operator.mod, "divmod": divmod,
    "pow": pow, "lshift": operator.lshift, "rshift": operator.rshift, "and": operator.and_,
    "or": operator.or_, "xor": operator.xor,
}  # fmt: skip
IN_PLACE: dict[str, Callable[..., Any]] = {
    f"i{name}": getattr(operator, f"i{name}") for name in ARITHMETIC if name != "divmod"
}
COMPARISONS: dict[str, Callable[..., Any]] = {
    name: getattr(operator, name) for name in ("eq", "ne", "lt", "le", "gt", "ge")
}
CONVERSIONS: dict[str, Callable[..., Any]] = {
    "str": str, "repr": repr, "format": format, "hash": hash, "bytes": bytes, "int": int, "float": float,
    "complex": complex, "index": operator.index, "round": round, "trunc": math.trunc, "floor": math.floor,
    "ceil": math.ceil, "abs": abs, "neg": operator.neg, "pos": operator.pos, "invert": operator.invert,
}  # fmt: skip


def _method(name: str) -> Callable[..., Any]:
    """The operation that calls a special method, as Python does, on the class."""
    return lambda value, *operands: getattr(type(value), name)(value, *operands)


def _leave(name: str) -> Callable[..., Any]:
    """The end of a context manager, of which only the exception crosses."""
    return lambda value, error: getattr(type(value), name)(value, error and type(error), error, None)


def _subclass(name: str, bases: tuple[type, ...], names: dict[str, Any]) -> Any:
    """A class with methods of the other side's, to which `self` has to be given."""
    members = {key: _bound(value) if isinstance(value, StandIn) else value for key, value in names.items()}
    return types.new_class(name, bases, exec_body=lambda space: space.update(members))


def _bound(function: StandIn) -> Callable[..., Any]:
    return lambda *arguments, **named: function(*arguments, **named)


OPERATIONS: dict[str, Callable[..., Any]] = {
    **ARITHMETIC, **IN_PLACE, **COMPARISONS, **CONVERSIONS,
    "name": lambda value: value, "call": lambda value, arguments, named: value(*arguments, **named),
    "getattr": getattr, "setattr": setattr, "delattr": delattr, "dir": dir, "bool": bool, "len": len,
    "getitem": operator.getitem, "setitem": operator.setitem, "delitem": operator.delitem,
    "contains": operator.contains, "isinstance": isinstance, "issubclass": issubclass, "iter": iter,
    "next": next, "reversed": reversed, "copy": copy.copy, "deepcopy": copy.deepcopy,
    "send": lambda generator, value: generator.send(value), "close": lambda generator: generator.close(),
    "throw": lambda generator, error: generator.throw(error), "enter": _method("__enter__"),
    "exit": _leave("__exit__"), "aenter": _method("__aenter__"), "aexit": _leave("__aexit__"),
    "subclass": _subclass, "aiter": _method("__aiter__"), "anext": _method("__anext__"),
}  # fmt: skip


class StandIn:
    """An object of the other side's, on which operators work."""

    __slots__ = ()

    def __ask__(self, operation: str, *operands: Any) -> Any:
        """Have `OPERATIONS[operation](*operands)` done on the other side; `self` is among them."""
        raise NotImplementedError

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.__ask__("call", self, list(arguments), named)

    def __getattr__(self, name: str) -> Any:
        return self.__ask__("getattr", self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.__ask__("setattr", self, name, value)

    def __delattr__(self, name: str) -> None:
        self.__ask__("delattr", self, name)

    def __dir__(self) -> Any:
        return self.__ask__("dir", self)

    def __pow__(self, other: Any, modulus: Any = None) -> Any:
        return self.__ask__("pow", self, other, *(() if modulus is None else (modulus,)))

    def __round__(self, *digits: Any) -> Any:
        return self.__ask__("round", self, *digits)

    def __copy__(self) -> Any:
        return self.__ask__("copy", self)

    def __deepcopy__(self, memo: Any) -> Any:
        return self.__ask__("deepcopy", self)

    def __bool__(self) -> bool:
        return exactly(self.__ask__("bool", self), bool)

    def __len__(self) -> int:
        return exactly(self.__ask__("len", self), int)

    def __iter__(self) -> Iterator[Any]:
        found: Iterator[Any] = self.__ask__("iter", self)
        return found

    def __instancecheck__(self, value: Any) -> bool:
        return exactly(self.__ask__("isinstance", value, self), bool)

    def __subclasscheck__(self, value: Any) -> bool:
        return exactly(self.__ask__("issubclass", value, self), bool)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> Any:
        return self.__ask__("exit", self, error)

    def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> Any:
        return self.__ask__("aexit", self, error)


def _forward(operation: str) -> Callable[..., Any]:
    return lambda self, *operands: self.__ask__(operation, self, *operands)


def _reflect(operation: str) -> Callable[..., Any]:
    return lambda self, other: self.__ask__(operation, other, self)


for _name in (
    *ARITHMETIC, *IN_PLACE, *COMPARISONS, *CONVERSIONS, "getitem", "setitem", "delitem", "contains", "next",
    "reversed", "enter", "aenter", "aiter", "anext",
):  # fmt: skip
    if f"__{_name}__" not in vars(StandIn):
        setattr(StandIn, f"__{_name}__", _forward(_name))
for _name in ARITHMETIC:
    setattr(StandIn, f"__r{_name}__", _reflect(_name))


def exactly(value: Any, kind: type[T]) -> T:
    """The value, if it is of this very type.

    Raises:
        TypeError: it is not.
    """
    if type(value) is not kind:
        raise TypeError(f"{kind.__name__} expected")
    return value
