"""Names, and one line about each."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator


def columns(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Lines of names and texts, indented and aligned; on a terminal cut to its width, but not in a pipe."""
    rows = list(rows)
    column = max((len(name) for name, _ in rows), default=0)
    shown = sys.stdout.isatty() or "COLUMNS" in os.environ
    room = max(30, shutil.get_terminal_size().columns - column - 4) if shown else sys.maxsize
    for name, text in rows:
        text = " ".join(text.split())
        yield f"  {name:<{column}}  {textwrap.shorten(text, room, placeholder=' ...')}".rstrip()
