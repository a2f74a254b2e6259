"""What only a plugin without the others can break: that it loads, and its recipe in small."""

from __future__ import annotations

from pathlib import Path

from framework.testing import check_plugin
from framework.testing.fixtures import RunRecipe

RECIPES = Path(__file__).parents[3] / "recipes"
SHORT = [
    "environment.num_envs=2",
    "environment.steps=12",
    "model={use: hide_seek/entities, filters: 1, embedding: 4, heads: 1, hidden: 4, units: 4}",
    "algorithm.steps=6",
    "algorithm.sequence_length=3",
    "algorithm.minibatches=2",
    "algorithm.epochs=1",
    "algorithm.budget.env_steps=48",
    "evaluators.0.games=2",
    "evaluators.1.games=2",
    "evaluators.1.every=24",
    "tracking.log_model=false",
]


def test_plugin() -> None:
    check_plugin("hide_seek")


def test_a_short_run(framework_run: RunRecipe) -> None:
    result = framework_run(RECIPES / "hide_seek.yaml", SHORT)
    assert {name.partition("/")[0] for name in result.metrics} == {"strategies", "cross_play"}, result.metrics
