"""Names with a line about each, and tables: cut to the width of a terminal, but not in a pipe."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence


def width() -> int:
    """The columns of the terminal; where there is none, as many as anything takes."""
    shown = sys.stdout.isatty() or "COLUMNS" in os.environ
    return shutil.get_terminal_size().columns if shown else sys.maxsize


def columns(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Lines of names and texts, indented and aligned."""
    rows = list(rows)
    column = max((len(name) for name, _ in rows), default=0)
    room = max(30, width() - column - 4)
    for name, text in rows:
        text = " ".join(text.split())
        yield f"  {name:<{column}}  {textwrap.shorten(text, room, placeholder=' ...')}".rstrip()


def table(rows: Sequence[Sequence[str]], least: int = 12) -> Iterator[str]:
    """Lines of an aligned table; columns that hold nothing but a title are left out.

    Args:
        rows: the titles first.
        least: no column is cut to less.
    """
    held = [column for column in zip(*rows, strict=True) if any(column[1:])]
    widths = [max(map(len, column)) for column in held]
    while sum(widths) + 2 * (len(widths) - 1) > width() and max(widths) > least:
        widths[widths.index(max(widths))] -= 1
    for row in zip(*held, strict=True):
        cells = (_cut(cell, w).ljust(w) for cell, w in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _cut(text: str, room: int) -> str:
    """Its beginning and its end, where seeds are."""
    if len(text) <= room:
        return text
    end = (room - 3) // 2
    return f"{text[: room - 3 - end]}...{text[-end:]}"
