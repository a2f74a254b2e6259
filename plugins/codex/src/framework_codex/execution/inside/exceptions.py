"""Exceptions as data: the classes they are of, their arguments, their attributes."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from typing import Any

#: What crosses of an exception: its classes as (module, name), text, error number, arguments, attributes.
Description = tuple[list[tuple[str, str]], str, int, tuple[Any, ...], dict[str, Any]]


def describe(error: BaseException) -> Description:
    """What crosses of an exception."""
    classes = [(str(kind.__module__), str(kind.__qualname__)) for kind in type(error).__mro__]
    try:
        text = f"{type(error).__name__}: {error}"[:2000]
    except BaseException:
        text = type(error).__name__
    arguments: tuple[Any, ...] = BaseException.args.__get__(error)  # type: ignore[attr-defined]
    attributes = getattr(error, "__dict__", None)
    return classes, text, _errno(error), arguments, dict(attributes) if attributes else {}


def rebuild(
    description: Any, find: Callable[[str, str], type[BaseException] | None]
) -> tuple[BaseException, str, int]:
    """An exception of the first class that is found, its text and error number.

    Args:
        description: of whoever raised it, who may have written anything.
        find: a class by module and name; None for one that is not known here.

    Raises:
        TypeError, ValueError: it is no description.
    """
    classes, text, number, arguments, attributes = description
    if type(text) is not str or type(arguments) is not tuple or type(attributes) is not dict:
        raise TypeError("no description of an exception")
    kind: type[BaseException] = Exception
    for module, name in classes:
        if type(module) is not str or type(name) is not str:
            raise TypeError("no class")
        found = find(module, name) or find_known(module, name)
        if found is not None:
            kind = found
            break
    return instance(kind, arguments, attributes), text, number


def instance(kind: type[BaseException], arguments: tuple[Any, ...], attributes: dict[str, Any]) -> Any:
    """An exception with these arguments and attributes; a class of one's own is not asked for them."""
    try:
        # A built-in class sets attributes of its own, such as errno.
        error = kind(*arguments) if kind.__module__ == "builtins" else kind.__new__(kind, *arguments)
    except Exception:
        try:
            error = kind.__new__(kind)
        except Exception:  # an ExceptionGroup without exceptions
            error = Exception()
    error.args = arguments
    for name, value in attributes.items():
        if type(name) is str and not name.startswith("__"):
            try:
                object.__setattr__(error, name, value)
            except AttributeError:
                continue
    return error


def find_known(module: str, name: str) -> type[BaseException] | None:
    """A class of the standard library's, if its module is loaded here; who catches it has loaded it."""
    if module.split(".")[0] not in sys.stdlib_module_names:
        return None
    kind = vars(builtins if module == "builtins" else sys.modules.get(module, builtins)).get(name)
    return kind if isinstance(kind, type) and issubclass(kind, BaseException) else None


def _errno(error: BaseException) -> int:
    """The error number of an OSError anywhere in what led to this exception; 0 if there is none."""
    seen: BaseException | None = error
    for _ in range(10):
        if seen is None:
            break
        if isinstance(seen, OSError) and isinstance(seen.errno, int):
            return seen.errno
        seen = seen.__cause__ or seen.__context__
    return 0
