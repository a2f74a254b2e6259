from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from framework.errors import UserError
from framework_codex.evaluation.bleu import code_bleu, overlap, tokenised
from framework_codex.evaluation.bleu_overlap import BleuOverlap
from framework_codex.evaluation.config import BleuOverlapConfig


def test_tokens_are_those_of_code() -> None:
    assert tokenised("x_1+=f(y)*2  # §") == "x_1 + = f ( y ) * 2 # §"


def test_equal_code_scores_100_whatever_its_spaces() -> None:
    scores = code_bleu(["return  x+1\n", "return x - 1", "pass", ""], "return x + 1")
    assert scores[0] == pytest.approx(100)
    assert 100 > scores[1] > scores[2] >= scores[3] == 0


def test_overlap_is_a_probability() -> None:
    rng = np.random.default_rng(0)
    right, wrong = rng.integers(0, 9, 40), rng.integers(0, 9, 30)
    pairs = [1.0 if w > r else 0.5 * (w == r) for r in right for w in wrong]
    assert overlap(right, wrong) == pytest.approx(np.mean(pairs))
    assert overlap([3.0, 4.0], [1.0, 2.0]) == 0


def test_problems_with_both_are_compared(
    scripted: Any, problem: Any, environment: Any, fake_judge: Any
) -> None:
    problems = environment([problem(f"{rate}/{i}") for rate in ("0.0", "0.5", "1.0") for i in range(5)])
    model = scripted(lambda task, temperature: float(task[:3]))
    report = BleuOverlap(BleuOverlapConfig(n=20))(model, problems)
    assert report.metrics["problems"] == 5
    # The right program here is the reference itself.
    assert report.metrics["overlap"] == 0
    assert all(row[3] == pytest.approx(100) for row in report.tables["BLEU"].rows)
    assert len(report.figures["BLEU"].axes) == 4


def test_nothing_to_compare_is_said(scripted: Any, problem: Any, environment: Any, fake_judge: Any) -> None:
    report = BleuOverlap(BleuOverlapConfig(n=2))(scripted(lambda task, t: 1.0), environment([problem("a")]))
    assert report.metrics == {"problems": 0}
    assert "nothing to compare" in report.notes[0]


def test_what_is_missing_is_named_before_sampling(
    scripted: Any, problem: Any, environment: Any, fake_judge: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = scripted(lambda task, t: 1.0)
    bare = type(problem("a"))(**{**problem("a").row(), "canonical_solution": ""})
    with pytest.raises(UserError, match="needs problems with a canonical solution"):
        BleuOverlap(BleuOverlapConfig())(model, environment([bare]))
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics.bleu", None)
    with pytest.raises(UserError, match="pip install sacrebleu"):
        BleuOverlap(BleuOverlapConfig())(model, environment([problem("a")]))
    assert model.drawn == []
