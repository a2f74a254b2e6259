"""Candidates are where they are said to be: antipodal ones across parallel sides, within friction."""

from __future__ import annotations

import numpy as np
import pytest

from framework_grasp import Bench, Part, Solid
from framework_grasp.proposals import CLEARANCE, TILT, antipodal, free, near, uniform
from framework_grasp.trials.hand import OPENING

BOX = Solid("box", (Part("box", (0.08, 0.02, 0.03)),), 0.1)
POSE = [0.01, 0.02, 0.03, 1, 0, 0, 0]


@pytest.fixture(scope="module")
def bench():
    bench = Bench(BOX, 1, 0.5)
    bench.put(POSE)
    return bench


def test_antipodal_from_above(bench):
    """Across the narrow sides only, turned by no more than the friction cone."""
    found = antipodal(bench, 60, np.random.default_rng(0), 0.5)
    assert found.shape == (60, 4)
    assert np.abs(found[:, 3]).max() <= np.arctan(0.5) + 1e-6 and np.abs(found[:, 3]).max() > 0.2
    assert np.abs(found[:, 1] - 0.02).max() < 0.011 and np.abs(found[:, 0] - 0.01).max() < 0.08
    assert found[:, 2].min() >= CLEARANCE - 1e-12 and found[:, 2].max() < 0.06


def test_antipodal_from_any_side(bench):
    found = antipodal(bench, 60, np.random.default_rng(0), 0.5, dims=6)
    assert found.shape[1] == 6 and len(found) > 30
    assert np.abs(found[:, 4:]).max() <= TILT and np.abs(found[:, 4:]).max() > 0.3
    tried = bench.solid.parts and Bench(BOX, len(found), 0.8, "coarse").try_grasps(POSE, found)
    assert tried.success.mean() > 0.8


@pytest.mark.parametrize("dims", [4, 6])
def test_near_ones_are_some_millimetres_and_degrees_aside(bench, dims):
    """About a box that is held anywhere along its 16 cm: how far they are aside shows across it."""
    found = near(bench, 200, np.random.default_rng(0), 0.1, dims)
    assert found.shape[1] == dims and len(found) > 30 and found[:, 2].min() >= CLEARANCE
    assert 0.007 < (found[:, 1] - 0.02).std() < 0.03
    assert np.abs(found[:, 3]).max() <= np.pi / 2 and np.abs(found[:, 4:]).max(initial=0) <= TILT
    if dims == 4:
        assert 0.15 < found[:, 3].std() < 0.25


def test_too_wide_to_be_held():
    block = Solid("block", (Part("box", (0.06, 0.06, 0.02)),), 0.1)
    bench = Bench(block, 1, 0.5)
    bench.put([0, 0, 0.02, 1, 0, 0, 0])
    assert OPENING < 2 * 0.06 and antipodal(bench, 10, np.random.default_rng(0), 0.5).shape == (0, 4)


def test_hands_that_meet_the_object_are_not_free(bench):
    grasps = np.array(
        [
            [0.01, 0.02, 0.01, 0.0],  # across it
            [0.01, 0.02, 0.01, np.pi / 2],  # fingers on it
            [0.01, 0.02, -0.05, 0.0],  # palm on it
            [0.01, 0.065, 0.01, 0.0],  # a finger on it
        ]
    )
    assert free(bench, grasps).tolist() == [True, False, False, False]


@pytest.mark.parametrize("dims", [4, 6])
def test_uniform_in_the_box_around_it(bench, dims):
    found = uniform(bench, 500, np.random.default_rng(0), dims)
    assert found.shape == (500, dims)
    low, high = found.min(axis=0), found.max(axis=0)
    np.testing.assert_allclose(low[:4], [-0.07, 0.0, CLEARANCE, -np.pi / 2], atol=0.02)
    np.testing.assert_allclose(high[:4], [0.09, 0.04, 0.06, np.pi / 2], atol=0.02)
