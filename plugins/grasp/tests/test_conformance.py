"""The framework's own checks on every component of this plugin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from framework.testing import check_algorithm, check_environment, check_evaluator, check_model


@pytest.mark.parametrize("threads", [1, 2])
def test_random_objects(threads: int) -> None:
    check_environment(
        {"use": "grasp/random_objects", "scenes": 5, "per_shard": 2, "grasps": 4, "threads": threads}
    )


EVALUATOR = {"use": "grasp/evaluator", "channels": 4, "rows": 8, "columns": 8, "height": 0.01, "width": 0.008}
SMALL = {"channels": 4, "features": 8, "width": 16}
PLANNER = {"use": "grasp/autoregressive_planner", "buckets": 6, **SMALL}
BOTH = {"use": "grasp/grasper", "planner": PLANNER, "evaluator": EVALUATOR}
BRIEF = {"use": "grasp/joint", "scenes": 64, "batch_size": 8, "trials": 4}


def recorded(scenes: Path, **others: Any) -> dict[str, Any]:
    return {"use": "grasp/scenes", "path": str(scenes), "validation": 0.3, **others}


def test_scenes(scenes: Path) -> None:
    check_environment(recorded(scenes))


@pytest.mark.parametrize(
    "model",
    [
        PLANNER,
        {"use": "grasp/mixture_density", "components": 2, **SMALL},
        {"use": "grasp/regression", **SMALL},
        EVALUATOR,
        BOTH,
    ],
    ids=lambda model: model["use"],
)
def test_models(model: dict[str, Any], scenes: Path) -> None:
    check_model(model, environment=recorded(scenes))


@pytest.mark.parametrize(
    ("model", "parameters"),
    [(BOTH, {}), ({"use": "grasp/regression", **SMALL}, {"ema": None, "augment": False})],
    ids=["planner and evaluator", "planner alone"],
)
def test_joint_training(model: dict[str, Any], parameters: dict[str, Any], scenes: Path) -> None:
    check_algorithm({**BRIEF, **parameters}, environment=recorded(scenes), model=model)


SUCCESS = {"use": "grasp/success", "random": 2, "proposals": [1, 2], "uniform": [3], "beam": 2, "tries": 1}
SUCCESS |= {"realistic": False}


@pytest.mark.parametrize(
    "evaluator", ["grasp/log_likelihood", "grasp/calibration", {**SUCCESS, "precision": "coarse"}], ids=str
)
def test_evaluators(evaluator: Any, scenes: Path) -> None:
    check_evaluator(evaluator, algorithm=BRIEF, environment=recorded(scenes), model=BOTH)
