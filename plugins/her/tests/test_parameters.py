"""Every number that a recipe may give, at its least and where it divides nothing."""

from __future__ import annotations

from typing import Any

import pytest

from framework.testing import awkward_recipes, check_small_run

RECIPE: dict[str, Any] = {
    "environment": {
        "use": "her/fetch_reach",
        "num_envs": 2,
        "max_episode_steps": 5,
        "threads": 1,
        "render_size": 16,
    },
    "model": {"use": "her/actor_critic", "hidden": [8]},
    "algorithm": {
        "use": "her/hindsight",
        "budget": {"env_steps": 40},
        "steps_per_cycle": 8,
        "updates_per_cycle": 2,
        "batch_size": 8,
        "capacity": 40,
        "overlap": False,
    },
    "evaluators": [{"use": "her/success_rate", "episodes": 2, "monitor_episodes": 2, "every": 8}],
}
#: A judge sees of an algorithm only its policy and its curve: `TOGETHER` varies these for it.
UNJUDGED = {name: RECIPE[name] for name in ("environment", "model", "algorithm")}
CASES = {
    **dict(awkward_recipes(RECIPE)),
    **{name: recipe for name, recipe in awkward_recipes(UNJUDGED) if not name.startswith("her/fetch_reach")},
}


#: Cases that are refused, and what is said then.
REFUSED = {
    **{f"her/hindsight.capacity={n}": "an episode of 5 steps does not fit" for n in (1, 3)},
    **{f"her/hindsight.collectors={{'workers': {n}}}": "give use: processes" for n in (3, 7)},
}


@pytest.mark.parametrize("case", CASES)
def test_it_runs_or_says_why_not(case: str) -> None:
    refusal = check_small_run(CASES[case], steps=3)
    assert REFUSED[case] in refusal if case in REFUSED else not refusal


#: Several at once: cycles shorter than an episode, buffers that hold one, budgets below a cycle.
TOGETHER: list[dict[str, Any]] = [
    {"steps_per_cycle": 1, "updates_per_cycle": 1, "batch_size": 1, "capacity": 6},
    {"steps_per_cycle": 1, "overlap": True, "batch_size": 7},
    {"steps_per_cycle": 3, "budget": {"env_steps": 1}, "capacity": 7},
    {"steps_per_cycle": 13, "budget": {"updates": 1}, "updates_per_cycle": 7},
    {"steps_per_cycle": 7, "budget": {"updates": 3}, "overlap": True, "k": 0, "capacity": 13},
    {"steps_per_cycle": 2, "strategy": "random", "keep_reached": 1e-3, "moved_weight": 1e-6},
    {"steps_per_cycle": 2, "strategy": "final", "discount": 0.0, "noise": 0.0, "random_action": 0.0},
]


@pytest.mark.parametrize("parameters", TOGETHER, ids=str)
def test_several_at_once(parameters: dict[str, Any]) -> None:
    environment = {**RECIPE["environment"], "num_envs": 3}
    algorithm = {**RECIPE["algorithm"], **parameters}
    assert not check_small_run({**RECIPE, "environment": environment, "algorithm": algorithm}, steps=6)
