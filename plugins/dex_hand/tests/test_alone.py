"""What only a plugin without the others can break: that it loads, and one short run."""

from __future__ import annotations

from pathlib import Path

from framework.testing import check_plugin
from framework.testing.fixtures import RunRecipe

RECIPES = Path(__file__).parents[3] / "recipes"
SHORT = [
    "algorithm.budget.env_steps=64",
    "algorithm.steps=16",
    "environment={use: dex_hand/reorient, num_envs: 4, threads: 1, starts: 8, steps_per_goal: 4}",
    "evaluators.0.episodes=4",
    "tracking.log_model=false",
]


def test_plugin() -> None:
    check_plugin("dex_hand")


def test_a_short_run(framework_run: RunRecipe) -> None:
    result = framework_run(RECIPES / "dex_hand.yaml", SHORT)
    assert result.run.state.stages[""].finished
    assert result.metrics
