"""Taking functions apart into code and docstring."""

from __future__ import annotations

import ast

from hypothesis import given
from hypothesis import strategies as st

from framework_codex.training.docstrings import describe_completion, describe_prompt, take_apart

HEAD = 'import re\n\ndef helper():\n    """Not this."""\n\ndef f(s: str):\n'
PROMPT = f'{HEAD}    """Remove e, then\n    reverse."""\n'


def test_the_docstring_leaves_the_code() -> None:
    code, docstring = take_apart(PROMPT, "    return s\n")
    assert code == f"{HEAD}    return s\n"
    assert docstring == "Remove e, then\nreverse."


def test_a_body_that_is_no_python_is_taken_as_it_is() -> None:
    assert take_apart(PROMPT, "    return ((\n").code.endswith("def f(s: str):\n    return ((\n")


def test_without_a_docstring_there_is_none() -> None:
    assert take_apart("def f(s):\n", "    return s\n") == ("def f(s):\n    return s\n", "")
    assert take_apart("not python at all (", "x") == ("not python at all (x", "")


@given(
    st.text(st.characters(codec="utf-8", exclude_characters='"\\\r\f\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\0'))
)
def test_prompt_and_completion_are_put_together_as_python(docstring: str) -> None:
    whole = describe_prompt("def f():\n    pass\n\n") + describe_completion(docstring)
    last = ast.parse(whole).body[-1]
    assert isinstance(last, ast.Expr) and isinstance(last.value, ast.Constant)
    assert last.value.value == docstring.strip()
