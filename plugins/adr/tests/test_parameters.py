"""Every number that a recipe may give, at its least and where it divides nothing."""

from __future__ import annotations

from typing import Any

import pytest

from framework.testing import awkward_recipes, check_small_run

from .test_adr import SECTION

PPO = {"use": "rl/ppo", "budget": {"env_steps": 64}, "steps": 4, "minibatches": 2, "epochs": 1}
PUCK: dict[str, Any] = {
    "environment": {"use": "adr/puck", "num_envs": 2, "steps": 3, "render_size": 16, "radius": 0.5},
    "model": {"use": "rl/actor_critic", "hidden": [4], "memory": "lstm", "units": 4},
    "algorithm": {**SECTION, "inner": PPO},
    "evaluators": [
        {"use": "adr/ranges"},
        {"use": "adr/curriculum", "sets": {"far": {"turn": [1, 2]}}, "every": 4, "episodes": 2},
        {"use": "adr/time_per_goal", "physics": {"turn": [1, 2]}, "goals": 2, "after": [1], "trials": 2},
        {"use": "adr/probe", "physics": {"turn": [1, 2]}, "at": [1], "episodes": 8, "epochs": 1},
    ],
}
CUBE: dict[str, Any] = {
    "environment": {
        "use": "adr/cube",
        "num_envs": 2,
        "threads": 1,
        "starts": 2,
        "substeps": 1,
        "scramble": 1,
        "steps_per_goal": 2,
        "render_size": 16,
    },
    "model": {"use": "rl/actor_critic", "hidden": [4]},
    "algorithm": PPO,
    "evaluators": [{"use": "adr/solves", "episodes": 2, "monitor_episodes": 2, "every": 4}],
}
CASES = {
    name: recipe
    for small in (PUCK, CUBE)
    for name, recipe in awkward_recipes(small)
    # Of seconds that a cube needs to come to rest there would be millions of steps.
    if name.startswith("adr/") and not name.endswith("timestep=1e-06")
}


@pytest.mark.parametrize("case", CASES)
def test_it_runs(case: str) -> None:
    assert not check_small_run(CASES[case])
