"""What only a plugin without the others can break: that it loads, and its recipe in small."""

from __future__ import annotations

import re
from pathlib import Path

from framework.testing import check_plugin
from framework.testing.fixtures import RunCommand, RunRecipe

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
    *(
        f"evaluators.0.{one}"
        for one in (
            "precision=coarse",
            "threads=1",
            "scales=[natural]",
            "pictures=1",
            "poses=1",
            "rotations=1",
        )
    ),
    "evaluators.3.plans=2",
    "tracking.log_model=false",
]


def test_plugin() -> None:
    check_plugin("grasp")


def test_a_short_run(
    framework_run: RunRecipe, framework_command: RunCommand, bricks: Path, tmp_path: Path
) -> None:
    result = framework_run(RECIPES / "grasp.yaml", [*SHORT, f"evaluators.0.objects={bricks}"])
    assert all(stage.finished for stage in result.run.state.stages.values())
    wanted = {
        "success/held out/natural/uniform",
        "success/realistic/natural",
        "log_likelihood/mixture",
        "calibration/brier",
    }
    assert {f"policy/{name}" for name in wanted} <= set(result.metrics), result.metrics
    played = framework_command("play", "last", "--object", str(bricks), "--seed", "1", "--out", str(tmp_path))
    assert played.exit_code == 0, played.stderr
    number = r"-?\d+\.\d{3}"
    told = rf"brick: x {number} m, y {number} m, z {number} m, yaw {number} rad, .*, probability {number}: "
    assert re.search(told, played.stdout), played.stdout
    assert (tmp_path / "grasp.png").exists()
    wrong = framework_command("play", "last", "--object", "no such thing", "--out", str(tmp_path))
    assert wrong.exit_code == 2
    assert "no household object of that name" in wrong.stderr
    exported = framework_command("export", "last", str(tmp_path / "planner.pt2"))
    assert exported.exit_code == 0, exported.stderr
