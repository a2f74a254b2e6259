"""Likelihood and calibration against values that are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from framework.errors import UserError
from framework.testing.sections import build
from framework_grasp.evaluation.calibration import area_under_roc

PLANNER = {"use": "grasp/autoregressive_planner", "channels": 4, "features": 4, "width": 8, "buckets": 5}


@pytest.fixture
def environment(scenes: Path) -> Any:
    return build("environment", {"use": "grasp/scenes", "path": str(scenes), "validation": 0.3})


def blind(module: torch.nn.Module) -> None:
    """Make a network say the same of everything."""
    for parameter in module.parameters():
        torch.nn.init.zeros_(parameter)


def test_a_planner_that_knows_nothing_is_uniform(environment: Any) -> None:
    planner = build("model", PLANNER, environment)
    blind(planner)
    report = build("evaluator", "grasp/log_likelihood")(planner.eval(), environment)
    assert report.metrics["planner"] == pytest.approx(report.metrics["uniform"], abs=1e-4)
    assert 0 <= report.metrics["outside"] < 0.2


def test_an_evaluator_that_says_one_half_is_off_by_what_it_does_not_know(environment: Any) -> None:
    model = {"use": "grasp/grasper", "planner": PLANNER, "evaluator": {"use": "grasp/evaluator"}}
    grasper = build("model", model, environment)
    blind(grasper.evaluator)
    report = build("evaluator", "grasp/calibration")(grasper.eval(), environment)
    success = np.concatenate(environment["validation"].with_format("numpy")["success"][:])
    assert report.metrics["base_rate"] == pytest.approx(success.mean())
    assert report.metrics["calibration_error"] == pytest.approx(abs(0.5 - success.mean()))
    assert report.metrics["brier"] == pytest.approx(0.25)
    assert report.metrics["cross_entropy"] == pytest.approx(np.log(2))
    assert report.metrics["auc"] == pytest.approx(0.5)
    with pytest.raises(UserError, match="has no evaluator"):
        build("evaluator", "grasp/calibration")(build("model", PLANNER, environment).eval(), environment)


def test_area_under_roc_is_the_share_of_pairs_in_order() -> None:
    random = np.random.default_rng(0)
    labels = (random.random(60) < 0.4).astype(float)
    scores = np.round(labels + random.standard_normal(60), 1)
    good, bad = scores[labels > 0], scores[labels == 0]
    pairs = (good[:, None] > bad).mean() + 0.5 * (good[:, None] == bad).mean()
    assert area_under_roc(scores, labels) == pytest.approx(pairs)
