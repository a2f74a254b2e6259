"""One program: run it, then answer what the checker outside asks of it.

Nothing here defends anything: the program shares this process and may forge every answer. All it
can claim that way is data, which the checker compares outside with what it alone knows.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import types
from typing import Any, cast

from . import codec
from .channel import CALL, CASES, RAISED, REFUSED, RESULTS, RUN, VALUE, Channel, Closed
from .watch import Watch

#: The module a program is run as.
MODULE = "program"

#: Bytes of results that are sent at once.
_CHUNK = 1 << 16

_BUILTIN_ERRORS = {
    name: kind
    for name, kind in vars(__import__("builtins")).items()
    if isinstance(kind, type) and issubclass(kind, BaseException)
}


class Foreign:
    """An object of the tests: it can be handed back, and called if it is a function."""

    __slots__ = ("_child", "_number", "_type")

    def __init__(self, child: Child, number: int, kind: str) -> None:
        self._child, self._number, self._type = child, number, kind

    def __repr__(self) -> str:
        return f"<{self._type} of the tests>"

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._child.call_back(self, arguments, named)


class Child:
    """The program's side of the conversation."""

    def __init__(self, channel: Channel, limit: int) -> None:
        self.channel = channel
        self.limit = limit
        self.module = types.ModuleType(MODULE)
        self.exported: list[Any] = []
        self.numbers: dict[int, int] = {}
        self.raised: dict[int, Exception] = {}

    def serve(self) -> None:
        """Answer until the checker hangs up."""
        with contextlib.suppress(Closed):
            while True:
                self.answer(*self.channel.receive())

    def answer(self, kind: int, body: bytes) -> None:
        """Do what one message asks and reply."""
        try:
            if kind == RUN:
                name, text = codec.Decoder(body).read()
                self.run(text)
                self.named(name)
                self.channel.send(VALUE, b"\0\0\0\0N")
            elif kind == CASES:
                self.cases(body)
            else:
                known: list[Any] = []
                decoder = codec.Decoder(body, self.resolve, known, number=True)
                request = decoder.read()
                watch = Watch(known)
                value = self.call(*request) if kind == CALL else self.operate(*request)
                self.channel.send(VALUE, self.reply(value, watch))
        except Closed:
            raise
        except codec.Unsendable as error:
            self.channel.send(REFUSED, str(error).encode())
        except BaseException as error:  # whatever it raises is the answer
            self.channel.send(RAISED, self.describe(error))

    def run(self, text: str) -> None:
        """Execute the program as a module of its own."""
        sys.modules[MODULE] = self.module
        code = compile(text, "program.py", "exec", dont_inherit=True, optimize=0)
        exec(code, vars(self.module))

    def call(self, target: Any, arguments: list[Any], named: dict[str, Any]) -> Any:
        """Call an object, or what has a name in the program."""
        function = self.named(target) if isinstance(target, str) else target
        return function(*arguments, **named)

    def named(self, name: str) -> Any:
        """What the program calls by this name."""
        try:
            return vars(self.module)[name]
        except KeyError:
            raise NameError(f"name {name!r} is not defined") from None

    def operate(self, operation: str, target: Any, *operands: Any) -> Any:
        """One of the operations a checker's stand-in for an object passes on."""
        if isinstance(target, str):
            target = self.named(target)
        if operation == "name":
            return target
        if operation == "getattr":
            return getattr(target, *operands)
        if operation == "setattr":
            return setattr(target, *operands)
        if operation == "bool":
            return bool(target)
        if operation == "len":
            return len(target)
        if operation == "getitem":
            return target[operands[0]]
        if operation == "isinstance":
            return isinstance(target, operands[0])
        if operation == "iter":
            return iter(target)
        return self.take(target, operands[0])

    def take(self, iterator: Any, count: int) -> tuple[bool, list[Any]]:
        """Whether it ended, and up to `count` items; an exception after the first waits its turn."""
        if id(iterator) in self.raised:
            raise self.raised.pop(id(iterator))
        items: list[Any] = []
        for _ in range(count):
            try:
                items.append(next(iterator))
            except StopIteration:
                return True, items
            except Exception as error:
                if not items:
                    raise
                self.raised[id(iterator)] = error
                break
        return False, items

    def cases(self, body: bytes) -> None:
        """Call a function with one list of arguments after another; send results as they come."""
        decoder = codec.Decoder(body)
        function = self.named(decoder.read())
        results = codec.Encoder(self.export, limit=self.limit)
        while not decoder.done():
            arguments = decoder.read()
            try:
                value = function(*arguments)
            except BaseException:
                self.channel.send(RESULTS, results.out)
                raise
            results.write(value)
            if len(results.out) > _CHUNK:
                self.channel.send(RESULTS, results.out)
                results = codec.Encoder(self.export, limit=self.limit)
        self.channel.send(RESULTS, results.out)
        self.channel.send(VALUE, b"\0\0\0\0N")

    def reply(self, value: Any, watch: Watch) -> bytearray:
        """A result, before it the arguments that changed."""
        encoder = codec.Encoder(self.export, watch.containers, limit=self.limit)
        encoder.out += b"\0\0\0\0"
        count = 0
        for number, container in watch.changed():
            encoder.out += number.to_bytes(4, "little")
            encoder.contents(container)
            count += 1
        encoder.out[:4] = count.to_bytes(4, "little")
        encoder.write(value)
        return encoder.out

    def describe(self, error: BaseException) -> bytearray:
        """An exception: its classes, the program's and the built-in ones, its arguments, its text."""
        kinds = type(error).__mro__
        builtin = [kind.__name__ for kind in kinds if _BUILTIN_ERRORS.get(kind.__name__) is kind]
        names = ([kind.__name__ for kind in kinds if kind.__module__ == MODULE], builtin)
        try:
            text = f"{type(error).__name__}: {error}"[:2000]
        except BaseException:
            text = type(error).__name__
        encoder = codec.Encoder(limit=self.limit)
        encoder.write((names, text, _errno(error)))
        start = len(encoder.out)
        try:
            encoder.write(tuple(BaseException.args.__get__(error)))  # type: ignore[attr-defined]
        except BaseException:
            del encoder.out[start:]
            encoder.write((text,))
        return encoder.out

    def export(self, value: Any) -> tuple[bytes, int]:
        """A handle on an object of the program, or the number of one of the tests'."""
        if type(value) is Foreign:
            return codec.YOURS, value._number
        number = self.numbers.setdefault(id(value), len(self.exported))
        if number == len(self.exported):
            self.exported.append(value)
        return (codec.ITERATOR if codec.is_iterator(value) else codec.OWN), number

    def resolve(self, mark: bytes, number: int, kind: str) -> Any:
        """The object behind a handle."""
        return self.exported[number] if mark == codec.YOURS else Foreign(self, number, kind)

    def call_back(self, function: Foreign, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Have the tests' function called outside; serve what that asks for in turn."""
        encoder = codec.Encoder(self.export, limit=self.limit)
        encoder.write((function, list(arguments), named))
        self.channel.send(CALL, encoder.out)
        while True:
            kind, body = self.channel.receive()
            if kind == VALUE:
                return codec.Decoder(body, self.resolve).read()
            if kind == RAISED:
                name, message = codec.Decoder(body).read()
                raise cast("type[Exception]", _BUILTIN_ERRORS.get(name, Exception))(message)
            self.answer(kind, body)


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


def redirect() -> None:
    """Standard streams of the program's own, all of them nowhere."""
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), "utf-8")
    for name, number in (("stdout", 1), ("stderr", 2)):
        raw = io.BufferedWriter(io.FileIO(number, "w", closefd=False))
        setattr(sys, name, io.TextIOWrapper(raw, "utf-8", errors="backslashreplace"))


class _Rehearsal(Channel):
    """Takes answers and says nothing."""

    def __init__(self) -> None:
        self.limit = 0

    def send(self, kind: int, body: bytes | bytearray = b"") -> None:
        """Ignore it."""


def rehearse() -> None:
    """Go through the motions once, before there are programs, so that children find code warmed up.

    What the interpreter adapts while it runs it would otherwise adapt, and copy, in each child.
    """
    text = "from typing import List\ndef f(a: List[int], b=0, *c) -> int:\n    return [x for x in a]\n"
    program, calls = codec.Encoder(), codec.Encoder()
    program.write(("f", text))
    calls.write(["f", [[1, 2], "text", 1.5, {"a": (True, None)}], {}])
    for _ in range(16):
        child = Child(_Rehearsal(), 1 << 20)
        child.answer(RUN, bytes(program.out))
        for _ in range(8):
            child.answer(CALL, bytes(calls.out))
    del sys.modules[MODULE]


def main(channel: Channel, limit: int) -> None:
    """Serve one program, then die without running what it registered to run at exit."""
    Child(channel, limit).serve()
    os._exit(0)
