"""Where captioned pictures come from: rows, in shards that can be read one by one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

#: Rows of a shard: what is read again, at most, when a stream is resumed.
SHARD = 256

#: Columns that captions are looked for in.
CAPTION_COLUMNS = ("caption", "text", "prompt", "label")


class Row(NamedTuple):
    """A picture that is not decoded yet.

    Attributes:
        name: what the user knows it by.
        image: the encoded picture, or its file.
        caption: not empty, unless there is a reason.
        reason: why the row cannot be used; empty if it may.
    """

    name: str
    image: bytes | Path
    caption: str
    reason: str = ""

    def draw(self) -> float:
        """A number in [0, 1) that the picture always has, whatever its caption."""
        key = self.image if isinstance(self.image, bytes) else os.fsencode(self.name)
        return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big") / 2**64


class Source(Protocol):
    """Captioned pictures.

    Attributes:
        path: what the user gave.
        shards: how many there are.
    """

    path: Path
    shards: int

    def rows(self, shard: int) -> Iterator[Row]:
        """The rows of a shard, always the same ones in the same order."""

    def captions(self, most: int) -> set[str]:
        """The different captions; once they are more than `most`, some of them."""

    def stamp(self) -> str:
        """Changes when what is at the path changes."""


def stamp_of(files: Sequence[Path]) -> str:
    """A digest of names, sizes and times of files."""
    digest = hashlib.sha256()
    for file in files:
        try:
            found = file.stat()
        except OSError:  # named as missing when it is read
            continue
        digest.update(repr((os.fsencode(file), found.st_size, found.st_mtime_ns)).encode())
    return digest.hexdigest()


def legible(name: str) -> str:
    """A file's name that can be printed and stored; names that are not UTF-8 are read as Latin-1."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name).decode("latin-1")
    return name
