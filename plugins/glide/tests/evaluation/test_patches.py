"""Nearness of patches, beside brute force and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from framework_glide.evaluation.patches import SIDE, Patches
from framework_glide.images.captioned_shapes import make_shapes
from framework_glide.images.config import ShapesConfig
from framework_glide.images.tables import pixels


@pytest.fixture(scope="module")
def real() -> np.ndarray:
    return pixels(make_shapes(ShapesConfig(images=300, validation=60, backgrounds=("light",)))["train"])


def test_agrees_with_brute_force(real: np.ndarray) -> None:
    patches = Patches(real[:200])
    other = real[200:205]
    nearest = NearestNeighbors(n_neighbors=1).fit(patches.kept.numpy())
    expected = []
    for picture in other:
        cut = [
            picture[y : y + SIDE, x : x + SIDE].transpose(2, 0, 1).reshape(-1) / 255
            for y in range(16 - SIDE + 1)
            for x in range(16 - SIDE + 1)
        ]
        expected.append(-nearest.kneighbors(np.array(cut))[0].mean())
    np.testing.assert_allclose(patches.realism(other), expected, rtol=1e-3, atol=1e-4)


def test_grain_makes_pictures_less_real_and_what_they_show_does_not(real: np.ndarray) -> None:
    patches, rest = Patches(real[:200]), real[200:]
    plain = patches.realism(rest).mean()
    noise = np.random.default_rng(0).normal(size=rest.shape)
    scores = [
        patches.realism(np.clip(rest + spread * noise, 0, 255).astype(np.uint8)).mean() for spread in (4, 12)
    ]
    assert plain > scores[0] > scores[1]
    mirrored = patches.realism(rest[:, :, ::-1]).mean()
    assert mirrored > scores[0]


def test_large_pictures_are_looked_at_here_and_there() -> None:
    real = pixels(make_shapes(ShapesConfig(images=20, validation=2, size=64))["train"])
    patches = Patches(real)
    assert patches.kept.shape == (20 * 144, SIDE * SIDE * 3)
    assert patches.realism(real[:3]) == pytest.approx([0, 0, 0], abs=2e-3)
