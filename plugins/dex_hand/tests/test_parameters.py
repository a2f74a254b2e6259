"""Every number that a recipe may give, at its least and where it divides nothing."""

from __future__ import annotations

from typing import Any

import pytest

from framework.testing import awkward_recipes, check_small_run

RECIPE: dict[str, Any] = {
    "environment": {
        "use": "dex_hand/reorient",
        "num_envs": 2,
        "threads": 1,
        "starts": 2,
        "substeps": 1,
        "steps_per_goal": 2,
        "render_size": 16,
    },
    "model": {"use": "rl/actor_critic", "hidden": [4]},
    "algorithm": {"use": "rl/ppo", "budget": {"env_steps": 64}, "steps": 4, "minibatches": 2, "epochs": 1},
    "evaluators": [{"use": "dex_hand/successes", "episodes": 2, "monitor_episodes": 2, "every": 4}],
}
# Those of the algorithm are the kit's to test. Of seconds that a block needs to come to rest there would be
# millions of steps.
CASES = {
    name: one
    for name, one in awkward_recipes(RECIPE)
    if name.startswith("dex_hand/") and not name.endswith("timestep=1e-06")
}


@pytest.mark.parametrize("case", CASES)
def test_it_runs(case: str) -> None:
    assert not check_small_run(CASES[case])
