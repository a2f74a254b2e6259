from __future__ import annotations

import pytest
import torch

from framework_glide.diffusion.guidance import classifier_free, is_on, rescaled
from framework_glide.diffusion.process import Diffusion


def test_the_variance_is_the_captioned_halfs() -> None:
    cond, uncond = torch.randn(2, 2, 6, 4, 4)
    guided = classifier_free(cond, uncond, 3.0)
    assert torch.equal(guided[:, 3:], cond[:, 3:])
    torch.testing.assert_close(guided[:, :3], 3 * cond[:, :3] - 2 * uncond[:, :3])
    torch.testing.assert_close(classifier_free(cond, uncond, 1.0), cond)


@pytest.mark.parametrize("index", [3, torch.tensor([3, 12])])
def test_rescaling_restores_the_spread_of_x0(index: int | torch.Tensor) -> None:
    diffusion, x = Diffusion(respacing="20"), torch.randn(2, 3, 16, 16)
    cond, uncond = torch.randn(2, 2, 6, 16, 16)
    guided = classifier_free(cond, uncond, 5.0)

    def spread(output: torch.Tensor) -> torch.Tensor:
        return diffusion.x0_from_eps(output[:, :3], x, index).std((1, 2, 3))

    whole = rescaled(diffusion, guided, cond, x, index, 1.0)
    torch.testing.assert_close(spread(whole), spread(cond), rtol=1e-3, atol=1e-4)
    assert torch.equal(whole[:, 3:], guided[:, 3:])
    half = rescaled(diffusion, guided, cond, x, index, 0.5)
    torch.testing.assert_close(spread(half), (spread(cond) + spread(guided)) / 2, rtol=1e-3, atol=1e-4)
    assert rescaled(diffusion, guided, cond, x, index, 0.0) is guided


def test_the_interval_counts_shares_of_the_noise_levels() -> None:
    assert all(is_on(t, (0.0, 1.0)) for t in (0, 500, 999))
    assert [t for t in range(1000) if is_on(t, (0.2, 0.3))] == list(range(200, 300))
    assert [t for t in range(11) if is_on(t, (0.2, 0.3), steps=11)] == [2, 3]
    assert is_on(0, (0.0, 0.0), steps=1)
