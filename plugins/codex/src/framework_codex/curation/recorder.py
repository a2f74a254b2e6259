"""Runs a test suite and writes down calls of functions: `python recorder.py OUT ROOT CALLS -m pytest tests`.

It imports nothing but the standard library, since it runs in whatever environment the tests need. Kept are
calls whose arguments and result are plain data, as the text of Python literals, of functions at the top of
modules below the folder or file ROOT; up to CALLS different ones of each.
"""

from __future__ import annotations

import json
import math
import runpy
import sys
import threading
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

#: Characters of the longest call that is kept.
_LONGEST = 2000
_NO_PLAIN_ARGUMENTS = 0x04 | 0x08 | 0x20 | 0x80 | 0x100 | 0x200  # *args, **kwargs, generators, coroutines


def literal(value: Any) -> str | None:
    """A value as a Python literal; None if it is not plain data of moderate size."""
    if not is_plain(value, 6):
        return None
    text = repr(value)
    return text if len(text) <= _LONGEST else None


def is_plain(value: Any, depth: int) -> bool:
    """Whether a value consists of None, booleans, finite numbers, texts and containers of them."""
    kind = type(value)
    if kind in (type(None), bool, int, str, bytes):
        return kind is not int or abs(value) < 1 << 200
    if kind is float:
        return math.isfinite(value)
    if depth == 0 or kind not in (list, tuple, set, dict) or len(value) > 500 or (kind is set and not value):
        return False
    parts = [*value.keys(), *value.values()] if kind is dict else value
    return all(is_plain(part, depth - 1) for part in parts)


class Recorder:
    """A profiler that keeps calls.

    Args:
        root: a folder or file.
        most: different calls of each function.
    """

    def __init__(self, root: str, most: int) -> None:
        self.root = Path(root).resolve()
        self.most = most
        self.wanted: dict[CodeType, bool] = {}
        self.calls: dict[CodeType, dict[str, str]] = {}
        self.open: dict[int, tuple[CodeType, str]] = {}

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        """What the interpreter calls at each call and return."""
        code = frame.f_code
        if event == "call":
            if self.wanted.setdefault(code, self.wants(code)) and len(self.calls.get(code, ())) < self.most:
                count = code.co_argcount + code.co_kwonlyargcount
                given = literal(tuple(frame.f_locals[name] for name in code.co_varnames[:count]))
                if given is not None:
                    self.open[id(frame)] = code, given
        elif event == "return" and (begun := self.open.pop(id(frame), None)) is not None and begun[0] is code:
            # None is also what an exception looks like from here.
            result = literal(argument) if argument is not None else None
            if result is not None:
                self.calls.setdefault(code, {}).setdefault(begun[1], result)

    def wants(self, code: CodeType) -> bool:
        """Whether calls of a function are of use."""
        if code.co_flags & _NO_PLAIN_ARGUMENTS or code.co_kwonlyargcount or code.co_qualname != code.co_name:
            return False
        if not code.co_name.isidentifier():
            return False
        path = Path(code.co_filename)
        return path.is_absolute() and (path == self.root or self.root in path.parents)

    def write(self, path: str) -> None:
        """One JSON line per function."""
        with Path(path).open("w", encoding="utf-8") as file:
            for code, calls in self.calls.items():
                row = {"file": code.co_filename, "line": code.co_firstlineno, "calls": list(calls.items())}
                file.write(json.dumps(row) + "\n")


def main() -> None:
    """Run the tests under the profiler."""
    out, root, most, *command = sys.argv[1:]
    recorder = Recorder(root, int(most))
    sys.path[0] = ""
    threading.setprofile(recorder)
    sys.setprofile(recorder)
    try:
        if command[0] == "-m":
            sys.argv = command[1:]
            runpy.run_module(command[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = command
            runpy.run_path(command[0], run_name="__main__")
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        recorder.write(out)


if __name__ == "__main__":
    main()
