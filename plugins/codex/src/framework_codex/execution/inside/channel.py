"""Messages over a stream socket: a kind, a length, a body."""

from __future__ import annotations

import socket
import struct
from typing import Final

_HEAD = struct.Struct("<BI")

#: Requests: to run the program, do an operation on an object, go through cases.
RUN: Final = 1
OPERATE: Final = 2
CASES: Final = 3
#: Answers: a value, an exception, some of the cases' results, data that cannot be sent.
VALUE: Final = 10
RAISED: Final = 11
RESULTS: Final = 12
REFUSED: Final = 13


class Closed(Exception):
    """The other end is gone."""


class TooLarge(Exception):
    """A message is longer than is allowed."""


class Channel:
    """One end of a conversation, blocking."""

    def __init__(self, sock: socket.socket, limit: int = 1 << 32) -> None:
        self.sock = sock
        self.limit = limit
        self.buffer = b""

    def send(self, kind: int, body: bytes | bytearray = b"") -> None:
        """Send one message."""
        self.sock.sendall(_HEAD.pack(kind, len(body)) + body)

    def receive(self) -> tuple[int, bytes]:
        """The next message.

        Raises:
            Closed: the other end is gone.
            TooLarge: it announces more than the limit.
        """
        buffer = self.buffer
        while len(buffer) < _HEAD.size:
            buffer += self.more(65536)
        kind, size = _HEAD.unpack_from(buffer)
        if size > self.limit:
            raise TooLarge
        end = _HEAD.size + size
        if len(buffer) < end:
            parts = [buffer]
            missing = end - len(buffer)
            while missing > 0:
                part = self.more(min(max(missing, 65536), 1 << 20))
                parts.append(part)
                missing -= len(part)
            buffer = b"".join(parts)
        self.buffer = buffer[end:]
        return kind, buffer[_HEAD.size : end]

    def more(self, size: int) -> bytes:
        """Some bytes."""
        data = self.sock.recv(size)
        if not data:
            raise Closed
        return data

    def close(self) -> None:
        """Hang up."""
        self.sock.close()
