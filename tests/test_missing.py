"""What a recipe does not have is said, and never an internal error."""

from __future__ import annotations

from pathlib import Path

import pytest

import framework
from framework.errors import UserError

RECIPE = """\
environment: {use: tiny/points}
model: {use: tiny/line}
evaluators: [{use: tiny/error}]
trainer: {accelerator: cpu}
tracking: {system_metrics: false, log_model: false}
"""


def test_an_evaluator_that_cannot_judge_a_model_alone(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workplace / "recipe.yaml").write_text(RECIPE)
    needy = lambda self, algorithm, environment: algorithm.error()  # noqa: E731
    monkeypatch.setattr("framework_tiny.parts.Error.__call__", needy)
    with pytest.raises(UserError) as caught:
        framework.run("recipe.yaml", quiet=True)
    assert str(caught.value) == (
        "evaluator tiny/error (framework-tiny 0.1) cannot judge model tiny/line alone: AttributeError: "
        "'Line' object has no attribute 'error'\n  name the algorithm that trained it"
    )


def test_a_recipe_without_a_model(workplace: Path) -> None:
    with pytest.raises(UserError, match=r"^recipe.yaml:4:18: algorithm tiny/descent needs a model"):
        framework.run("recipe.yaml", ["model=null"], quiet=True)
