"""What only a plugin without the others can break: that it loads, and its recipe in small."""

from __future__ import annotations

from pathlib import Path

from framework.testing import check_plugin
from framework.testing.fixtures import RunRecipe

RECIPES = Path(__file__).parents[3] / "recipes"
SMALL = "channels: 4, features: 4, width: 8"
SHORT = [
    *(f"stages.objects.environment.{one}" for one in ("scenes=8", "grasps=6", "threads=1")),
    *(f"stages.{stage}.environment.validation=0.3" for stage in ("regression", "mixture", "policy")),
    *(f"stages.{stage}.algorithm.scenes=16" for stage in ("regression", "mixture", "policy")),
    *(f"stages.{stage}.algorithm.batch_size=8" for stage in ("regression", "mixture", "policy")),
    f"stages.regression.model={{use: grasp/regression, {SMALL}}}",
    f"stages.mixture.model={{use: grasp/mixture_density, {SMALL}}}",
    f"stages.policy.model.planner={{use: grasp/autoregressive_planner, {SMALL}}}",
    "stages.policy.model.evaluator={use: grasp/evaluator, channels: 4, rows: 8, columns: 8}",
    *(f"evaluators.0.{one}" for one in ("random=1", "proposals=[2]", "uniform=[2]", "beam=2", "tries=1")),
    *(f"evaluators.0.{one}" for one in ("precision=coarse", "threads=1", "scales=[natural]", "pictures=1")),
    "evaluators.3.plans=2",
    "tracking.log_model=false",
]


def test_plugin() -> None:
    check_plugin("grasp")


def test_a_short_run(framework_run: RunRecipe) -> None:
    result = framework_run(RECIPES / "grasp.yaml", SHORT)
    assert all(stage.finished for stage in result.run.state.stages.values())
    wanted = {"success/held out/natural/uniform", "log_likelihood/mixture", "calibration/brier"}
    assert {f"policy/{name}" for name in wanted} <= set(result.metrics), result.metrics
