"""A whole program as the completion of a prompt."""

from __future__ import annotations

import re
import warnings

# What ends a prompt: nothing, the body of a block, or the end of a docstring.
_ENDS = ("", "{body}pass\n", "{indent}pass\n", '"""\n', "'''\n")
_BLANK_LINES = re.compile(r"\A(?:[ \t\r]*\n)+")


def as_completion(prompt: str, program: str, suffix: str = "") -> str:
    """What to put after `prompt`, and before `suffix`, so that all together do what `program` does.

    A program that begins with the prompt loses it. Another one follows the prompt, whose last
    function is given a body if it has none yet; the program's definitions come later and win.
    Imports and helpers of the prompt stay, so that a program that forgot to repeat them works.

    Raises:
        ValueError: the prompt cannot be closed so that a program may follow.
    """
    if suffix:
        if program.startswith(prompt) and program[len(prompt) :].endswith(suffix):
            return program[len(prompt) : -len(suffix)]
        raise ValueError("it does not begin with the prompt and end with the suffix of its problem")
    if program.startswith(prompt):
        return program[len(prompt) :]
    start = _BLANK_LINES.sub("", prompt).rstrip()
    body = _BLANK_LINES.sub("", program)
    after = body.removeprefix(start)
    if start and after != body and (not after or after[0].isspace()):
        return after
    line = next((line for line in reversed(prompt.splitlines()) if line.strip()), "")
    indent = line[: len(line) - len(line.lstrip())]
    newline = "" if prompt.endswith("\n") or not prompt else "\n"
    for end in _ENDS:
        closing = newline + end.format(indent=indent, body=indent + "    ")
        if compiles(prompt + closing):
            return closing + program
    raise ValueError("a whole program cannot follow this prompt: it ends within a statement")


def compiles(source: str) -> bool:
    """Whether it is Python; it is not run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as an invalid escape in a docstring
        try:
            compile(source, "<program>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            return False
    return True
