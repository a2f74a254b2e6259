"""The code in what a chat model answers."""

from __future__ import annotations

import re
import textwrap

from framework_codex.sources.fences import CODE, PYTHON, blocks
from framework_codex.sources.whole import as_completion, compiles

_THOUGHTS = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)|\A.*</think(?:ing)?>", re.DOTALL)
_FUNCTION = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)


def completion_of(answer: str, prompt: str, suffix: str = "") -> str:
    """What to put after `prompt`: the code of an answer, whole or only the part that is missing."""
    code = extract_code(answer, prompt)
    if not code.strip():
        return ""
    newline = "" if prompt.endswith("\n") else "\n"
    body = None if suffix else _body(code)
    if body is not None:
        return newline + _indented(body, prompt + newline)
    try:
        return as_completion(prompt, code, suffix)
    except ValueError:
        return code


def extract_code(answer: str, prompt: str = "") -> str:
    """The code an answer is about: of its blocks, the last that defines the prompt's function.

    Where none does, one that can be its body; else the longest block in Python, or the longest at
    all. Where there is no block, the lines that read as code. What a model thinks aloud before is
    left out, and so are the remains of fences of which one is missing.
    """
    answer = _THOUGHTS.sub("", answer).replace("\r\n", "\n")
    parts = blocks(answer)
    fenced = [part for part in parts if part.fenced]
    python = [part.code for part in fenced if part.language in PYTHON]
    # A fence that has lost its partner turns inside out what is fenced and what is not.
    outside = [_bare(part.code) for part in parts if not part.fenced]
    names = _FUNCTION.findall(prompt)
    if names:
        named = [code for code in [*outside[::-1], *python] if names[-1] in _FUNCTION.findall(code)]
        if named:
            return next((code for code in reversed(named) if compiles(code)), named[-1])
        bodies = [code for code in [*python[::-1], *outside] if _body(code) is not None]
        if bodies:
            return bodies[0]
    if not fenced:
        return _bare("".join(part.code for part in parts))
    return max(python or [block.code for block in fenced], key=len)


def _body(code: str) -> str | None:
    """Code as the body of a function, which perhaps has lost its indentation; None if it is no body."""
    first = next((line for line in code.splitlines() if line.strip()), "")
    if first[:1].isspace():
        return code
    if not compiles(code):
        for shifted in _margins(code):
            if compiles("def f():\n" + (found := textwrap.indent(shifted, "    "))):
                return found
    return None


def _margins(body: str) -> tuple[str, str]:
    """A body at the margin: as it is, and with a first line that alone has lost its indentation."""
    first, newline, rest = body.partition("\n")
    return textwrap.dedent(body), first.lstrip() + newline + textwrap.dedent(rest)


def _indented(body: str, start: str) -> str:
    """A body with the indentation of what is there of the function already, if it has another."""
    if compiles(start + body):
        return body
    there = next((line for line in reversed(start.splitlines()) if line.strip()), "")
    margin = there[: len(there) - len(there.lstrip())]
    for shifted in _margins(body):
        found = textwrap.indent(shifted, margin)
        if compiles(start + found):
            return found
    return body


def _bare(text: str) -> str:
    """The code of text without fences: prose before and after it is left out."""
    if compiles(text) or text[:1].isspace():
        return text
    lines = text.splitlines(keepends=True)
    head = ""
    start = next((i for i, line in enumerate(lines) if CODE.match(line)), None)
    if start is None:  # perhaps the body of a function
        head = "def f():\n"
        start = next((i for i, line in enumerate(lines) if line[:1].isspace() and line.strip()), len(lines))
    for end in range(len(lines), start, -1):
        code = "".join(lines[start:end])
        if compiles(head + code):
            return code
    return text if head else "".join(lines[start:])
