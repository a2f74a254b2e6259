from __future__ import annotations

import ast

import pytest

from framework_codex.gpt.saving import whitespace_saving


def docstrings(text: str) -> list[str]:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)]
    return [doc for node in nodes if (doc := ast.get_docstring(node))]


def test_at_least_a_quarter_of_the_tokens_of_code(library: list[str]) -> None:
    learned, tested = library[::2], library[1::2]
    saving = whitespace_saving(tested, [doc for text in learned for doc in docstrings(text)])
    print(saving)
    assert saving.share >= 0.25
    assert saving.share == pytest.approx(1 - saving.with_runs / saving.plain)


def test_text_without_runs_saves_nothing() -> None:
    assert whitespace_saving(["a b", "c\nd"], ["a b c"]).share == 0
    assert whitespace_saving([], ["a"]).share == 0
