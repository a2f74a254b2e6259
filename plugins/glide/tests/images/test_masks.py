from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from framework_glide.images.masks import random_masks


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 40), st.integers(8, 64), st.integers(0, 2**31), st.floats(0, 1))
def test_masks_are_of_zeros_and_ones_and_follow_from_the_generator(
    n: int, size: int, seed: int, everything: float
) -> None:
    masks = random_masks(n, size, torch.Generator().manual_seed(seed), everything=everything)
    assert masks.shape == (n, 1, size, size)
    assert masks.dtype == torch.float32
    assert set(masks.unique().tolist()) <= {0.0, 1.0}
    again = random_masks(n, size, torch.Generator().manual_seed(seed), everything=everything)
    assert torch.equal(masks, again)


@pytest.mark.parametrize("size", [8, 16, 64])
def test_a_mask_hides_something_and_keeps_something(size: int) -> None:
    masks = random_masks(2000, size, torch.Generator().manual_seed(0), everything=0)
    kept = masks.mean((1, 2, 3))
    assert kept.min() > 0
    assert kept.max() < 1
    assert 0.3 < kept.mean() < 0.7


def test_everything_is_hidden_as_often_as_asked_for() -> None:
    generator = torch.Generator().manual_seed(0)
    kept = random_masks(4000, 8, generator, everything=0.25).mean((1, 2, 3))
    assert (kept == 0).float().mean().item() == pytest.approx(0.25, abs=0.03)
    assert not random_masks(10, 8, generator, everything=1).any()


def test_the_kinds_are_there_and_alike_often() -> None:
    masks = random_masks(2000, 32, torch.Generator().manual_seed(0), everything=0)[:, 0].numpy() > 0.5
    corners = masks[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    centre = masks[:, 15:17, 15:17].all(axis=(1, 2))
    frames = centre & ~corners.any(axis=1) & ~masks[:, 0].any(axis=1)
    assert np.mean(frames) == pytest.approx(0.25, abs=0.04)
    # Along every row and column a half plane changes once at most; boxes and strokes come back.
    turns = [np.abs(np.diff(masks.astype(int), axis=axis)).sum(axis=axis).max(axis=1) for axis in (1, 2)]
    halves = (turns[0] <= 1) & (turns[1] <= 1)
    assert np.mean(halves) == pytest.approx(0.25, abs=0.04)


def test_a_mask_does_not_depend_on_the_size_of_the_picture() -> None:
    small, large = (
        random_masks(200, size, torch.Generator().manual_seed(3), everything=0) for size in (16, 64)
    )
    averaged = torch.nn.functional.interpolate(large, (16, 16), mode="area")
    assert (averaged - small).abs().mean() < 0.05
