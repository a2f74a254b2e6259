"""What is seen of boxes and balls is what geometry says."""

from __future__ import annotations

import numpy as np

from framework_grasp import Bench, Part, Solid
from framework_grasp.depth import PIXELS, SIDE, cameras, grid, tilted, unreliable, views

BALL = Solid("ball", (Part("sphere", (0.04,)),), 0.1)
BOX = Solid("box", (Part("box", (0.03, 0.02, 0.025)),), 0.1)


def seen(solid, pose, axes):
    bench = Bench(solid, 1, 0.5)
    bench.put(pose)
    return views(bench, axes)


def test_a_box_from_above():
    depth = seen(BOX, [0.05, -0.03, 0.025, 1, 0, 0, 0], cameras(1))
    x, y = np.meshgrid(grid(), grid()[::-1])
    inside = (np.abs(x - 0.05) < 0.03) & (np.abs(y + 0.03) < 0.02)
    assert depth.shape == (1, PIXELS, PIXELS)
    np.testing.assert_allclose(depth[0], np.where(inside, 0.05, 0.0), atol=1e-9)
    assert np.diff(grid()).max() == np.float64(SIDE / PIXELS) or np.allclose(np.diff(grid()), 0.0025)


def test_a_ball_from_all_sides():
    """A ball looks the same from everywhere: a disc about where its middle is projected to."""
    centre, axes = np.array([0.03, -0.05, 0.04]), tilted(cameras(4), 0.1, np.random.default_rng(0))
    assert np.allclose(axes @ axes.transpose(0, 2, 1), np.eye(3))
    assert not np.allclose(axes, cameras(4)) and (cameras(4)[1:, 2, 2] > 0.7).all()
    x, y = np.meshgrid(grid(), grid()[::-1])
    for view, (right, up, back) in zip(seen(BALL, [*centre, 1, 0, 0, 0], axes), axes, strict=True):
        squared = 0.04**2 - (x - right @ centre) ** 2 - (y - up @ centre) ** 2
        expected = np.where(squared > 0, back @ centre + np.sqrt(np.maximum(squared, 0)), 0)
        # The outline is found with points on the ball, which miss its rim by a pixel at most.
        clear = squared > 2e-4
        np.testing.assert_allclose(view[clear], expected[clear], atol=1e-9)
        assert not view[squared < 0].any()


def test_what_a_sensor_makes_of_it():
    depth = np.full((2, 64, 64), 0.1)
    found = unreliable(depth, 0.002, 0.25, np.random.default_rng(0))
    missing = np.isnan(found)
    assert 0.23 < missing.mean() < 0.27
    assert 0.0018 < (found[~missing] - 0.1).std() < 0.0022
    assert np.array_equal(unreliable(depth, 0.0, 0.0, np.random.default_rng(0)), depth)
