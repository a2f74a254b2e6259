"""What low-resolution images go through before an upsampler learns from them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def blurred(images: Tensor, blur: float, noise: float, generator: torch.Generator) -> Tensor:
    """Blur and noise images, each by as much as chance will have it.

    Ho et al. 2021 (Cascaded diffusion models, section 4) found both to help an upsampler that
    is given samples.

    Args:
        images: `(b, c, h, w)`.
        blur: largest standard deviation of the Gaussian, in pixels; half of the images stay sharp.
        noise: largest standard deviation of the noise; of images in -1..1.
        generator: on the CPU.

    Returns:
        As `images`.
    """
    count, channels = images.shape[:2]
    amounts = torch.rand(2, count, generator=generator)
    grains = torch.randn(images.shape, generator=generator) if noise else None
    if blur:
        sigma = (amounts[0] * 2 - 1).clamp(min=0.0) * blur
        kernels = _gaussians(sigma).to(images.device)
        # The smallest images have nothing to reflect.
        mode = "reflect" if min(images.shape[2:]) > 2 else "replicate"
        flat = F.pad(images, (2, 2, 2, 2), mode=mode).transpose(0, 1)
        mixed = F.conv2d(flat, kernels[:, None], groups=count).transpose(0, 1)
        images = mixed.reshape(count, channels, *mixed.shape[2:])
    if grains is not None:
        scale = (amounts[1] * noise).view(-1, 1, 1, 1)
        images = images + (scale * grains).to(images.device)
    return images


def _gaussians(sigma: Tensor) -> Tensor:
    """Kernels `(b, 5, 5)` of unit sum; a standard deviation of 0 leaves an image as it is."""
    at = torch.arange(-2, 3).float()
    weights = torch.exp(-0.5 * (at / sigma.clamp(min=1e-3)[:, None]) ** 2)
    weights = weights / weights.sum(1, keepdim=True)
    return weights[:, :, None] * weights[:, None, :]
