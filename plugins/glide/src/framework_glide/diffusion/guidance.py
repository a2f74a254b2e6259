"""Classifier-free guidance: mixing what a network says with and without a caption.

Only eps is mixed; the variance is the captioned half's (the paper, section 2.3).
"""

from __future__ import annotations

import torch
from torch import Tensor

from framework_glide.diffusion.process import Diffusion, Index


def classifier_free(cond: Tensor, uncond: Tensor, scale: float) -> Tensor:
    """Mix eps as uncond + scale * (cond - uncond), and keep the variance of `cond`.

    Args:
        cond: the network's output with the caption, eps alone (b, 3, h, w), or eps and v (b, 6, h, w).
        uncond: without it, or with a negative prompt, of the same shape.
        scale: 1 gives `cond`, 0 `uncond`, more leads on beyond the caption's.

    Returns:
        As `cond`, with its v.
    """
    base = uncond[:, :3]
    eps = base + scale * (cond[:, :3] - base)
    return torch.cat([eps, cond[:, 3:]], dim=1) if cond.shape[1] > 3 else eps


def rescaled(
    diffusion: Diffusion, guided: Tensor, cond: Tensor, x: Tensor, index: Index, share: float
) -> Tensor:
    """Give a guided prediction the spread of the one with the caption alone (Lin et al. 2023, section 3.4).

    Guidance widens the predicted picture and saturates its colours. The prediction whose standard
    deviation is restored is x0, not eps: at the noisiest levels eps is nearly all of x_t, and
    shrinking it would leave its noise in the picture. (The authors' networks predict v, which is
    -x0 there.)

    Args:
        diffusion: the process the indices count.
        guided: of `classifier_free`, (b, 3 or 6, h, w).
        cond: the network's output with the caption, of the same shape.
        x: x_t, (b, 3, h, w).
        index: of the noise level, int or (b,).
        share: of the restored prediction in the result, in [0, 1]; the authors take 0.7.

    Returns:
        As `guided`, its eps changed.
    """
    if share == 0:
        return guided
    wide = diffusion.x0_from_eps(guided[:, :3], x, index)
    narrow = diffusion.x0_from_eps(cond[:, :3], x, index)
    ratio = narrow.std((1, 2, 3), keepdim=True) / wide.std((1, 2, 3), keepdim=True).clamp(min=1e-8)
    eps = diffusion.eps_from_x0(wide * (1 + share * (ratio - 1)), x, index)
    return torch.cat([eps, guided[:, 3:]], dim=1) if guided.shape[1] > 3 else eps


def is_on(timestep: int, interval: tuple[float, float], steps: int = 1000) -> bool:
    """Whether guidance is on at a noise level (Kynkaanniemi et al. 2024).

    The level's share is timestep / (steps - 1): 0 for the cleanest, 1 for the noisiest of the
    ORIGINAL process, so it does not depend on how many steps are sampled. Both ends belong to the
    interval. Outside of it the caption alone speaks, as with scale 1.

    Args:
        timestep: the original one, in [0, steps).
        interval: (low, high), in [0, 1].
        steps: of the original process.
    """
    share = timestep / max(steps - 1, 1)
    return interval[0] <= share <= interval[1]
