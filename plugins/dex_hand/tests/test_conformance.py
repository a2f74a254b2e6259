"""The framework's own checks on every component of this plugin, and on its recipes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from framework.testing import check_environment, check_evaluator, check_recipe

RECIPES = Path(__file__).parents[3] / "recipes"
SECTION: dict[str, Any] = {
    "use": "dex_hand/reorient",
    "num_envs": 2,
    "threads": 1,
    "starts": 8,
    "steps_per_goal": 3,
}


@pytest.mark.parametrize(
    "changes",
    [
        {"tolerance": 1.5},
        {"object": "prism", "goal": "parallel", "control": "relative", "bins": 11},
        {"object": "sphere", "goal": "full"},
        {"bins": 11, "randomise": {"gain": [0.75, 1.5], "action_delay": [0.5, 0.5], "object_bias": [0, 0.1]}},
    ],
    ids=lambda changes: changes.get("object", "randomised" if "randomise" in changes else "block"),
)
def test_environment(changes: dict[str, Any]) -> None:
    check_environment({**SECTION, **changes}, steps=8)


@pytest.mark.parametrize(
    "judge",
    [
        {"use": "dex_hand/successes", "episodes": 4, "monitor_episodes": 2, "every": 20},
        {
            "use": "rl/transfer",
            "episodes": 3,
            "sets": {"nominal": {}, "harder": {"friction": [0.5, 0.7], "object_bias": [0.01, 0.01]}},
            "performance": "successes",
        },
    ],
    ids=lambda judge: judge["use"],
)
def test_evaluators(judge: dict[str, Any]) -> None:
    check_evaluator(
        judge,
        algorithm={"use": "rl/ppo", "budget": {"env_steps": 32}, "steps": 8, "minibatches": 2},
        environment=SECTION,
        model={"use": "rl/actor_critic", "hidden": [8]},
    )


@pytest.mark.parametrize("recipe", sorted(RECIPES.rglob("dex_hand*.yaml")), ids=lambda path: path.stem)
def test_recipes(recipe: Path) -> None:
    check_recipe(recipe)
