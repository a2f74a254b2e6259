"""Functions that chains are written as: clean ones, and the variety of a corpus."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from framework_codex.problems.blocks import Block
from framework_codex.problems.config import Style
from framework_codex.problems.wording import Chain, bullets, sentence

INDENT = "    "
_PARAMETERS = ("s", "s", "text", "string", "line")
_HEADINGS = (
    "Take a string and return the result of these steps:",
    "Change a string step by step:",
)


@dataclass(frozen=True)
class Written:
    """A function as text.

    Attributes:
        prompt: signature and docstring; ends with a newline.
        docstring: what stands between the quotes.
        body: indented; ends with a newline.
        signature: the line with `def`; ends with a newline.
    """

    signature: str
    docstring: str
    body: str

    @property
    def prompt(self) -> str:
        return f'{self.signature}{INDENT}"""{self.docstring}"""\n'

    @property
    def text(self) -> str:
        """The whole function."""
        return self.prompt + self.body


def clean(name: str, chain: Chain, wordings: Sequence[str]) -> Written:
    """The one style of problems and curated pairs."""
    fragments = [block.code[0] for block in chain]
    return Written(f"def {name}(s: str):\n", sentence(wordings), _body(fragments, "s", "c", "s"))


def spoiled(chain: Chain, rng: random.Random) -> str:
    """The body of `clean`, one step left out or wrong."""
    fragments = [block.code[0] for block in chain]
    _spoil(fragments, chain, rng)
    return _body(fragments, "s", "c", "s")


def found(
    name: str, chain: Chain, wordings: Sequence[str], style: Style, mistake: bool, rng: random.Random
) -> Written:
    """A function as a corpus might have it.

    `clean` is the style of the problems; `varied` takes other names and any of the
    implementations; `bullets` also lists the steps below a heading.
    """
    fragments = [rng.choice(block.code) if style != "clean" else block.code[0] for block in chain]
    if mistake:
        _spoil(fragments, chain, rng)
    if style == "clean":
        return Written(f"def {name}(s: str):\n", sentence(wordings), _body(fragments, "s", "c", "s"))
    parameter = rng.choice(_PARAMETERS)
    variable = parameter if rng.random() < 0.7 else "result"
    signature = f"def {name}({parameter}{rng.choice(('', ': str'))}){rng.choice(('', ' -> str'))}:\n"
    docstring = bullets(wordings, rng.choice(_HEADINGS)) if style == "bullets" else sentence(wordings)
    return Written(
        signature, docstring, _body(fragments, variable, rng.choice(("c", "ch", "char")), parameter)
    )


def _spoil(fragments: list[str], chain: tuple[Block, ...], rng: random.Random) -> None:
    step = rng.randrange(len(chain))
    if len(chain) > 1 and rng.random() < 0.5:
        del fragments[step]
    else:
        fragments[step] = chain[step].slip


def _body(fragments: Sequence[str], variable: str, character: str, parameter: str) -> str:
    lines = [] if variable == parameter else [f"{variable} = {parameter}"]
    for fragment in fragments:
        lines += fragment.format(v=variable, c=character).split("\n")
    lines.append(f"return {variable}")
    return "".join(f"{INDENT}{line}\n" for line in lines)
