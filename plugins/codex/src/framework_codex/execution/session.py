"""The checker's side of the conversation with one program, and its deadlines."""

from __future__ import annotations

import builtins
import socket
import time
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from .inside import codec
from .inside.channel import (
    CALL,
    CASES,
    OPERATE,
    RAISED,
    REFUSED,
    RESULTS,
    RUN,
    VALUE,
    Channel,
    Closed,
    TooLarge,
)
from .stand_ins import Iterated, Named, Remote
from .verdict import Limits, Outcome

#: Times the limit of elapsed time that may be given back for waiting.
_STRETCH = 10
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

    Attributes:
        ended: outcome and detail once the program can no longer pass, whatever the tests do then.
        left: bytes it may send in all.
        sent: bytes it has sent.
        exceptions: classes of the prompt's, by name, that programs' classes of that name are raised as.
        raised: exceptions of the program that were raised into the tests.
    """

    def __init__(
        self, sock: socket.socket, clocks: Clocks, limits: Limits, cpu: float,
        prolong: Callable[[float], None],
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
        self.exceptions: dict[str, type[Exception]] = {}
        self.mine: list[Any] = []
        self.theirs: dict[int, Any] = {}

    def run(self, text: str, entry_point: str) -> None:
        """Execute the program, which has to define its entry point."""
        encoder = codec.Encoder()
        encoder.write((entry_point, text))
        self._ask(RUN, encoder.out)
        self._answer()

    def call(self, target: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call an object of the program, or what has a name in it."""
        return self._request(CALL, [target, list(arguments), named])

    def operate(self, operation: str, target: Any, *operands: Any) -> Any:
        """Do an operation on an object of the program; a string means what has this name."""
        return self._request(OPERATE, [operation, target, *operands])

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

    def _request(self, kind: int, request: list[Any]) -> Any:
        if self.ended is not None:
            raise Over(self.ended[1])
        known: list[Any] = []
        encoder = codec.Encoder(self._export, known, number=True, rebuild=True)
        encoder.known.append(request)  # the request itself is number 0, as whoever reads it numbers it
        encoder.numbers[id(request)] = 0
        encoder.contents(request)
        self._ask(kind, encoder.out)
        return self._answer(known)

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
            if kind != CALL:
                return self._conclude(kind, body, known)
            self._call_back(body)

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
        return codec.Decoder(body, self._resolve, known, nodes=self.limits.output_kb * 256)

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
        decoder = self._decoder(body)
        try:
            (own, names), text, number = self._read(decoder)
            arguments = self._read(decoder)
            own, names = (list(filter(_is_text, some)) for some in (own, names))
        except (TypeError, ValueError):
            return self.give_up("blocked", "raised what is no exception")
        text = text if isinstance(text, str) else ""
        kind = next(
            (self.exceptions[name] for name in own if name in self.exceptions), _exception_class(names)
        )
        if not issubclass(kind, Exception):
            return self.give_up("exception", text)
        error = _instance(kind, arguments if isinstance(arguments, tuple) else (text,))
        self.raised.append(Raised(error, text, number in _FORBIDDEN))
        return error

    def _call_back(self, body: bytes) -> None:
        decoder = self._decoder(body)
        request = self._read(decoder)
        encoder = codec.Encoder(self._export, rebuild=True)
        try:
            function, arguments, named = request
            if isinstance(function, Remote) or not callable(function):
                raise TypeError("not a function")
            encoder.write(function(*arguments, **named))
        except Exception as error:
            encoder = codec.Encoder()
            encoder.write((type(error).__name__, str(error)))
            self._ask(RAISED, encoder.out)
        else:
            self._ask(VALUE, encoder.out)

    def _export(self, value: Any) -> tuple[bytes, int]:
        if isinstance(value, Named):
            value = self.operate("name", value.__name__)
        if isinstance(value, (Remote, Iterated)) and object.__getattribute__(value, "_session") is self:
            return codec.YOURS, object.__getattribute__(value, "_number")
        self.mine.append(value)
        return codec.OWN, len(self.mine) - 1

    def _resolve(self, mark: bytes, number: int, kind: str) -> Any:
        if mark == codec.YOURS:
            if number >= len(self.mine):
                raise codec.Malformed("unknown object")
            return self.mine[number]
        if number not in self.theirs:
            stand_in = Iterated(self, number) if mark == codec.ITERATOR else Remote(self, number, kind)
            self.theirs[number] = stand_in
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


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _exception_class(names: list[str]) -> type[BaseException]:
    for name in names:
        kind = getattr(builtins, name, None)
        if isinstance(kind, type) and issubclass(kind, BaseException):
            return kind
    return Exception


def _instance(kind: type[BaseException], arguments: tuple[Any, ...]) -> BaseException:
    try:
        return kind(*arguments)
    except Exception:
        error = kind.__new__(kind) if not issubclass(kind, BaseExceptionGroup) else Exception()
        error.args = arguments
        return error


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
