"""The framework's own checks on what learns and what judges, and on the recipes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from framework.testing import check_algorithm, check_evaluator, check_recipe

RECIPES = Path(__file__).parents[3] / "recipes"
GAME: dict[str, Any] = {"use": "hide_seek/game", "num_envs": 2, "steps": 10}
MODEL: dict[str, Any] = {
    "use": "hide_seek/entities", "filters": 1, "embedding": 4, "heads": 1, "hidden": 4, "units": 4
}  # fmt: skip
SELF_PLAY: dict[str, Any] = {
    "use": "rl/self_play",
    "budget": {"env_steps": 96},
    "steps": 6,
    "sequence_length": 3,
    "epochs": 1,
    "minibatches": 2,
}


@pytest.mark.parametrize("separate", [False, True])
def test_a_training_cut_in_the_middle_of_games_goes_on_the_same(separate: bool) -> None:
    """With past opponents at play; fragments of 6 steps end within games of 10."""
    past = {"past_share": 0.5, "past_every": 6, "past_kept": 2, "normalize_values": True}
    check_algorithm({**SELF_PLAY, **past}, environment=GAME, model={**MODEL, "separate": separate})


@pytest.mark.parametrize(
    "judge",
    [
        {"use": "hide_seek/strategies", "games": 2, "monitor_games": 2, "every": 24},
        {"use": "hide_seek/cross_play", "games": 2, "every": 24},
    ],
    ids=lambda judge: judge["use"],
)
def test_evaluators(judge: dict[str, Any]) -> None:
    check_evaluator(judge, algorithm=SELF_PLAY, environment=GAME, model=MODEL)


@pytest.mark.parametrize("recipe", sorted(RECIPES.rglob("hide_seek*.yaml")), ids=lambda path: path.stem)
def test_recipes(recipe: Path) -> None:
    check_recipe(recipe)


def test_a_classifier_learns_to_count_and_goes_on_the_same() -> None:
    hall = {"use": "hide_seek/object_counting", "num_envs": 2, "boxes": 2, "every": 1, "after": 3}
    counter = {"use": "hide_seek/counter", "budget": {"env_steps": 80}, "batch_size": 3}
    check_algorithm(counter, environment=hall, model=MODEL)
    judge = {"use": "hide_seek/counted", "episodes": 3, "every": 16}
    check_evaluator(judge, algorithm=counter, environment=hall, model=MODEL)
