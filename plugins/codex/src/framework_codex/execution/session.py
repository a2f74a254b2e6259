"""The checker's side of the conversation with one program, and its deadlines."""

from __future__ import annotations

import builtins
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

from .inside import codec
from .inside.channel import CASES, OPERATE, RAISED, REFUSED, RESULTS, RUN, VALUE, Channel, Closed, TooLarge
from .inside.child import MODULE
from .inside.exceptions import describe, find_known, rebuild
from .rules import STRICT, Rules
from .served import Served
from .stand_ins import Named, Remote, stand_in
from .verdict import Limits, Outcome

#: Times the limit of elapsed time that may be given back for waiting.
_STRETCH = 20
#: Functions that tests replace to read and print in a program's place.
_PATCHED = {"input": input, "print": print}
#: Shortest pause between two looks at the program's clock.
_TICK = 0.02


class Clocks(Protocol):
    """Two clocks of a program; see `Sandbox`."""

    def clock(self) -> float: ...
    def waited(self) -> float: ...


class Over(BaseException):
    """The verdict stands. Not an Exception, so that tests which catch those do not swallow it."""


class Raised(NamedTuple):
    """An exception of the program: as the tests saw it, its text, whether it is the sandbox's refusal."""

    error: BaseException
    text: str
    forbidden: bool


class Session:
    """Asks one program, and keeps the first reason for which it cannot pass.

    Args:
        sock: the stream to the program.
        clocks: CPU-seconds the program has used, and seconds all concerned waited for a processor.
        limits: of the program.
        cpu: CPU-seconds it is stopped at.
        prolong: told by how many seconds the end is put off.
        rules: what the tests may ask.

    Attributes:
        ended: outcome and detail once the program can no longer pass, whatever the tests do then.
        left: bytes it may send in all.
        sent: bytes it has sent.
        exceptions: classes of the prompt's, by name, that programs' classes of that name are raised as.
        raised: exceptions of the program that were raised into the tests.
        asked: operations the tests asked for whose answers could be forged.
        questions: how many operations the tests asked for.
    """

    def __init__(
        self, sock: socket.socket, clocks: Clocks, limits: Limits, cpu: float,
        prolong: Callable[[float], None], rules: Rules = STRICT,
    ) -> None:  # fmt: skip
        self.channel = _Timed(sock, self.wait, limits.output_kb * 1024 + 4096)
        self.sock = sock
        self.clocks = clocks
        self.prolong = prolong
        self.limits = limits
        self.cpu = cpu
        self.waited: float | None = None
        self.begin = time.monotonic()
        self.stop = self.begin + limits.wall_seconds
        self.look = self.begin + _TICK
        self.left = limits.output_kb * 1024
        self.sent = 0
        self.ended: tuple[Outcome, str] | None = None
        self.raised: list[Raised] = []
        self.rules = rules
        self.asked: set[str] = set()
        self.questions = 0
        self.exceptions: dict[str, type[BaseException]] = {}
        self.served = Served()
        self.theirs: dict[int, Any] = {}
        self.handles: dict[int, Remote] = {}
        self.streams = (sys.stdin, sys.stdout, sys.stderr)
        #: Tests may call from several threads.
        self.turn = threading.RLock()

    def run(self, text: str, entry_point: str) -> None:
        """Execute the program, which has to define its entry point."""
        encoder = codec.Encoder()
        encoder.write((entry_point, text, self.rules.objects))
        self._ask(RUN, encoder.out)
        self._answer()

    def operate(self, operation: str, *operands: Any) -> Any:
        """Have an operation done where the program is; see `inside.operations`."""
        if self.ended is not None:
            raise Over(self.ended[1])
        self.questions += operation not in ("classes", "redirect", "printed")
        request = [operation, *operands]
        known: list[Any] = []
        encoder = codec.Encoder(self._export, known, number=True, rebuild=True)
        encoder.known.append(request)  # the request itself is number 0, as whoever reads it numbers it
        encoder.numbers[id(request)] = 0
        encoder.contents(request)
        with self.turn, self._redirected(operation):
            self._ask(OPERATE, encoder.out)
            return self._answer(known)

    @contextmanager
    def _redirected(self, operation: str) -> Iterator[None]:
        """Have the program read and print where the tests do, if they replaced the streams.

        A program's own streams lead nowhere.
        """
        functions = {name: vars(builtins)[name] for name in _PATCHED}
        replaced = {name: value for name, value in functions.items() if value is not _PATCHED[name]}
        streams = (sys.stdin, sys.stdout, sys.stderr)
        if operation in ("redirect", "printed") or not (replaced or streams != self.streams):
            yield
            return
        stdin, stdout, stderr = streams
        start = stdin.tell() if stdin is not self.streams[0] and stdin.seekable() else 0
        self.operate("redirect", stdin.read() if stdin is not self.streams[0] else "", replaced)
        try:
            yield
        finally:
            if self.ended is None:
                used, out, err = self.operate("printed")
                for stream, text in ((stdout, out), (stderr, err)):
                    if type(text) is str and text:
                        stream.write(text)
                if stdin is not self.streams[0] and stdin.seekable():
                    stdin.seek(start + int(used))

    def close(self, generator: Remote) -> None:
        """Close a generator of the program, if the program still runs."""
        if self.ended is None:
            self.operate("close", generator)

    def allows(self, operation: str) -> bool:
        """Whether the rules let an operation pass whose answer could be forged."""
        self.asked.add(operation)
        return self.rules.asks is None or operation in self.rules.asks

    def own_exceptions(self, names: Iterable[Named]) -> dict[str, type[BaseException]]:
        """Those of some names that are the program's classes of exceptions, as classes tests can catch."""
        described: list[list[tuple[str, str]]] = []
        for name in names:
            try:
                classes = self.operate("classes", name)
                described.append([(str(module), str(text)) for module, text in classes])
            except Exception:  # there is no such name yet
                continue
        made: dict[str, type[BaseException]] = {}
        for (_, own), *bases in sorted(filter(None, described), key=len):
            known = (self._find(*base) or find_known(*base) for base in bases)
            kind = next((kind for kind in known if kind is not None), Exception)
            made[own] = self.exceptions[own] = type(own, (kind,), {})
        return made

    def cases(self, body: bytes, take: Callable[[Any], bool]) -> bool:
        """Go through prepared cases; `take` gets each result and says whether to go on.

        Returns:
            Whether all were gone through.
        """
        self._ask(CASES, body)
        while True:
            kind, data = self._receive()
            if kind != RESULTS:
                self._conclude(kind, data)
                return True
            decoder = self._decoder(data)
            while not decoder.done():
                if not take(self._read(decoder)):
                    return False

    def give_up(self, outcome: Outcome, detail: str) -> Over:
        """Settle the verdict; to be raised."""
        if self.ended is None:
            self.ended = (outcome, detail)
        return Over(detail)

    def wait(self) -> float:
        """Seconds to wait before looking at the clocks again.

        Raises:
            Over: time is up.
        """
        left = self.stop - time.monotonic()
        if left <= 0:
            left = self._more_time()
        if self.waited is None:
            self.waited = self.clocks.waited()
        used = self.clocks.clock()
        if used >= self.cpu:
            raise self.give_up("timed_out", f"used {self.limits.cpu_seconds:g} s of processor time")
        return min(left, max(self.cpu - used, _TICK))

    def _more_time(self) -> float:
        """Give back the time that was spent waiting for a processor; the seconds given."""
        waited = max(self.clocks.waited() - (self.waited or 0.0), 0.0)
        missing = self.begin + self.limits.wall_seconds + waited - time.monotonic()
        if missing < _TICK or waited > _STRETCH * self.limits.wall_seconds:
            raise self.give_up("timed_out", f"not done within {self.limits.wall_seconds:g} s")
        self.stop += missing
        self.prolong(missing)
        return missing

    def _ask(self, kind: int, body: bytes | bytearray) -> None:
        self.sock.settimeout(max(self.stop - time.monotonic(), _TICK))
        try:
            self.channel.send(kind, body)
        except TimeoutError:
            raise self.give_up("timed_out", "it does not listen") from None
        except OSError:
            raise self.give_up("crashed", "its process ended") from None

    def _receive(self) -> tuple[int, bytes]:
        now = time.monotonic()
        if now >= self.look:  # a busy conversation never waits, and has to end as well
            self.look = now + self.wait()
        try:
            kind, body = self.channel.receive()
        except TooLarge:
            raise self.give_up("blocked", f"sent more than {self.limits.output_kb} KiB") from None
        except (Closed, OSError):
            raise self.give_up("crashed", "its process ended") from None
        self.sent += len(body)
        if self.sent > self.left:
            raise self.give_up("blocked", f"sent more than {self.limits.output_kb} KiB")
        return kind, body

    def _answer(self, known: list[Any] | None = None) -> Any:
        while True:
            kind, body = self._receive()
            if kind != OPERATE:
                return self._conclude(kind, body, known)
            self._serve(body)

    def _conclude(self, kind: int, body: bytes, known: list[Any] | None = None) -> Any:
        if kind == VALUE:
            return self._value(body, known)
        if kind == RAISED:
            raise self._exception(body)
        if kind == REFUSED:
            text = body[:200].decode("utf-8", "replace")
            raise self.give_up("blocked" if "large" in text else "failed", f"a result is {text}")
        raise self.give_up("blocked", "sent what is no answer")

    def _decoder(self, body: bytes, known: list[Any] | None = None) -> codec.Decoder:
        return codec.Decoder(body, self._resolve, known, nodes=self.limits.output_kb * 256, find=self._find)

    def _read(self, decoder: codec.Decoder) -> Any:
        try:
            return decoder.read()
        except codec.Malformed as error:
            raise self.give_up("blocked", f"sent what is no data: {error}") from None

    def _value(self, body: bytes, known: list[Any] | None) -> Any:
        decoder = self._decoder(body, known)
        decoder.at = 4
        changes = []
        for _ in range(int.from_bytes(body[:4], "little")):
            number = int.from_bytes(body[decoder.at : decoder.at + 4], "little")
            if known is None or not 0 < number < len(known):
                raise self.give_up("blocked", "changed what it was not given")
            decoder.at += 4
            changes.append((number, self._read(decoder)))
        value = self._read(decoder)
        for number, new in changes:
            _replace((known or [])[number], new)
        return value

    def _exception(self, body: bytes) -> BaseException:
        description = self._read(self._decoder(body))
        try:
            error, text, number = rebuild(description, self._find)
        except (TypeError, ValueError):
            return self.give_up("blocked", "raised what is no exception")
        # What ends a program must not pass for its answer where tests catch everything.
        if not isinstance(error, Exception) and type(error).__module__ == "builtins":
            return self.give_up("exception", text)
        self.raised.append(Raised(error, text, number in _FORBIDDEN))
        return error

    def _find(self, module: str, name: str) -> type[BaseException] | None:
        return self.exceptions.get(name.rpartition(".")[2]) if module == MODULE else None

    def _serve(self, body: bytes) -> None:
        """Do an operation on an object of the tests that the program was given."""
        request = self._read(self._decoder(body))
        encoder = codec.Encoder(self._export, rebuild=True)
        try:
            encoder.write(self.served.operate(request))
        except Over:
            raise
        except BaseException as error:  # asyncio's CancelledError included
            encoder = codec.Encoder(self._export)
            encoder.write(describe(error))
            self._ask(RAISED, encoder.out)
        else:
            self._ask(VALUE, encoder.out)

    def _export(self, value: Any) -> tuple[bytes, int, str]:
        if isinstance(value, Named):
            return codec.NAMED, 0, object.__getattribute__(value, "__name__")
        handle = self.handles.get(id(value))
        if handle is not None:
            return codec.YOURS, object.__getattribute__(handle, "_Remote__number"), ""
        return codec.OWN, self.served.number(value), type(value).__name__

    def _resolve(self, mark: bytes, number: int, text: str) -> Any:
        if mark == codec.NAMED:
            raise codec.Malformed("a name")
        if mark == codec.YOURS:
            return self.served.object(number)
        if number not in self.theirs:
            made, handle = stand_in(self, mark, number, text)
            self.theirs[number] = made
            self.handles[id(made)] = self.handles[id(handle)] = handle
        return self.theirs[number]


class _Timed(Channel):
    """Looks at the clocks while it waits."""

    def __init__(self, sock: socket.socket, wait: Callable[[], float], limit: int) -> None:
        super().__init__(sock, limit)
        self.wait = wait
        self.patience = _TICK

    def more(self, size: int) -> bytes:
        self.sock.settimeout(self.patience)
        while True:
            try:
                data = self.sock.recv(size)
            except TimeoutError:
                self.sock.settimeout(self.wait())
            else:
                if not data:
                    raise Closed
                return data


#: Error numbers of what the sandbox forbids: EPERM, EACCES, EROFS, EFBIG, ENOSPC.
_FORBIDDEN = {1, 13, 30, 27, 28}


def _replace(container: Any, new: Any) -> None:
    """Give a container of the tests the contents the program left it with."""
    if (isinstance(container, list) and isinstance(new, list)) or (
        isinstance(container, bytearray) and isinstance(new, bytearray)
    ):
        container[:] = new
    elif (isinstance(container, dict) and isinstance(new, dict)) or (
        isinstance(container, set) and isinstance(new, set)
    ):
        container.clear()
        container.update(new)
