"""Read JSON lines written by others: every bad line is named, none stops the reading."""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from collections.abc import Callable, Iterator
from io import BufferedIOBase
from pathlib import Path
from typing import Any, TypeVar, overload

from framework.errors import UserError, did_you_mean

T = TypeVar("T")
log = logging.getLogger("framework")

#: Bytes of the longest line that is read; a longer one is reported, whatever is in it.
LONGEST_LINE = 64 * 2**20
#: Bad lines an error names; the others are counted.
SHOWN = 20

_REQUIRED: Any = object()
_GZIP = b"\x1f\x8b"
_TYPES = {
    type(None): "null",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "an object",
}


def read_jsonl(
    path: Path, parse: Callable[[dict[str, Any], int], T], *, skip_bad_lines: bool = False
) -> list[T]:
    """Parse each line of a .jsonl or .jsonl.gz file (told by its content, not by its name).

    Empty lines are passed over. A file that is one JSON list of objects is read as well; its
    elements count as lines then.

    Args:
        path: the file.
        parse: turns an object and its line number, from 1, into a record; a ValueError says
            what is wrong with the line (see `field`).
        skip_bad_lines: leave bad lines out and log how many, unless nothing else is left.

    Raises:
        UserError: the file cannot be read, or lines of it are bad: one error for all of them.
    """
    records: list[T] = []
    bad: list[str] = []
    seen = 0
    for number, content in _lines(path):
        seen += 1
        try:
            records.append(parse(_object(content), number))
        except ValueError as error:
            bad.append(f"{path}:{number}: {error}")
    if not seen:
        raise UserError(f"{path} is empty: one JSON object per line is expected")
    if bad and (not records or not skip_bad_lines):
        more = [f"and {len(bad) - SHOWN} more"] if len(bad) > SHOWN else []
        fix = "no line is good" if not records else "mend them, or leave them out with skip_bad_lines: true"
        lines = "\n  ".join([*bad[:SHOWN], *more, fix])
        raise UserError(f"{path}: {len(bad)} of {seen} lines cannot be used\n  {lines}")
    if bad:
        log.warning("%s: left out %d of %d lines, the first: %s", path, len(bad), seen, bad[0])
    return records


@overload
def field(record: dict[str, Any], name: str, kind: type[T]) -> T: ...
@overload
def field(record: dict[str, Any], name: str, kind: type[T], default: T) -> T: ...
def field(record: dict[str, Any], name: str, kind: type[T], default: T = _REQUIRED) -> T:
    """The value of a record's field; `default` where the field is missing or null.

    Raises:
        ValueError: a field without default is missing, or it is of another type.
    """
    value = record.get(name)
    if value is None and default is not _REQUIRED:
        return default
    if name not in record:
        near = did_you_mean(name, record)
        raise ValueError(f"no field {name!r}" + (f", {near}" if near else ""))
    if kind is float and type(value) is int:
        return kind(value)  # type: ignore[call-arg]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        expected = _TYPES.get(kind, kind.__name__)
        raise ValueError(f"field {name!r} is {_TYPES[type(value)]}, expected {expected}")
    return value


def _object(content: bytes | dict[str, Any] | ValueError) -> dict[str, Any]:
    if isinstance(content, ValueError):
        raise content
    value: Any = content
    if isinstance(content, bytes):
        try:
            value = json.loads(content.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise ValueError(f"not UTF-8: byte 0x{content[error.start]:02x} at {error.start + 1}") from None
        except json.JSONDecodeError as error:
            raise ValueError(f"not JSON: {error.msg} (column {error.colno})") from None
        except RecursionError:
            raise ValueError("not JSON that can be read: nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError(f"{_TYPES[type(value)]}, expected an object: {{...}}")
    return value


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    """Numbered lines, or elements of a list; an error where the rest cannot be read."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == _GZIP
            raw.seek(0)
            with gzip.open(raw) if packed else raw as file:
                yield from _list(file) or _split(file)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error


def _split(file: BufferedIOBase) -> Iterator[tuple[int, Any]]:
    number = 1
    while True:
        try:
            line = file.readline(LONGEST_LINE + 1)
            content: Any = line.strip()
            if len(line) > LONGEST_LINE:
                content = ValueError(f"longer than {LONGEST_LINE // 2**20} MiB")
                while line and not line.endswith(b"\n"):
                    line = file.readline(LONGEST_LINE)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            yield number, ValueError(f"the compressed file is damaged from here on: {error}")
            return
        if not line and not content:
            return
        if content:
            yield number, content
        number += 1


def _list(file: BufferedIOBase) -> list[tuple[int, Any]]:
    """The elements of a file that is one JSON list of objects; nothing if it is not."""
    try:
        start = file.read(1024).lstrip(b"\xef\xbb\xbf \t\r\n")
        file.seek(0)
        if start[:1] != b"[" or start[1:].lstrip()[:1] != b"{":
            return []
        elements = json.loads(file.read(LONGEST_LINE).decode("utf-8-sig"))
    except (ValueError, RecursionError, EOFError, zlib.error, gzip.BadGzipFile):
        elements = []
    file.seek(0)
    return list(enumerate(elements, start=1))
