from __future__ import annotations

import textwrap
import warnings

import pytest

from framework_codex.sources.whole import as_completion

DOCUMENTED = 'import math\n\n\ndef area(r):\n    """ The area. """\n'
SOLUTION = "def area(r):\n    return 3 * r * r\n"


def run(prompt, program):
    names = {}
    with warnings.catch_warnings(action="ignore"):
        exec(prompt + as_completion(prompt, program), names)
    return names


def test_a_program_that_repeats_the_prompt_loses_it():
    assert as_completion(DOCUMENTED, DOCUMENTED + "    return 1\n") == "    return 1\n"


@pytest.mark.parametrize("before", ["", "\n", "\n\n  \n"])
def test_blank_lines_around_a_repeated_prompt_do_not_matter(before):
    prompt = "\n\n" + DOCUMENTED + "    \n"
    assert run(prompt, before + DOCUMENTED + "    return math.pi\n")["area"](1) > 3.14


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        DOCUMENTED,
        DOCUMENTED.rstrip("\n"),
        "def area(r):",
        "def area(r):\n",
        "def area(r):\n    # the area\n",
        "def area(r):\n    if r:\n",
        "def area(r):\n    x = r\n",
        "class Shape:\n\n    def area(self):\n",
        "class Shape:\n\tdef area(self):\n",
        'def area(r):\n    """ The area\n    of a circle',
        "def area(r):\n    '''\n    The area",
        '"""\nWrite a function.\nassert area(1) == 3\n"""\n',
        "def area(r):\n    '\\d'\n",
    ],
)
def test_another_program_wins_over_any_prompt(prompt):
    assert run(prompt, SOLUTION)["area"](2) == 12


def test_a_prompt_within_a_statement_cannot_be_closed():
    with pytest.raises(ValueError, match="ends within a statement"):
        as_completion("def f(x):\n    return (x +", SOLUTION)


def test_a_word_is_not_torn():
    # `a = x` begins both, but the program goes on within the name
    assert as_completion("a = x ", "a = xy\n") == "\na = xy\n"


def test_the_middle_of_a_program():
    program = textwrap.dedent("def f(x):\n    y = x\n    return y\n")
    assert as_completion("def f(x):\n", program, "    return y\n") == "    y = x\n"
    with pytest.raises(ValueError, match="end with the suffix"):
        as_completion("def f(x):\n", program, "    return z\n")
    with pytest.raises(ValueError, match="end with the suffix"):
        as_completion("ab", "abc", "bc")
