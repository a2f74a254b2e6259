"""What only a plugin without the others can break: that it loads, and one short run."""

from __future__ import annotations

from pathlib import Path

from framework.testing import check_plugin
from framework.testing.fixtures import RunRecipe

RECIPES = Path(__file__).parents[3] / "recipes"


def test_plugin() -> None:
    check_plugin("her")


def test_a_short_run(framework_run: RunRecipe) -> None:
    short = ["algorithm.budget.env_steps=1600", "evaluators.0.episodes=4", "tracking.log_model=false"]
    result = framework_run(RECIPES / "her_reach.yaml", short)
    assert result.run.state.stages[""].finished
    assert result.metrics
