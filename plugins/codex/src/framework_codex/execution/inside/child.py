"""One program: run it, then answer what the checker outside asks of it.

Nothing here defends anything: the program shares this process and may forge every answer. All it
can claim that way is data, which the checker compares outside with what it alone knows.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import sys
import types
from collections.abc import Generator
from typing import Any

from . import codec
from .channel import CASES, OPERATE, RAISED, REFUSED, RESULTS, RUN, VALUE, Channel, Closed
from .exceptions import describe, rebuild
from .loops import Loops
from .operations import OPERATIONS, StandIn
from .tasks import Tasks
from .watch import Watch

#: The module a program is run as.
MODULE = "program"

#: Bytes of results that are sent at once.
_CHUNK = 1 << 16
_CONTAINERS = {list, dict, set, bytearray}


class Foreign(StandIn):
    """An object of the tests: a program may do to it what it may do to any argument."""

    __slots__ = ("__child", "__kind", "__number")

    def __init__(self, child: Child, number: int, kind: str) -> None:
        for name, value in (("child", child), ("number", number), ("kind", kind)):
            object.__setattr__(self, f"_Foreign__{name}", value)

    def __ask__(self, operation: str, *operands: Any) -> Any:
        return self.__child.ask(operation, operands)

    def __await__(self) -> Generator[None, None, Any]:
        times = 0
        while True:
            done, value = self.__child.ask("step", (self,))
            if done:
                return value
            yield from self.__child.tasks.turn(times)
            times += 1


class Child:
    """The program's side of the conversation."""

    def __init__(self, channel: Channel, limit: int) -> None:
        self.channel = channel
        self.limit = limit
        self.objects = 0
        self.streams: tuple[Any, ...] = ()
        self.module = types.ModuleType(MODULE)
        self.exported: list[Any] = []
        self.numbers: dict[int, int] = {}
        self.foreign: dict[int, Foreign] = {}
        self.raised: dict[int, Exception] = {}
        self.tasks = Tasks()

    def serve(self) -> None:
        """Answer until the checker hangs up."""
        with contextlib.suppress(Closed):
            while True:
                self.answer(*self.channel.receive())

    def answer(self, kind: int, body: bytes) -> None:
        """Do what one message asks and reply."""
        try:
            if kind == RUN:
                name, text, self.objects = codec.Decoder(body).read()
                self.run(text)
                self.named(name)
                self.channel.send(VALUE, b"\0\0\0\0N")
            elif kind == CASES:
                self.cases(body)
            else:
                known: list[Any] = []
                decoder = codec.Decoder(body, self.resolve, known, number=True, find=self.find)
                request = decoder.read()
                watch = Watch(known)
                self.channel.send(VALUE, self.reply(request, watch))
        except Closed:
            raise
        except codec.Unsendable as error:
            self.channel.send(REFUSED, str(error).encode())
        except BaseException as error:  # whatever it raises is the answer
            self.channel.send(RAISED, self.raise_(error))

    def run(self, text: str) -> None:
        """Execute the program as a module of its own."""
        sys.modules[MODULE] = self.module
        code = compile(text, "program.py", "exec", dont_inherit=True, optimize=0)
        exec(code, vars(self.module))

    def named(self, name: str) -> Any:
        """What the program calls by this name."""
        try:
            return vars(self.module)[name]
        except KeyError:
            raise NameError(f"name {name!r} is not defined") from None

    def operate(self, operation: str, *operands: Any) -> Any:
        """One of the operations a checker's stand-in for an object passes on."""
        if operation == "take":
            return self.take(*operands)
        if operation == "step":
            return self.tasks.step(*operands)
        if operation == "redirect":
            return self.redirect(*operands)
        if operation == "printed":
            return self.printed()
        if operation == "classes":  # of an exception's class
            kind = operands[0]
            raised = isinstance(kind, type) and issubclass(kind, BaseException)
            return [(one.__module__, one.__qualname__) for one in kind.__mro__] if raised else []
        return OPERATIONS[operation](*operands)

    def redirect(self, read: str, functions: dict[str, Any]) -> None:
        """Have the program read and print what the tests have set up, up to `printed`."""
        replaced = {name: vars(builtins)[name] for name in functions}
        self.streams = (sys.stdin, sys.stdout, sys.stderr, replaced)
        sys.stdin, sys.stdout, sys.stderr = io.StringIO(read), io.StringIO(), io.StringIO()
        vars(builtins).update(functions)

    def printed(self) -> tuple[int, str, str]:
        """How much was read, and what was printed on the two streams."""
        streams = [one if isinstance(one, io.StringIO) else io.StringIO() for one in (sys.stdout, sys.stderr)]
        used = sys.stdin.tell() if isinstance(sys.stdin, io.StringIO) else 0
        sys.stdin, sys.stdout, sys.stderr, replaced = self.streams
        vars(builtins).update(replaced)
        return used, streams[0].getvalue(), streams[1].getvalue()

    def take(self, iterator: Any, count: int) -> tuple[bool, list[Any], Any]:
        """Whether it ended, up to `count` items, what it returned.

        An exception after the first item waits its turn.
        """
        if id(iterator) in self.raised:
            raise self.raised.pop(id(iterator))
        items: list[Any] = []
        # Who looks into an iterator of one's own making must not find it far ahead.
        count = count if type(iterator).__module__ != MODULE else 1 + count // 16
        for _ in range(count):
            try:
                items.append(next(iterator))
            except StopIteration as stop:
                return True, items, stop.value
            except Exception as error:
                if not items:
                    raise
                self.raised[id(iterator)] = error
                break
        return False, items, None

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

    def reply(self, request: list[Any], watch: Watch) -> bytearray:
        """The result of an operation, before it the arguments that changed."""
        value = self.operate(*request)
        encoder = codec.Encoder(self.export, watch.containers, limit=self.limit, objects=self.objects > 0)
        encoder.out += b"\0\0\0\0"
        count = 0
        for number, container in watch.changed():
            encoder.out += number.to_bytes(4, "little")
            encoder.contents(container)
            count += 1
        encoder.out[:4] = count.to_bytes(4, "little")
        if self.objects > 1 and request[0] == "getattr" and type(value) in _CONTAINERS:
            encoder.handle(value)
        else:
            encoder.write(value)
        return encoder.out

    def raise_(self, error: BaseException) -> bytearray:
        """An exception as a message; only its text where its arguments cannot be sent."""
        described = describe(error)
        for arguments in ((*described[3:],), (described[3], {}), ((described[1],), {})):
            encoder = codec.Encoder(self.export, limit=self.limit)
            try:
                encoder.write((*described[:3], *arguments))
            except BaseException:
                continue
            break
        return encoder.out

    def export(self, value: Any) -> tuple[bytes, int, str]:
        """A handle on an object of the program, or the number of one of the tests'."""
        if type(value) is Foreign:
            return codec.YOURS, object.__getattribute__(value, "_Foreign__number"), ""
        number = self.numbers.setdefault(id(value), len(self.exported))
        if number == len(self.exported):
            self.exported.append(value)
        return codec.mark_of(value), number, type(value).__name__

    def resolve(self, mark: bytes, number: int, text: str) -> Any:
        """The object behind a handle."""
        if mark == codec.NAMED:
            return self.named(text)
        if mark == codec.YOURS:
            return self.exported[number]
        if number not in self.foreign:
            self.foreign[number] = Foreign(self, number, text)
        return self.foreign[number]

    def find(self, module: str, name: str) -> type[BaseException] | None:
        """The program's own class of exceptions of this name."""
        kind = vars(self.module).get(name)
        return kind if isinstance(kind, type) and issubclass(kind, BaseException) else None

    def ask(self, operation: str, operands: tuple[Any, ...]) -> Any:
        """Have something done to an object of the tests, outside; serve what that asks for in turn."""
        encoder = codec.Encoder(self.export, limit=self.limit, objects=self.objects > 0)
        encoder.write([operation, *operands])
        self.channel.send(OPERATE, encoder.out)
        while True:
            kind, body = self.channel.receive()
            if kind == VALUE:
                return codec.Decoder(body, self.resolve, find=self.find).read()
            if kind == RAISED:
                raise rebuild(codec.Decoder(body, self.resolve).read(), self.find)[0]
            self.answer(kind, body)


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
    program, calls = codec.Encoder(), codec.Encoder(lambda _: (codec.NAMED, 0, "f"))
    program.write(("f", text, False))
    calls.write(["call", object(), [[1, 2], "text", 1.5, {"a": (True, None)}], {}])
    for _ in range(16):
        child = Child(_Rehearsal(), 1 << 20)
        child.answer(RUN, bytes(program.out))
        for _ in range(8):
            child.answer(OPERATE, bytes(calls.out))
    del sys.modules[MODULE]


def main(channel: Channel, limit: int) -> None:
    """Serve one program, then die without running what it registered to run at exit."""
    Loops().start()
    Child(channel, limit).serve()
    os._exit(0)
