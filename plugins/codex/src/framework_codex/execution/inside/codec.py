"""Plain data as bytes, both ways across the wall of the sandbox.

Whoever decodes gets exact built-in types and nothing that could act: an instance of a subclass
arrives as its base value, read with the base class's own methods. What is not plain data crosses
as a handle, a number that only its owner can turn back into the object. Reading never executes
anything, so bytes a hostile program wrote are at worst refused.

The containers of a call's arguments are numbered in the order they are met (`known`). That is how
a program's changes to its arguments come back, and how a result that *is* an argument stays one.
"""

from __future__ import annotations

import importlib
import struct
import sys
import types
from array import array
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from .exceptions import describe, rebuild

#: Nesting that is still sent; deeper data would exhaust the stack of whoever compares it.
MAX_DEPTH = 150

#: Types that cross by name.
TYPES: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        int, float, complex, bool, str, bytes, bytearray, list, tuple, dict, set, frozenset, range, type,
        object, type(None), Exception, ValueError, TypeError, KeyError, IndexError, ZeroDivisionError,
        AssertionError,
    )
}  # fmt: skip
_NAMES = {kind: name for name, kind in TYPES.items()}

#: Values of the standard library that cross as the arguments that rebuild them, and their modules,
#: which are imported when one comes.
VALUES = {
    "deque": "collections",
    "OrderedDict": "collections",
    "Counter": "collections",
    "defaultdict": "collections",
    "date": "datetime",
    "time": "datetime",
    "datetime": "datetime",
    "timedelta": "datetime",
    "Decimal": "decimal",
    "Fraction": "fractions",
}

#: `export(object)`: mark, number and a text that an object crosses with when it is not plain data.
Export: TypeAlias = Callable[[Any], tuple[bytes, int, str]]
#: `resolve(mark, number, text)`: what stands for it on the other side.
Resolve: TypeAlias = Callable[[bytes, int, str], Any]
#: `find(module, name)`: a class of exceptions that is known here.
Find: TypeAlias = Callable[[str, str], "type[BaseException] | None"]

#: Marks of handles: an object of the sender, one of the receiver's own, what has a name there.
OWN, YOURS, NAMED = b"h", b"y", b"w"
#: Of the sender's objects, those that stand-ins of a type of their own are made for.
ITERATOR, GENERATOR, COROUTINE, ASYNC_GENERATOR = b"g", b"e", b"a", b"j"
_MARKS = {
    types.GeneratorType: GENERATOR, types.CoroutineType: COROUTINE, types.AsyncGeneratorType: ASYNC_GENERATOR
}  # fmt: skip

_U32 = struct.Struct("<I")
_I64 = struct.Struct("<q")
_F64 = struct.Struct("<d")
_C128 = struct.Struct("<dd")
_VIEWS = {type({}.keys()): b"k", type({}.values()): b"v", type({}.items()): b"m"}


class Unsendable(Exception):
    """The data is too large, too deep or cyclic."""


class Malformed(Exception):
    """The bytes are not what an encoder writes."""


def _no_handles(value: Any) -> tuple[bytes, int, str]:
    raise Unsendable(f"a {type(value).__name__} is not plain data")


class Encoder:
    """Writes values one after another.

    Args:
        export: numbers what is not plain data.
        known: containers the receiver has already, by position; others are added if `number` is set.
        limit: bytes that may be written.
        rebuild: send `VALUES` of the collections module as what they are, not as their base value.
        objects: send instances of subclasses as handles, not as their base value.
    """

    def __init__(
        self, export: Export = _no_handles, known: list[Any] | None = None, number: bool = False,
        limit: int = 1 << 62, rebuild: bool = False, objects: bool = False,
    ) -> None:  # fmt: skip
        self.out = bytearray()
        self.export = export
        self.known = [] if known is None else known
        self.numbers = {id(value): number for number, value in enumerate(self.known)}
        self.number = number
        self.limit = limit
        self.rebuild = rebuild
        self.objects = objects

    def write(self, value: Any, depth: int = 0) -> None:
        """Append one value.

        Raises:
            Unsendable: it is too large or too deep.
        """
        if len(self.out) > self.limit:
            raise Unsendable("too large")
        if depth > MAX_DEPTH:
            raise Unsendable("nested too deeply, or within itself")
        kind = type(value)
        out = self.out
        if kind is int:
            self._integer(value)
        elif kind is str:
            self._text(b"s", value.encode("utf-8", "surrogatepass"))
        elif value is None:
            out += b"N"
        elif kind is bool:
            out += b"T" if value else b"F"
        elif kind is float:
            out += b"f" + _F64.pack(value)
        elif kind is tuple:
            self._sequence(b"t", value, depth)
        elif kind is list:
            if not self._back(value):
                self._sequence(b"l", value, depth)
        elif kind is dict:
            if not self._back(value):
                self._mapping(value.items(), len(value), depth)
        elif kind is set or kind is frozenset or kind is bytearray:
            if kind is frozenset or not self._back(value):
                self._plain(value, depth)
        else:
            self._other(value, depth)

    def contents(self, value: Any, depth: int = 0) -> None:
        """Append a known container itself, not the reference to it."""
        if isinstance(value, list):
            self._sequence(b"l", value, depth)
        elif isinstance(value, dict):
            self._mapping(dict.items(value), dict.__len__(value), depth)
        else:
            self._plain(value, depth)

    def _integer(self, value: int) -> None:
        if -(1 << 63) <= value < 1 << 63:
            self.out += b"i" + _I64.pack(value)
        else:
            self._text(b"I", value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True))

    def _text(self, tag: bytes, data: bytes) -> None:
        if len(data) > self.limit:
            raise Unsendable("too large")
        self.out += tag + _U32.pack(len(data))
        self.out += data

    def _back(self, value: Any) -> bool:
        number = self.numbers.get(id(value))
        if number is not None:
            self.out += b"R" + _U32.pack(number)
            return True
        if self.number:
            self.numbers[id(value)] = len(self.known)
            self.known.append(value)
        return False

    def _sequence(self, tag: bytes, value: Any, depth: int) -> None:
        if len(value) > 16:
            kinds = set(map(type, value))
            if kinds == {int} and self._packed(tag, "q", value):
                return
            if kinds == {float} and self._packed(tag, "d", value):
                return
        self._items(tag, value, len(value), depth)

    def _packed(self, tag: bytes, code: str, value: Any) -> bool:
        try:
            data = array(code, value).tobytes()
        except OverflowError:
            return False
        self._text(b"P" + tag + code.encode(), data)
        return True

    def _items(self, tag: bytes, items: Iterable[Any], count: int, depth: int) -> None:
        self.out += tag + _U32.pack(count)
        write = self.write
        for item in items:
            write(item, depth + 1)

    def _mapping(self, items: Iterable[tuple[Any, Any]], count: int, depth: int) -> None:
        self.out += b"d" + _U32.pack(count)
        write = self.write
        for key, value in items:
            write(key, depth + 1)
            write(value, depth + 1)

    def _plain(self, value: Any, depth: int) -> None:
        if isinstance(value, (bytes, bytearray)):
            self._text(b"b" if isinstance(value, bytes) else b"B", memoryview(value).tobytes())
        elif isinstance(value, set):
            self._items(b"S", set.__iter__(value), set.__len__(value), depth)
        else:
            self._items(b"Z", frozenset.__iter__(value), frozenset.__len__(value), depth)

    def _value(self, name: str, arguments: tuple[Any, ...], depth: int) -> None:
        self._text(b"V", name.encode())
        self._items(b"t", arguments, len(arguments), depth)

    def _other(self, value: Any, depth: int) -> None:
        kind = type(value)
        if kind is bytes:
            self._plain(value, depth)
        elif kind is complex:
            self.out += b"c" + _C128.pack(value.real, value.imag)
        elif kind is range:
            self._items(b"r", (value.start, value.stop, value.step), 3, depth)
        elif kind in _VIEWS:
            self._items(_VIEWS[kind], list(value), len(value), depth)
        elif kind is slice:
            self._items(b"q", (value.start, value.stop, value.step), 3, depth)
        elif kind is type and value in _NAMES:
            self._text(b"n", _NAMES[value].encode())
        elif value is Ellipsis or value is NotImplemented:
            self.out += b"E" if value is Ellipsis else b"M"
        elif kind is types.CodeType:
            self._items(b"C", [getattr(value, name) for name in _CODE], len(_CODE), depth)
        elif VALUES.get(kind.__name__) == kind.__module__ and (values := self._arguments(value)) is not None:
            self._value(kind.__name__, values, depth)
        elif issubclass(kind, BaseException):
            self.out += b"X"
            self.write(describe(value), depth + 1)
        elif self.objects and kind.__module__ != "numpy":
            self.handle(value)
        else:
            self._instance(value, depth)

    def _arguments(self, value: Any) -> tuple[Any, ...] | None:
        """The arguments that rebuild one of the `VALUES`; None to send it as something else."""
        name = type(value).__name__
        if type(value) is not getattr(sys.modules.get(VALUES[name]), name, None):
            return None
        if name == "deque":
            return list(value), value.maxlen
        if name == "Fraction":
            return value.numerator, value.denominator
        if name == "Decimal":
            return (str(value),)
        if name == "timedelta":
            return value.days, value.seconds, value.microseconds
        if name == "date":
            return value.year, value.month, value.day
        if name in ("time", "datetime"):
            clock = (value.hour, value.minute, value.second, value.microsecond)
            day = (value.year, value.month, value.day) if name == "datetime" else ()
            return (*day, *clock) if value.tzinfo is None else None
        if not self.rebuild:
            return None
        if name == "defaultdict":
            return (value.default_factory if value.default_factory in _NAMES else None), dict(value)
        return (dict(value),)

    def _instance(self, value: Any, depth: int) -> None:
        """An instance of a subclass as its base value, anything else as a handle."""
        kind = type(value)
        if issubclass(kind, int):
            self._integer(int.__int__(value))
        elif issubclass(kind, float):
            self.out += b"f" + _F64.pack(float.__float__(value))
        elif issubclass(kind, str):
            self._text(b"s", str.__str__(value).encode("utf-8", "surrogatepass"))
        elif issubclass(kind, tuple):
            self._items(b"t", tuple.__iter__(value), tuple.__len__(value), depth)
        elif issubclass(kind, list):
            if not self._back(value):
                self._items(b"l", list.__iter__(value), list.__len__(value), depth)
        elif issubclass(kind, dict):
            if not self._back(value):
                self._mapping(dict.items(value), dict.__len__(value), depth)
        elif issubclass(kind, (set, frozenset, bytes, bytearray)):
            self._plain(value, depth)
        elif issubclass(kind, complex):
            self.out += b"c" + _C128.pack(complex.real.__get__(value), complex.imag.__get__(value))
        elif kind.__module__ == "numpy" and kind.__mro__[-2].__name__ == "generic":
            plain = value.item()
            if type(plain).__module__ != "builtins":
                self.handle(value)
            else:
                self.write(plain, depth + 1)
        else:
            self.handle(value)

    def handle(self, value: Any) -> None:
        """Append a handle on a value, be it plain data."""
        mark, number, text = self.export(value)
        self.out += mark + _U32.pack(number)
        self._text(b"", text.encode("utf-8", "replace")[:200])


def _nothing(module: str, name: str) -> None:
    return None


def _refuse(mark: bytes, number: int, name: str) -> Any:
    raise Malformed("a handle where none is wanted")


class Decoder:
    """Reads values one after another.

    Args:
        data: what an encoder wrote.
        resolve: makes what stands for a handle.
        known: containers by position; those read are added if `number` is set.
        nodes: values that may be read, so that few bytes cannot fill the memory.
        find: classes of exceptions by module and name, beside the standard library's.
    """

    def __init__(
        self, data: bytes, resolve: Resolve = _refuse, known: list[Any] | None = None,
        number: bool = False, nodes: int = 1 << 62, find: Find = _nothing,
    ) -> None:  # fmt: skip
        self.data = data
        self.at = 0
        self.resolve = resolve
        self.known = [] if known is None else known
        self.number = number
        self.nodes = nodes
        self.find = find

    def read(self) -> Any:
        """The next value.

        Raises:
            Malformed: the bytes are not what an encoder writes.
        """
        try:
            return self._read(0)
        except (struct.error, ValueError, TypeError, OverflowError, KeyError, ArithmeticError) as error:
            raise Malformed(str(error)) from None

    def done(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.data)

    def _read(self, depth: int) -> Any:
        self.nodes -= 1
        if depth > MAX_DEPTH + 2 or self.nodes < 0:
            raise Malformed("too deep or too large")
        data, at = self.data, self.at
        tag = data[at : at + 1]
        self.at = at + 1
        if tag == b"i":
            self.at = at + 9
            return _I64.unpack_from(data, at + 1)[0]
        if tag == b"s":
            return self._bytes().decode("utf-8", "surrogatepass")
        if tag == b"f":
            self.at = at + 9
            return _F64.unpack_from(data, at + 1)[0]
        if tag in _CONSTANTS:
            return _CONSTANTS[tag]
        if tag == b"t":
            return tuple([self._read(depth + 1) for _ in range(self._count())])
        if tag == b"l":
            return self._list(depth)
        if tag == b"d":
            return self._dict(depth)
        return self._rare(tag, depth)

    def _list(self, depth: int) -> list[Any]:
        found: list[Any] = self._keep([])
        for _ in range(self._count()):
            found.append(self._read(depth + 1))  # noqa: PERF401 - it may be referred to while it is filled
        return found

    def _dict(self, depth: int) -> dict[Any, Any]:
        found: dict[Any, Any] = self._keep({})
        for _ in range(self._count()):
            key = self._read(depth + 1)
            found[key] = self._read(depth + 1)
        return found

    def _rare(self, tag: bytes, depth: int) -> Any:
        if tag == b"I":
            return int.from_bytes(self._bytes(), "little", signed=True)
        if tag == b"b":
            return self._bytes()
        if tag == b"B":
            return self._keep(bytearray(self._bytes()))
        if tag == b"P":
            return self._unpack()
        if tag == b"R":
            number = self._count()
            if number >= len(self.known):
                raise Malformed("unknown reference")
            return self.known[number]
        if tag == b"c":
            self.at += 16
            return complex(*_C128.unpack_from(self.data, self.at - 16))
        if tag == b"S":
            found: set[Any] = self._keep(set())
            found.update(self._several(depth))
            return found
        if tag == b"n":
            return TYPES[self._bytes().decode()]
        if tag == b"V":
            name = self._bytes().decode()
            return getattr(importlib.import_module(VALUES[name]), name)(*self._read(depth + 1))
        if tag == b"X":
            return rebuild(self._read(depth + 1), self.find)[0]
        if tag in _HANDLES:
            number = self._count()
            return self.resolve(tag, number, self._bytes().decode("utf-8", "replace"))
        return self._container(tag, self._several(depth))

    def _container(self, tag: bytes, items: list[Any]) -> Any:
        if tag == b"Z":
            return frozenset(items)
        if tag == b"r":
            return range(*items)
        if tag == b"q":
            return slice(*items)
        if tag == b"C":
            return _code(items)
        if tag == b"k":
            return dict.fromkeys(items).keys()
        if tag == b"v":
            return dict(enumerate(items)).values()
        if tag == b"m":
            return dict(items).items()
        raise Malformed(f"unknown tag {tag!r}")

    def _several(self, depth: int) -> list[Any]:
        return [self._read(depth + 1) for _ in range(self._count())]

    def _unpack(self) -> Any:
        tag, code = self.data[self.at : self.at + 1], self.data[self.at + 1 : self.at + 2]
        self.at += 2
        if tag not in (b"l", b"t") or code not in (b"q", b"d"):
            raise Malformed("unknown packing")
        items: array[Any] = array(code.decode())
        items.frombytes(self._bytes())
        self.nodes -= len(items)
        return self._keep(items.tolist()) if tag == b"l" else tuple(items)

    def _keep(self, value: Any) -> Any:
        if self.number:
            self.known.append(value)
        return value

    def _count(self) -> int:
        self.at += 4
        return int(_U32.unpack_from(self.data, self.at - 4)[0])

    def _bytes(self) -> bytes:
        size = self._count()
        start = self.at
        self.at = start + size
        if self.at > len(self.data):
            raise Malformed("cut off")
        return self.data[start : self.at]


_CONSTANTS: dict[bytes, Any] = {b"N": None, b"T": True, b"F": False, b"E": Ellipsis, b"M": NotImplemented}
_HANDLES = {OWN, YOURS, NAMED, ITERATOR, GENERATOR, COROUTINE, ASYNC_GENERATOR}

#: What crosses of a function's code, which tells tests its signature and whether it is a coroutine's.
_CODE = ("co_name", "co_varnames", "co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_flags")
#: CO_OPTIMIZED, NEWLOCALS, VARARGS, VARKEYWORDS, GENERATOR, COROUTINE, ASYNC_GENERATOR.
_FLAGS = 0x01 | 0x02 | 0x04 | 0x08 | 0x20 | 0x80 | 0x200


def _code(items: list[Any]) -> types.CodeType:
    """Code that does nothing, with the names and flags given."""
    given = dict(zip(_CODE, items, strict=True))
    given["co_flags"] &= _FLAGS
    given["co_varnames"] = tuple([str(name) for name in given["co_varnames"]])
    return _no_code.__code__.replace(co_nlocals=len(given["co_varnames"]), **given)


def _no_code() -> None: ...


def mark_of(value: Any) -> bytes:
    """The mark of a handle on one's own object."""
    kind = type(value)
    # An iterator is consumed by iterating: it is its own iterator's class.
    iterates = hasattr(kind, "__next__") and hasattr(kind, "__iter__")
    return _MARKS.get(kind, ITERATOR if iterates else OWN)
