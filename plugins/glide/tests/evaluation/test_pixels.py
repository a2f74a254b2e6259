from __future__ import annotations

import numpy as np
import pytest

from framework_glide.evaluation.boundary import boundary_error
from framework_glide.evaluation.psnr import mean_psnr, psnr


def test_psnr_of_a_constant_error() -> None:
    real = np.full((2, 4, 4, 3), 100, np.uint8)
    off = real.copy()
    off[1] += 10

    assert psnr(off, real)[0] == np.inf
    assert psnr(off, real)[1] == pytest.approx(20 * np.log10(25.5))
    assert mean_psnr(off, real) == pytest.approx((100 + 20 * np.log10(25.5)) / 2)


def test_psnr_refuses_other_shapes() -> None:
    with pytest.raises(ValueError, match="shape"):
        psnr(np.zeros((1, 4, 4, 3), np.uint8), np.zeros((1, 8, 8, 3), np.uint8))


def _halves() -> tuple[np.ndarray, np.ndarray]:
    mask = np.zeros((1, 6, 6), bool)
    mask[:, :, :3] = True
    return np.random.default_rng(0).integers(0, 200, (1, 6, 6, 3)).astype(np.uint8), mask


def test_the_real_picture_has_no_boundary_error() -> None:
    real, mask = _halves()

    assert boundary_error(real, real, mask) == pytest.approx([0])


def test_a_seam_on_a_flat_picture_is_its_height() -> None:
    _, mask = _halves()
    real = np.full((1, 6, 6, 3), 100, np.uint8)
    filled = real.copy()
    filled[:, :, 3:] += 40

    assert boundary_error(filled, real, mask) == pytest.approx([40])


def test_only_the_edge_counts() -> None:
    real, mask = _halves()
    filled = real.copy()
    filled[:, :, 4:] = 0

    assert boundary_error(filled, real, mask) == pytest.approx([0])


def test_agrees_with_brute_force() -> None:
    draws = np.random.default_rng(1)
    real, filled = draws.integers(0, 256, (2, 3, 7, 5, 3)).astype(np.uint8)
    mask = draws.random((3, 7, 5)) < 0.6
    expected = []
    for n in range(3):
        errors = []
        for y in range(7):
            for x in range(5):
                for v, u in ((y + 1, x), (y, x + 1)):
                    if v < 7 and u < 5 and mask[n, y, x] != mask[n, v, u]:
                        steps = [
                            np.sqrt(np.mean((p[n, y, x].astype(float) - p[n, v, u]) ** 2))
                            for p in (filled, real)
                        ]
                        errors.append(abs(steps[0] - steps[1]))
        expected.append(np.mean(errors))

    assert boundary_error(filled, real, mask) == pytest.approx(expected)


def test_without_an_edge_there_is_no_number() -> None:
    real, _ = _halves()

    assert np.isnan(boundary_error(real, real, np.ones((1, 6, 6), bool))).all()
