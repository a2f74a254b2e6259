"""Every number that a recipe may give, at its least and where it divides nothing."""

from __future__ import annotations

from typing import Any

import pytest

from framework.testing import awkward_recipes, check_small_run

GAME: dict[str, Any] = {"use": "hide_seek/game", "num_envs": 2, "steps": 6}
MODEL: dict[str, Any] = {
    "use": "hide_seek/entities", "filters": 1, "embedding": 4, "heads": 1, "hidden": 4, "units": 4
}  # fmt: skip
LEARNING: dict[str, Any] = {
    "budget": {"env_steps": 24}, "steps": 6, "sequence_length": 3, "epochs": 1, "minibatches": 2
}  # fmt: skip
STRATEGIES: dict[str, Any] = {"use": "hide_seek/strategies", "games": 2, "monitor_games": 2}
CROSS_PLAY: dict[str, Any] = {"use": "hide_seek/cross_play", "games": 2, "every": 12}
COUNTED: dict[str, Any] = {"use": "hide_seek/counted", "episodes": 2, "every": 12}
SELF_PLAY = {"use": "rl/self_play", **LEARNING}
PPO = {"use": "rl/ppo", **LEARNING}
COUNTER = {"use": "hide_seek/counter", "budget": {"env_steps": 24}, "epochs": 1}
HALL = {"use": "hide_seek/object_counting", "num_envs": 2, "boxes": 2, "every": 1, "after": 5}


def recipe(environment: dict[str, Any], algorithm: dict[str, Any], *evaluators: dict[str, Any]) -> Any:
    return {
        "environment": environment,
        "model": MODEL,
        "algorithm": algorithm,
        "evaluators": list(evaluators),
    }


def task(name: str) -> Any:
    return recipe({"use": f"hide_seek/{name}", "num_envs": 2, "steps": 6}, PPO)


#: Recipes, and what of each is to be changed: nothing is run for more than it takes.
RECIPES = [
    (recipe(GAME, SELF_PLAY), ("hide_seek/game", "hide_seek/entities")),
    (recipe(GAME, SELF_PLAY, STRATEGIES), ("hide_seek/strategies",)),
    (recipe(GAME, SELF_PLAY, CROSS_PLAY), ("hide_seek/cross_play",)),
    (recipe(HALL, COUNTER), ("hide_seek/object_counting", "hide_seek/counter")),
    (recipe(HALL, COUNTER, COUNTED), ("hide_seek/counted",)),
    *((task(name), (name,)) for name in ("lock_and_return", "sequential_lock", "blueprint", "shelter")),
]
#: Numbers that every environment here has: those of the game are enough.
COMMON = ("num_envs", "threads", "seed", "render_size")
CASES = {
    name: one
    for given, parts in RECIPES
    for name, one in awkward_recipes(given)
    if any(part in name for part in parts)
    and ("hide_seek/game" in name or not any(f".{common}=" in name for common in COMMON))
}
#: Ends of cases that are refused, and what is said then.
REFUSED = {
    "game.boxes=7": "has place for 4 boxes",
    **{f"fewest_hiders={n}": "is not between 1 and hiders: 2" for n in (0, 3, 7)},
    **{f"fewest_seekers={n}": "is not between 1 and seekers: 2" for n in (0, 3, 7)},
    **{f"fewest_boxes={n}": "is not between 0 and boxes: 2" for n in (3, 7)},
    **{f"game.elongated={n}": "is more than the 2 boxes" for n in (3, 7)},
    "blueprint.boxes=1": "sites for 1 boxes",
    "blueprint.boxes=3": "sites for 3 boxes",
    "shelter.boxes=1": "is more than boxes: 1",
    "widest=0.2": "narrowest: 1.5 is more than widest",
    "heads=3": "cannot share out an embedding of 4 units",
    "heads=7": "cannot share out an embedding of 4 units",
    "preparation=1": "leaves none of 6 steps",
}


@pytest.mark.parametrize("case", CASES)
def test_it_runs_or_says_why_not(case: str) -> None:
    refusal = check_small_run(CASES[case], steps=1 if "/game" in case else 2)
    said = next((said for end, said in REFUSED.items() if case.endswith(end)), None)
    assert said in refusal if said else not refusal
