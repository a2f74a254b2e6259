"""The framework's own checks on every component of this plugin, and on its recipes."""

from __future__ import annotations

from pathlib import Path

import pytest

from framework.testing import check_environment, check_evaluator, check_recipe

from .test_adr import PUCK, SECTION

RECIPES = Path(__file__).parents[3] / "recipes"
PPO = {"use": "rl/ppo", "budget": {"env_steps": 64}, "steps": 8, "minibatches": 2, "epochs": 1}


CUBE = {"use": "adr/cube", "num_envs": 2, "threads": 1, "starts": 4, "steps_per_goal": 3}


def test_environment() -> None:
    check_environment({**PUCK, "randomise": {"gain": [0.5, 2.0]}}, steps=8)


@pytest.mark.parametrize(
    "changes",
    [
        {
            "goals": "random",
            "tolerance": 1.5,
            "randomise": {"object_size": [0.95, 1.05], "faces_bias": [0, 0.1]},
        },
        {"cube": "exact", "scramble": 2, "bins": 11, "control": "relative"},
    ],
    ids=["layered", "exact"],
)
def test_cube(changes: dict[str, object]) -> None:
    check_environment({**CUBE, **changes}, steps=8)


@pytest.mark.parametrize(
    "judge",
    [
        {"use": "adr/ranges"},
        {"use": "adr/time_per_goal", "physics": {"turn": [1, 2]}, "goals": 2, "after": [1], "trials": 6},
        {"use": "adr/probe", "physics": {"turn": [1, 2]}, "at": [1, 3], "episodes": 8, "epochs": 3},
        {
            "use": "adr/curriculum",
            "sets": {"nominal": {}, "far": {"turn": [1, 2]}},
            "every": 32,
            "episodes": 6,
        },
        {"use": "rl/transfer", "sets": {"nominal": {}, "far": {"turn": [1, 2]}}, "episodes": 6},
    ],
    ids=lambda judge: judge["use"],
)
def test_evaluators(judge: dict[str, object]) -> None:
    model = {"use": "rl/actor_critic", "hidden": [4], "memory": "lstm", "units": 4}
    check_evaluator(judge, algorithm={**SECTION, "inner": PPO}, environment=PUCK, model=model)


def test_solves() -> None:
    check_evaluator(
        {"use": "adr/solves", "episodes": 4, "monitor_episodes": 2, "every": 20},
        algorithm={"use": "rl/ppo", "budget": {"env_steps": 32}, "steps": 8, "minibatches": 2},
        environment=CUBE,
        model={"use": "rl/actor_critic", "hidden": [4]},
    )


@pytest.mark.parametrize("recipe", sorted(RECIPES.rglob("adr*.yaml")), ids=lambda path: path.stem)
def test_recipes(recipe: Path) -> None:
    check_recipe(recipe)
