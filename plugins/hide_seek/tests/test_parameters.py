"""Every number that a recipe may give, at its least and where it divides nothing."""

from __future__ import annotations

from typing import Any

import pytest

from framework.testing import awkward_recipes, check_small_run

RECIPE: dict[str, Any] = {
    "environment": {"use": "hide_seek/game", "num_envs": 2, "steps": 6},
    "model": {"use": "hide_seek/entities", "filters": 1, "embedding": 4, "heads": 1, "hidden": 4, "units": 4},
    "algorithm": {
        "use": "rl/self_play",
        "budget": {"env_steps": 24},
        "steps": 6,
        "sequence_length": 3,
        "epochs": 1,
        "minibatches": 2,
    },
    "evaluators": [
        {"use": "hide_seek/strategies", "games": 2, "monitor_games": 2},
        {"use": "hide_seek/cross_play", "games": 2, "every": 12},
    ],
}
# Those of the algorithm are the kit's to test.
CASES = {name: one for name, one in awkward_recipes(RECIPE) if name.startswith("hide_seek/")}
#: Ends of cases that are refused, and what is said then.
REFUSED = {
    "game.boxes=7": "has place for 4 boxes",
    **{f"fewest_hiders={n}": "is not between 1 and hiders: 2" for n in (0, 3, 7)},
    **{f"fewest_seekers={n}": "is not between 1 and seekers: 2" for n in (0, 3, 7)},
    **{f"fewest_boxes={n}": "is not between 0 and boxes: 2" for n in (3, 7)},
    **{f"elongated={n}": "is more than the 2 boxes" for n in (3, 7)},
    **{f"heads={n}": "cannot share out an embedding of 4 units" for n in (3, 7)},
    "preparation=1": "leaves none of 6 steps",
}


@pytest.mark.parametrize("case", CASES)
def test_it_runs_or_says_why_not(case: str) -> None:
    refusal = check_small_run(CASES[case])
    said = next((said for end, said in REFUSED.items() if case.endswith(end)), None)
    assert said in refusal if said else not refusal
