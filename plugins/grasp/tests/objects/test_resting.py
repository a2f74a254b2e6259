"""Ways to lie: those of a box by hand, those of hulls as many as trimesh finds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from framework.sim.rotations import matrix
from framework_grasp import Bench, Part, Solid
from framework_grasp.objects.resting import rests_of


def test_a_box_lies_on_its_six_sides():
    box = Part("box", (0.01, 0.02, 0.05))
    rests = rests_of(box.points, np.zeros(3))
    assert sorted(rests.height.round(6)) == [0.01, 0.01, 0.02, 0.02, 0.05, 0.05]
    flat, tall = rests.likelihood[rests.height < 0.015], rests.likelihood[rests.height > 0.045]
    assert flat.min() > 5 * tall.max() and rests.likelihood.sum() == pytest.approx(1)
    lowest = [(box.points @ matrix(turn).T)[:, 2].min() for turn in rests.quaternion]
    np.testing.assert_allclose(lowest, -rests.height, atol=1e-9)


def test_it_lies_on_no_side_beside_which_its_weight_is():
    base = np.array([[x, y, 0.0] for x in (-0.01, 0.01) for y in (-0.01, 0.01)])
    leaning = np.concatenate([base, base + np.array([0.05, 0, 0.04])])
    rests = rests_of(leaning, leaning.mean(axis=0))
    down = [matrix(turn)[2] for turn in rests.quaternion]
    assert len(down) == 4 and not any(abs(each[2]) > 0.999 for each in down)


@pytest.mark.parametrize("seed", range(4))
def test_there_are_as_many_as_trimesh_finds(seed):
    """Of hulls without sides that are nearly in one plane."""
    trimesh = pytest.importorskip("trimesh")
    points = np.random.default_rng(seed).standard_normal((7, 3)) * 0.05
    hull = trimesh.Trimesh(points, ConvexHull(points).simplices)
    hull.fix_normals()
    rests = rests_of(points, np.array(hull.center_mass))
    _, expected = trimesh.poses.compute_stable_poses(hull, sigma=0, n_samples=1)
    # trimesh lets an object roll on from the sides on which it cannot stay, so its likelihoods are others.
    assert len(expected) == len(rests.likelihood)


def test_what_came_to_rest_stays_and_what_rolls_does_not_rest():
    random = np.random.default_rng(0)
    bench = Bench(Solid("box", (Part("box", (0.02, 0.02, 0.04)),), 0.1), 4, 0.5)
    pose = bench.rest(random)
    assert pose is not None and pose[2] == pytest.approx(0.02, abs=1e-3) and not pose[:2].any()
    bench.put(pose)
    bench.world.step(np.arange(1), 500)
    moved = np.array(bench.world.batch.bind("qpos")[0, 5:8])
    np.testing.assert_allclose(moved, pose[:3], atol=1e-3)
