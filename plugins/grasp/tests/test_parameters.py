"""Every number that a recipe may give, at its least and where it divides nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from framework.testing import awkward_recipes, check_small_run

RECIPE: dict[str, Any] = {
    "environment": {"use": "grasp/scenes", "path": "?", "validation": 0.3},
    "model": {
        "use": "grasp/autoregressive_planner",
        "buckets": 4,
        "channels": 4,
        "features": 4,
        "width": 4,
    },
    "algorithm": {"use": "grasp/joint", "scenes": 24, "batch_size": 4, "trials": 2},
    "evaluators": [
        {"use": "grasp/log_likelihood"},
        {"use": "grasp/plan_time", "plans": 1, "proposals": [1, 3]},
    ],
}
MIXTURE = {"use": "grasp/mixture_density", "components": 2, "channels": 4, "features": 4, "width": 4}
JUDGED: dict[str, Any] = {
    **RECIPE,
    "model": {
        "use": "grasp/grasper",
        "planner": RECIPE["model"],
        "evaluator": {"use": "grasp/evaluator", "channels": 4, "rows": 4, "columns": 4},
    },
    "evaluators": [{"use": "grasp/calibration", "bins": 3}],
}
CASES = dict(awkward_recipes(RECIPE))
CASES |= {name: one for name, one in awkward_recipes({**RECIPE, "model": MIXTURE}) if "mixture" in name}
CASES |= {
    name: one
    for name, one in awkward_recipes({**JUDGED, "model": JUDGED["model"]["evaluator"]})
    if "evaluator." in name
}
CASES |= {name: one for name, one in awkward_recipes(JUDGED) if "calibration" in name}
SUCCESS = {
    "use": "grasp/success",
    "realistic": False,
    "random": 1,
    "scales": ["natural"],
    "proposals": [2],
    "uniform": [2],
    "beam": 2,
    "tries": 1,
    "precision": "coarse",
    "threads": 1,
    "pictures": 0,
}
CASES |= {
    name: one
    for name, one in awkward_recipes({**JUDGED, "evaluators": [SUCCESS]})
    if "success" in name and not name.endswith("random=7")
}
#: Ends of cases that are refused, and what is said then.
REFUSED = {
    "channels=7": "is no multiple of 4",
    "channels=11": "is no multiple of 4",
    "validation=0": "has no split 'validation'",
    "validation=0.999999": "leaves none to learn from",
}


@pytest.mark.parametrize("case", CASES)
def test_it_runs_or_says_why_not(case: str, scenes: Path) -> None:
    recipe = CASES[case]
    model = recipe["model"]
    if model["use"] == "grasp/evaluator":
        recipe = {**recipe, "model": {**JUDGED["model"], "evaluator": model}}
    recipe = {**recipe, "environment": {**recipe["environment"], "path": str(scenes)}}
    refusal = check_small_run(recipe, steps=2)
    said = next((said for end, said in REFUSED.items() if case.endswith(end)), None)
    assert said in refusal if said else not refusal
