"""What only a plugin without the others can break: that it loads, and one short run."""

from __future__ import annotations

from pathlib import Path

import pytest

from framework.testing import check_plugin
from framework.testing.fixtures import RunRecipe

RECIPES = Path(__file__).parents[3] / "recipes"
SMALL = "environment={use: adr/puck, num_envs: 4, steps: 8}"
SHORT = [
    "environment.num_envs=4",
    "environment.steps=8",
    *(f"stages.{stage}.algorithm.budget.env_steps=64" for stage in ("none", "fixed")),
    *(f"stages.{stage}.algorithm.steps=16" for stage in ("none", "fixed")),
    *(f"stages.{stage}.algorithm.sequence_length=16" for stage in ("none", "fixed")),
    "stages.adr.algorithm.inner={use: rl/ppo, budget: {env_steps: 64}, steps: 16, sequence_length: 16}",
    # Transfer.
    *(
        f"stages.{evaluator}.{setting}"
        for evaluator in ("none.evaluators.0", "fixed.evaluators.0", "adr.evaluators.1")
        for setting in (SMALL, "episodes=4")
    ),
    # Time per goal.
    *(
        f"stages.{evaluator}.{setting}"
        for evaluator in ("fixed.evaluators.1", "adr.evaluators.2")
        for setting in (SMALL, "goals=2", "after=[1]", "trials=4")
    ),
    # The probe.
    *(f"stages.adr.evaluators.3.{setting}" for setting in (SMALL, "at=[1, 5]", "episodes=16")),
    "tracking.log_model=false",
]
HAND = [
    "environment.num_envs=4",
    "environment.starts=4",
    "environment.steps_per_goal=4",
    "algorithm.inner={use: rl/ppo, budget: {env_steps: 64}, steps: 16, sequence_length: 16, minibatches: 2}",
    "evaluators.1.episodes=2",
    "evaluators.2.episodes=2",
    "tracking.log_model=false",
]


def test_plugin() -> None:
    check_plugin("adr")


def test_a_short_run(framework_run: RunRecipe) -> None:
    result = framework_run(RECIPES / "adr.yaml", SHORT)
    assert all(result.run.state.stages[name].finished for name in ("none", "fixed", "adr"))
    # The table of all three.
    policies = ("none/", "fixed/", "")
    sets = ("nominal", "wide", "held_out", "trained")
    assert {f"adr/transfer/{policy}{name}" for policy in policies for name in sets} <= set(result.metrics)


@pytest.mark.parametrize(
    ("recipe", "judged"),
    [
        ("adr_block", ["use: dex_hand/reorient"] * 3),
        ("adr_cube", ["use: adr/cube, scramble: 2", "use: adr/cube, cube: exact"]),
    ],
)
def test_a_short_run_of_the_hand(framework_run: RunRecipe, recipe: str, judged: list[str]) -> None:
    where = [
        f"evaluators.{number}.environment={{{use}, num_envs: 2, starts: 4, steps_per_goal: 4}}"
        for number, use in enumerate(judged, start=1)
    ]
    few = ["evaluators.3.goals=2", "evaluators.3.after=[1]", "evaluators.3.trials=2"]
    result = framework_run(RECIPES / f"{recipe}.yaml", [*HAND, *where, *few[: 3 * (len(judged) > 2)]])
    assert result.run.state.stages[""].finished
    assert result.metrics
