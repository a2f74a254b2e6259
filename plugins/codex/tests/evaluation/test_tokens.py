from __future__ import annotations

from typing import Any

import pytest

from framework.errors import UserError
from framework_codex.evaluation.config import TokensConfig
from framework_codex.evaluation.tokens import Tokens, docstrings_in

CONFIG = TokensConfig(vocab_size=300)


def function(i: int, body: str = "    if x:\n        for y in x:\n            return y\n") -> dict[str, str]:
    return {"text": f'def f_{i}(x):\n    """Return what {i} wants,\n        or not."""\n{body}'}


def test_runs_of_spaces_are_saved(scripted: Any) -> None:
    environment = {"train": [function(i) for i in range(30)], "validation": [function(i) for i in range(99)]}
    report = Tokens(CONFIG)(scripted(lambda task, t: 0.0), environment)
    (prose, code) = report.tables["tokens"].rows
    assert report.metrics["saving"] == prose[3] == 1 - prose[2] / prose[1]
    # Of 4 + 4 + 8 + 8 + 12 spaces, the last of each run goes with the word behind it or is its token.
    assert 20 * 99 <= prose[1] - prose[2] <= 36 * 99
    assert report.metrics["saving_learned_from_code"] == code[3] < prose[3]


def test_code_without_runs_saves_nothing(scripted: Any) -> None:
    environment = {"train": [function(0)], "validation": [{"text": "x = 1\ny = 2\n"}]}
    assert Tokens(CONFIG)(scripted(lambda task, t: 0.0), environment).metrics["saving"] == 0


def test_docstrings_are_found() -> None:
    source = '"""A."""\nclass B:\n    """B."""\n    def c(self):\n        """C."""\n        "not this"\n'
    assert sorted(docstrings_in(source)) == ["A.", "B.", "C."]
    assert list(docstrings_in("def f(:")) == []
    assert list(docstrings_in('def f():\n    """A."""\n    return "\\d"\n')) == ["A."]


def test_text_without_docstrings_is_refused(scripted: Any) -> None:
    environment = {"train": [{"text": "x = 1\n"}], "validation": [{"text": "x = 1\n"}]}
    with pytest.raises(UserError, match="the split 'train' has none"):
        Tokens(CONFIG)(scripted(lambda task, t: 0.0), environment)
    del environment["train"]
    with pytest.raises(UserError, match="split 'train', which is missing"):
        Tokens(CONFIG)(scripted(lambda task, t: 0.0), environment)
