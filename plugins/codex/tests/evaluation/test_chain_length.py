from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from framework.errors import UserError
from framework_codex.evaluation.chain_length import ChainLength, factors
from framework_codex.evaluation.config import ChainLengthConfig

RATES = {1: 1.0, 2: 0.8, 3: 0.4, 4: 0.16, 5: 0.0}


def test_rates_and_factors_are_found(scripted: Any, problem: Any, environment: Any, fake_judge: Any) -> None:
    problems = environment([problem(f"{length}/{i}", length) for length in RATES for i in range(30)])
    model = scripted(lambda task, temperature: RATES[int(task[0])])
    report = ChainLength(ChainLengthConfig(n=20, k=(20,)))(model, problems)
    for length, rate in RATES.items():
        assert report.metrics[f"length_{length}/pass_at_1"] == pytest.approx(rate, abs=0.05)
        expected = 1 - (1 - rate) ** 20
        assert report.metrics[f"length_{length}/pass_at_20"] == pytest.approx(expected, abs=0.1)
    assert report.metrics["factor"] == pytest.approx(np.sqrt(2 * 2.5), rel=0.1)
    table = report.tables["by length"]
    assert [row[-1] is None for row in table.rows] == [True, True, False, False, True]
    assert [row[1] for row in table.rows] == [30] * 5
    assert report.figures["by length"].axes


def test_factors_need_neighbours_with_rates_inside() -> None:
    rates = np.array([0.99, 0.9, 0.3, 0.1, 0.01])
    assert factors([1, 2, 3, 4, 5], rates) == pytest.approx({3: 3, 4: 3})
    assert factors([1, 2, 4, 6, 7], rates) == {}


def test_without_a_factor_the_report_says_so(
    scripted: Any, problem: Any, environment: Any, fake_judge: Any
) -> None:
    problems = environment([problem("a", 1), problem("b", 2)])
    report = ChainLength(ChainLengthConfig(n=2, k=(1,)))(scripted(lambda task, t: 1.0), problems)
    assert "factor" not in report.metrics
    assert report.notes[0].startswith("No factor per block")


def test_problems_without_length_are_refused(
    scripted: Any, problem: Any, environment: Any, fake_judge: Any
) -> None:
    with pytest.raises(UserError, match="needs problems with a length"):
        ChainLength(ChainLengthConfig(n=2, k=(1,)))(
            scripted(lambda task, t: 1.0), environment([problem("a")])
        )
