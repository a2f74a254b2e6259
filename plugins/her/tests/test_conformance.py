"""The framework's own checks on every component of this plugin, and on its recipes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from framework.testing import (
    check_algorithm,
    check_environment,
    check_evaluator,
    check_model,
    check_recipe,
)

RECIPES = Path(__file__).parents[3] / "recipes"
REACH: dict[str, Any] = {"use": "her/fetch_reach", "num_envs": 2, "max_episode_steps": 10, "threads": 1}
MODEL: dict[str, Any] = {"use": "her/actor_critic", "hidden": [16]}
ALGORITHM: dict[str, Any] = {
    "use": "her/hindsight",
    "budget": {"env_steps": 200},
    "steps_per_cycle": 10,
    "updates_per_cycle": 2,
    "batch_size": 8,
    "capacity": 1000,
}


@pytest.mark.parametrize(
    ("name", "reward_type"),
    [
        ("her/fetch_reach", "sparse"),
        ("her/fetch_push", "dense"),
        ("her/fetch_slide", "sparse"),
        ("her/fetch_pick_and_place", "sparse"),
    ],
)
def test_environments(name: str, reward_type: str) -> None:
    check_environment({**REACH, "use": name, "reward_type": reward_type}, steps=25)


def test_model() -> None:
    check_model(MODEL, environment=REACH)


@pytest.mark.parametrize("overlap", [False, True])
def test_algorithm(overlap: bool) -> None:
    check_algorithm({**ALGORITHM, "overlap": overlap}, environment=REACH, model=MODEL)


@pytest.mark.parametrize(("learner", "k"), [("td3", 0), ("sac", 0), ("sac", 4), ("tqc", 4)])
def test_algorithm_with_other_learners(learner: str, k: int) -> None:
    algorithm = {**ALGORITHM, "learner": learner, "k": k, "overlap": learner == "tqc"}
    check_algorithm(algorithm, environment=REACH, model=MODEL)


def test_evaluator() -> None:
    evaluator = {"use": "her/success_rate", "episodes": 4, "monitor_episodes": 2, "every": 20}
    check_evaluator(evaluator, algorithm=ALGORITHM, environment=REACH, model=MODEL)


@pytest.mark.parametrize("recipe", sorted(RECIPES.rglob("her*.yaml")), ids=lambda path: path.stem)
def test_recipes(recipe: Path) -> None:
    check_recipe(recipe)
