"""What only a plugin without the others can break: that it loads, and one short run."""

from __future__ import annotations

from pathlib import Path

import pytest

from framework.testing import check_plugin
from framework.testing.fixtures import RunRecipe

RECIPES = Path(__file__).parents[3] / "recipes"
SHORT = [
    "algorithm.budget.env_steps=64",
    "algorithm.steps=16",
    "algorithm.minibatches=2",
    "environment.num_envs=4",
    "environment.threads=1",
    "environment.starts=8",
    "environment.steps_per_goal=4",
    "evaluators.0.episodes=4",
    "tracking.log_model=false",
]
NOMINAL = [
    "evaluators.1.episodes=2",
    "evaluators.1.environment={use: dex_hand/reorient, num_envs: 2, starts: 8, steps_per_goal: 4}",
]


def test_plugin() -> None:
    check_plugin("dex_hand")


@pytest.mark.parametrize(("recipe", "more"), [("dex_hand_block", []), ("dex_hand_randomised", NOMINAL)])
def test_a_short_run(framework_run: RunRecipe, recipe: str, more: list[str]) -> None:
    result = framework_run(RECIPES / f"{recipe}.yaml", [*SHORT, *more])
    assert all(stage.finished for stage in result.run.state.stages.values())
    assert result.metrics
