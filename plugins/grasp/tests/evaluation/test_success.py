"""Success rates: what is tried, what is compared, and how sure the numbers are."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import framework.sim.render
from framework.errors import UserError
from framework.report import Report
from framework.statistics import wilson_interval
from framework.testing.sections import build
from framework_grasp.depth import cameras, views
from framework_grasp.evaluation import heuristics
from framework_grasp.evaluation.film import Film
from framework_grasp.evaluation.intervals import rate_of
from framework_grasp.hard import HEAVIEST, enlarged, hard_scale
from framework_grasp.objects.solid import Part, Solid
from framework_grasp.trials.bench import Bench

BRICK = Solid("brick", (Part("box", (0.02, 0.06, 0.02)),), 0.1)


def lying(yaw: float, x: float = 0.03, y: float = -0.02) -> tuple[Bench, np.ndarray]:
    bench = Bench(BRICK, 4, 0.8)
    pose = np.array([x, y, 0.02, math.cos(yaw / 2), 0, 0, math.sin(yaw / 2)])
    bench.put(pose)
    return bench, pose


@pytest.mark.parametrize("yaw", [0.0, 0.6, -1.3])
def test_the_heuristic_closes_on_the_short_side_and_holds_a_brick(yaw: float) -> None:
    bench, pose = lying(yaw)
    seen = views(bench, cameras(1))[0]
    grasp = heuristics.principal_axes(seen)
    np.testing.assert_allclose(grasp[:2], pose[:2], atol=0.004)
    # The brick is 4 cm along its x, and a hand with yaw 0 closes along y.
    off = (grasp[3] - (yaw - math.pi / 2) + math.pi / 2) % math.pi - math.pi / 2
    assert abs(off) < 0.06
    assert bench.try_grasps(pose, grasp[None]).success.all()


def test_uniform_grasps_are_in_the_box_of_what_is_seen() -> None:
    bench, _ = lying(0.0)
    found = heuristics.uniform(views(bench, cameras(1))[0], 2000, np.random.default_rng(0), 4)
    np.testing.assert_allclose(found[:, :2].min(axis=0), [0.01, -0.08], atol=0.005)
    np.testing.assert_allclose(found[:, :2].max(axis=0), [0.05, 0.04], atol=0.005)
    assert 0.003 <= found[:, 2].min() < 0.005
    assert 0.035 < found[:, 2].max() <= 0.041


def test_where_nothing_is_seen_there_still_is_a_grasp() -> None:
    empty = np.zeros((64, 64), np.float32)
    assert np.isfinite(heuristics.principal_axes(empty)).all()
    assert np.isfinite(heuristics.uniform(empty, 3, np.random.default_rng(0), 6)).all()


def test_a_hard_scale_just_fits_the_hand() -> None:
    cube = Solid("cube", (Part("box", (0.02, 0.02, 0.02)),), 0.1)
    assert hard_scale(cube, 0.1, np.random.default_rng(0)) == pytest.approx(0.092 / 0.04, rel=0.02)
    # A brick lies or stands; it is to be seen whole, too.
    longest = float(BRICK.extent[2])
    assert hard_scale(BRICK, 0.5, np.random.default_rng(0)) == pytest.approx(0.24 / longest, rel=0.02)
    assert hard_scale(cube.scaled(3), 0.5, np.random.default_rng(0)) == 1
    # It gets no heavier than what a hand can lift.
    larger = enlarged(cube, 0.1, np.random.default_rng(0))
    assert larger.mass == HEAVIEST < 0.1 * larger.scale**3 and larger.scale == pytest.approx(2.3, rel=0.02)
    heavy = Solid("lead", cube.parts, 0.7)
    assert enlarged(heavy, 0.1, np.random.default_rng(0)).mass == 0.7


def test_scenes_of_one_object_count_as_one_if_they_are_alike() -> None:
    random = np.random.default_rng(0)
    each = random.random(30) < 0.7
    names = np.arange(30).astype(str)
    single = rate_of(each, names)
    assert single.rate == pytest.approx(each.mean())
    assert (single.low, single.high) == pytest.approx(wilson_interval(each.sum(), 30), abs=0.02)
    alike = rate_of(np.repeat(each, 12), np.repeat(names, 12))
    assert (alike.low, alike.high) == pytest.approx((single.low, single.high), abs=0.02)
    independent = rate_of(random.random(360) < 0.7, np.repeat(names, 12))
    assert independent.high - independent.low < 0.6 * (alike.high - alike.low)
    assert rate_of(np.ones(50), np.repeat(names[:5], 10)).low > 0.9


@pytest.fixture(scope="module")
def trained(scenes: Path) -> Any:
    environment = build("environment", {"use": "grasp/scenes", "path": str(scenes), "validation": 0.3})
    torch.manual_seed(0)
    model = {
        "use": "grasp/grasper",
        "planner": {"use": "grasp/autoregressive_planner", "channels": 4, "features": 4, "width": 8},
        "evaluator": {"use": "grasp/evaluator", "channels": 4, "rows": 8, "columns": 8},
    }
    return build("model", model, environment).eval()


def test_all_methods_meet_the_same_scenes(trained: Any, scenes: Path, bricks: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "other.ckpt"
    torch.save({"state_dict": {f"model.{k}": v for k, v in trained.state_dict().items()}}, checkpoint)
    settings = {"use": "grasp/success", "random": 3, "proposals": [1, 4], "uniform": [2], "tries": 2}
    settings |= {"compared": {"twin": str(checkpoint)}, "training": str(scenes), "scales": ["natural"]}
    settings |= {"objects": str(bricks), "poses": 1, "rotations": 2}
    report = build("evaluator", {**settings, "precision": "coarse"})(trained, None)
    table = report.tables["success by method"]
    rows = {row[0]: row[1:] for row in table.rows}
    assert list(table.columns) == ["method", "training, natural", "held out, natural", "realistic, natural"]
    # The same weights choose the same greedy grasp, which goes the same way.
    assert rows["twin, greedy"] == rows["planner, greedy"]
    assert {"planner + evaluator, 4", "twin + evaluator, 4", "uniform + evaluator, 2"} <= rows.keys()
    trials = {row[0]: sum(row[1:]) for row in report.tables["why grasps fail"].rows}
    count = sum(row[3] for row in report.tables["scenes"].rows)  # an object that cannot rest is left out
    assert 6 <= count <= 8
    assert trials["uniform"] == 2 * count
    assert trials["planner + evaluator, 4"] == count
    assert 0 <= report.metrics["held out/natural/heuristic"] <= 1
    assert {"success by number of proposals", "distributions, held out, natural"} <= report.figures.keys()


def test_a_trial_is_filmed_where_opengl_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(backend: str) -> Any:
        raise OSError("no library called EGL")

    bench, pose = lying(0.0)
    monkeypatch.setattr(framework.sim.render, "_context_class", nothing)
    film, report = Film(bench), Report()
    assert bench.try_grasps(pose, [[0.03, -0.02, 0.01, math.pi / 2]], film.watch).success.all()
    film.add_to(report)
    assert not report.videos and report.notes[0].startswith("Not filmed: cannot draw")
    monkeypatch.undo()
    film = Film(bench)
    bench.try_grasps(pose, [[0.03, -0.02, 0.01, math.pi / 2]], film.watch)
    film.add_to(report)
    if not report.videos:
        pytest.skip("there is no OpenGL")
    frames = report.videos["trial"].frames
    assert len(frames) == 40 and (frames[0] != frames[20]).any(axis=-1).mean() > 0.01


def test_others_that_see_something_else_are_refused(trained: Any, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.ckpt"
    torch.save({"state_dict": {"model.weight": torch.zeros(1)}}, wrong)
    with pytest.raises(UserError, match="is not the checkpoint of a planner"):
        build("evaluator", {"use": "grasp/success", "compared": {"x": str(wrong)}})(trained, None)
    with pytest.raises(UserError, match="proposes no grasps"):
        build("evaluator", "grasp/success")(torch.nn.Linear(1, 1), None)
