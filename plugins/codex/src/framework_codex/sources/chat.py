"""The code in what a chat model answers."""

from __future__ import annotations

import re
import textwrap
from typing import NamedTuple

from framework_codex.sources.whole import as_completion, compiles

_THOUGHTS = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL)
_FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<language>[\w+#.-]*)[^`\n]*$")
_FUNCTION = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)
_CODE = re.compile(r"^(?:def |async def |class |import |from \w[\w.]* import |@\w)")
_PYTHON = {"", "py", "python", "python3", "python2"}


class Block(NamedTuple):
    """A fenced block: its language, in lower case, and what is between the fences."""

    language: str
    code: str


def completion_of(answer: str, prompt: str, suffix: str = "") -> str:
    """What to put after `prompt`: the code of an answer, whole or only the part that is missing."""
    code = extract_code(answer, prompt)
    if not code.strip():
        return ""
    first = next(line for line in code.splitlines() if line.strip())
    newline = "" if prompt.endswith("\n") else "\n"
    if not suffix and first[0].isspace():
        return newline + code
    if not suffix and not compiles(code) and compiles("def f():\n" + textwrap.indent(code, "    ")):
        # A body whose indentation got lost.
        return newline + textwrap.indent(code, "    ")
    try:
        return as_completion(prompt, code, suffix)
    except ValueError:
        return code


def extract_code(answer: str, prompt: str = "") -> str:
    """The code an answer is about: of its blocks, the last that defines the prompt's function.

    Where none does, the longest block in Python, or the longest at all; where there is no
    block, the lines that read as code. What a model thinks aloud before is left out.
    """
    answer = _THOUGHTS.sub("", answer).replace("\r\n", "\n")
    names = _FUNCTION.findall(prompt)
    blocks = fenced(answer)
    if not blocks:
        return _bare(answer)
    python = [block.code for block in blocks if block.language in _PYTHON]
    if names:
        named = [code for code in python if names[-1] in _FUNCTION.findall(code)]
        if named:
            return next((code for code in reversed(named) if compiles(code)), named[-1])
    return max(python or [block.code for block in blocks], key=len)


def fenced(text: str) -> list[Block]:
    """The fenced blocks of Markdown, the last perhaps cut off; those in lists lose their indent."""
    found: list[Block] = []
    opened: re.Match[str] | None = None
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        fence = _FENCE.match(line.rstrip("\n"))
        if opened is None:
            if fence:
                opened, lines = fence, []
        elif fence and _closes(fence, opened) and not _within_docstring(opened, lines):
            found.append(Block(opened["language"].lower(), "".join(lines)))
            opened = None
        else:
            lines.append(line.removeprefix(opened["indent"]))
    if opened is not None and any(line.strip() for line in lines):
        found.append(Block(opened["language"].lower(), "".join(lines)))
    return found


def _closes(fence: re.Match[str], opened: re.Match[str]) -> bool:
    return (
        not fence["language"]
        and fence["fence"][0] == opened["fence"][0]
        and len(fence["fence"]) >= len(opened["fence"])
        and len(fence["indent"]) <= len(opened["indent"]) + 3
    )


def _within_docstring(opened: re.Match[str], lines: list[str]) -> bool:
    """A docstring may hold fences of its own."""
    code = "".join(lines)
    return opened["language"].lower() in _PYTHON and any(code.count(quotes) % 2 for quotes in ('"""', "'''"))


def _bare(answer: str) -> str:
    """The code of an answer without fences: prose before and after it is left out."""
    if compiles(answer) or answer[:1].isspace():
        return answer
    lines = answer.splitlines(keepends=True)
    start = next((i for i, line in enumerate(lines) if _CODE.match(line)), None)
    if start is None:
        return answer
    for end in range(len(lines), start, -1):
        code = "".join(lines[start:end])
        if compiles(code):
            return code
    return "".join(lines[start:])
