"""What becomes of a grasp follows from where it is, and from nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from framework.errors import UserError
from framework_grasp import Part, Solid, random_solid, try_grasps
from framework_grasp.proposals import antipodal, uniform
from framework_grasp.trials.bench import Bench
from framework_grasp.trials.trial import FAILURES

#: Lies on its largest side, 4 cm wide along y.
BOX = Solid("box", (Part("box", (0.06, 0.02, 0.03)),), 0.1)
POSE = np.array([0, 0, 0.03, 1, 0, 0, 0])

#: A grasp of it that must go as it says.
CASES = {
    "none": (0.0, 0.0, 0.01, 0.0),
    "miss": (0.12, 0.0, 0.01, 0.0),
    "crush": (0.0, 0.0, 0.01, np.pi / 2),
    "collision": (0.0, 0.045, 0.0475, 0.0),
}


@pytest.mark.parametrize("precision", ["coarse", "fine"])
def test_why_grasps_fail(precision):
    outcomes = try_grasps(BOX, POSE, list(CASES.values()), precision=precision)
    assert [FAILURES[i] for i in outcomes.failure] == list(CASES)
    assert outcomes.success.tolist() == [True, False, False, False]
    assert outcomes.width[0] == pytest.approx(0.04, abs=2e-3) and outcomes.width[1] < 2e-3
    assert np.isnan(outcomes.width[2:]).all()


def test_what_friction_cannot_hold_slips():
    heavy = Solid("heavy", BOX.parts, 0.5)
    grasp = [CASES["none"]]
    for friction, success in ((0.05, False), (0.8, True)):
        outcomes = try_grasps(heavy, POSE, grasp, friction=friction)
        assert outcomes.success[0] == success
        assert FAILURES[outcomes.failure[0]] == ("none" if success else "slip")


def test_turned_and_moved_together_with_its_object_a_grasp_goes_alike():
    solid = random_solid(11)
    bench = Bench(solid, 24, 0.5)
    random = np.random.default_rng(0)
    pose = bench.rest(random)
    bench.put(pose)
    grasps = np.concatenate([antipodal(bench, 12, random, 0.5), uniform(bench, 12, random)])
    here = bench.try_grasps(pose, grasps)
    assert 0 < here.success.sum() < 24
    angle, shift = 1.1, np.array([0.03, -0.02])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    w, x, y, z = pose[3:]
    c, s = np.cos(angle / 2), np.sin(angle / 2)
    there_pose = np.array(
        [*(turn @ pose[:2] + shift), pose[2], c * w - s * z, c * x - s * y, c * y + s * x, c * z + s * w]
    )
    there_grasps = np.column_stack([grasps[:, :2] @ turn.T + shift, grasps[:, 2], grasps[:, 3] + angle])
    there = try_grasps(solid, there_pose, there_grasps, friction=0.5)
    # Rounding differs, which decides the few grasps that are nearly slipping.
    assert (here.success == there.success).mean() >= 0.9
    swapped = grasps + np.array([0, 0, 0, np.pi])
    assert (here.success == try_grasps(solid, pose, swapped, friction=0.5).success).mean() >= 0.9


def test_six_numbers_without_tilt_are_four():
    solid = random_solid(11)
    bench = Bench(solid, 16, 0.5, "coarse")
    random = np.random.default_rng(0)
    pose = bench.rest(random)
    bench.put(pose)
    four = uniform(bench, 16, random)
    six = np.concatenate([four, np.zeros((16, 2))], axis=1)
    for one, other in zip(bench.try_grasps(pose, four), bench.try_grasps(pose, six), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_hand_from_the_side_holds_and_its_gravity_is_gone_after_it():
    """A rod that stands, grasped by a hand that leans over by 50 degrees about its y."""
    rod = Solid("rod", (Part("cylinder", (0.012, 0.05)),), 0.1)
    pose, lean = np.array([0, 0, 0.05, 1, 0, 0, 0]), np.radians(50)
    back = np.array([np.sin(lean), 0, np.cos(lean)])
    tip = np.array([0, 0, 0.06]) - 0.015 * back
    bench = Bench(rod, 2, 0.8)
    before = bench.try_grasps(pose, [[0, 0, 0.045, 0.3]])
    tilted = bench.try_grasps(pose, [[*tip, 0, lean, 0]])
    assert before.success[0] and tilted.success[0]
    after = bench.try_grasps(pose, [[0, 0, 0.045, 0.3]])
    assert np.array_equal(before.width, after.width)


def test_results_depend_neither_on_threads_nor_on_what_is_tried_beside():
    bench = Bench(BOX, 4, 0.8, "coarse", threads=2)
    grasps = np.array([*CASES.values(), (0.01, 0.0, 0.02, 0.1)])
    together = bench.try_grasps(POSE, grasps)  # in two rounds
    for number, grasp in enumerate(grasps):
        alone = try_grasps(BOX, POSE, [grasp], precision="coarse")
        for one, all_ in zip(alone, together, strict=True):
            np.testing.assert_array_equal(one[0], all_[number])


def test_coarse_and_fine_agree():
    agree = []
    for seed in (1, 2, 5):
        solid, random = random_solid(seed), np.random.default_rng(seed)
        bench = Bench(solid, 16, 0.5, "coarse")
        pose = bench.rest(random)
        bench.put(pose)
        grasps = np.concatenate([antipodal(bench, 8, random, 0.5), uniform(bench, 8, random)])
        fine = try_grasps(solid, pose, grasps, friction=0.5)
        agree += (bench.try_grasps(pose, grasps).success == fine.success).tolist()
    assert np.mean(agree) >= 0.9


def test_a_simulation_that_diverges_is_a_failed_trial_and_no_other_is(monkeypatch):
    bench = Bench(BOX, 3, 0.8, "coarse")
    step, calls = bench.world.step, []

    def broken(ids, substeps):
        calls.append(0)
        if len(calls) == 3:
            bench.world.batch.bind("qvel")[1] = np.nan
        return step(ids, substeps)

    monkeypatch.setattr(bench.world, "step", broken)
    outcomes = bench.try_grasps(POSE, [CASES["none"]] * 3)
    assert [FAILURES[i] for i in outcomes.failure] == ["none", "diverged", "none"]
    assert outcomes.success.tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("grasps", "message"),
    [
        ([[0, 0, 0]], r"grasps are \(n, 4\) or \(n, 6\).*\(1, 3\)"),
        ([0, 0, 0, 0], r"these are \(4,\)"),
        ([[0, 0, 0, 0], [0, np.nan, 0, 0]], "grasp 1 is not finite"),
    ],
)
def test_what_is_no_grasp(grasps, message):
    with pytest.raises(UserError, match=message):
        try_grasps(BOX, POSE, grasps)


def test_no_grasps_have_no_outcomes():
    assert not len(try_grasps(BOX, POSE, np.empty((0, 4))).success)


def test_an_object_that_cannot_be_simulated():
    flat = Solid(
        "flat", (Part("hull", corners=np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0.0]])),), 0.1
    )
    with pytest.raises(UserError, match="flat"):
        try_grasps(flat, POSE, [CASES["none"]])
