from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from framework_glide.training.augmentation import blurred


def images(count: int = 6) -> torch.Tensor:
    return torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_nothing_asked_nothing_done() -> None:
    assert torch.equal(blurred(images(), 0.0, 0.0, torch.Generator()), images())


@given(st.integers(0, 1000), st.floats(0.05, 2.0))
def test_a_blur_keeps_constant_images_and_narrows_others(seed: int, blur: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    flat = torch.full((4, 3, 8, 8), 0.37)
    torch.testing.assert_close(blurred(flat, blur, 0.0, generator), flat)
    assert (blurred(images(), blur, 0.0, generator).std((1, 2, 3)) <= images().std((1, 2, 3)) + 1e-6).all()


def test_noise_has_at_most_the_spread_asked_for() -> None:
    generator = torch.Generator().manual_seed(0)
    spread = blurred(torch.zeros(500, 3, 8, 8), 0.0, 0.4, generator).std((1, 2, 3))
    assert spread.max() < 0.46
    assert spread.mean().item() == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_smallest_images_are_blurred_too(size: int) -> None:
    image = torch.full((4, 3, size, size), 0.5)
    found = blurred(image, 0.6, 0.0, torch.Generator().manual_seed(0))
    torch.testing.assert_close(found, image)
