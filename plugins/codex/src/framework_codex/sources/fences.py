"""Fenced blocks in Markdown as chat models write it: fences glued to text, cut off, or alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

#: What a line of Python may begin with, at the margin.
CODE = re.compile(r"(?:def |async def |class |import |from \w[\w.]* import |@\w)")
PYTHON = {"", "py", "python", "python3", "python2"}

_RUN = re.compile(r"`{3,}|~{3,}")
_LANGUAGE = re.compile(r"[ \t]*([\w+#.-]*)[ \t]*(.*)")
#: A language that runs into the code after it: ```pythondef f():
_GLUED = re.compile(r"(python[23]?|py)((?:def|async|class|import|from|return) .*|@.*)")
_STATEMENT = re.compile(r"(?:return|yield|for|if|while|with|try|raise|assert|pass)\b|\w+ *=")
#: The remains of a fence: a language alone on the first line, one or two backticks at either end.
_FIRST = re.compile(r"\A\s*(?:`{1,2}[ \t]*(?:python[23]?|py)?|python[23]?|py)[ \t]*\n", re.IGNORECASE)
_LAST = re.compile(r"(?<!`)`{1,2}\s*\Z")


class Block(NamedTuple):
    """A part of a text: whether it is between fences, its language, in lower case, and its lines."""

    fenced: bool
    language: str
    code: str


def blocks(text: str) -> list[Block]:
    """The parts of a text in order, fenced or not; blank ones are left out.

    A block may be cut off, and those in lists lose their indent.
    """
    text = _LAST.sub("\n", _FIRST.sub("", text))
    return [block for block in _parts(text) if block.code.strip()]


def _parts(text: str) -> Iterator[Block]:
    fence = indent = language = ""
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        run = _RUN.search(line)
        if not fence:
            if run is None or (any(map(CODE.match, lines)) and _in_docstring(lines)):
                lines.append(line)
                continue
            fence, indent = run[0], line[: run.start()]
            if indent.strip():  # it follows text on the same line
                lines.append(indent + "\n")
                indent = ""
            yield Block(False, "", "".join(lines))
            language, code = _opened(line[run.end() :].strip())
            lines = [code + "\n"] if code else []
            end = _end(code, fence, []) if code else None
            if end is not None:  # all on one line
                yield Block(True, language, code[:end] + "\n")
                fence, lines = "", [code[end:].lstrip(fence[0]) + "\n"]
            continue
        end = _end(line, fence, lines if language in PYTHON else [])
        if end is None:
            lines.append(line.removeprefix(indent))
            continue
        if line[:end].strip():
            lines.append(line[:end].removeprefix(indent).rstrip() + "\n")
        yield Block(True, language, "".join(lines))
        after = line[end:].strip().lstrip("`~").strip()
        language, code = _opened(after)
        if after and language in PYTHON - {""}:  # the next one opens before this one was closed
            lines = [code + "\n"] if code else []
        else:
            fence, lines = "", [after + "\n"] if after else []
    yield Block(bool(fence), language if fence else "", "".join(lines))


def _opened(info: str) -> tuple[str, str]:
    """The language after an opening fence, and the code, if that begins on the same line."""
    glued = _GLUED.match(info)
    if glued:
        return glued[1], glued[2]
    if _is_code(info):
        return "", info
    found = _LANGUAGE.match(info)
    language, rest = found.groups() if found else ("", "")
    return language.lower(), rest if _is_code(rest) else ""


def _is_code(text: str) -> bool:
    return bool(CODE.match(text) or _STATEMENT.match(text)) and "title=" not in text


def _in_docstring(lines: list[str]) -> bool:
    code = "".join(lines)
    return any(code.count(quotes) % 2 for quotes in ('"""', "'''"))


def _end(line: str, fence: str, lines: list[str]) -> int | None:
    """Where in a line the block ends; a docstring may hold fences of its own."""
    if _in_docstring(lines):
        return None
    runs = list(_RUN.finditer(line))
    if len(runs) % 2 == 0:  # none, or a span of code in a comment
        return None
    run = runs[-1]
    before = line[: run.start()]
    if not before.strip():
        longer = run[0][0] == fence[0] and len(run[0]) < len(fence)
        return None if longer else run.start()
    open_string = any(before.count(quote) % 2 for quote in "\"'") and "#" not in before
    partner = run[0] == fence or not line[run.end() :].strip()
    return run.start() if partner and not open_string else None
