"""How well a noised CLIP tells captions apart, by noise level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from framework_glide.clip.loss import equal_captions, retrieved
from framework_glide.clip.model import NoisedCLIP
from framework_glide.diffusion.process import Diffusion


class Retrieval(NamedTuple):
    """Shares at one noise level.

    Attributes:
        caption: of pictures whose caption was found among the candidates.
        picture: of captions whose picture was found among the candidates.
        chance: of either, by guessing.
    """

    caption: float
    picture: float
    chance: float

    @property
    def mean(self) -> float:
        """Of both ways."""
        return (self.caption + self.picture) / 2


@torch.no_grad()
def retrieval(
    model: NoisedCLIP,
    images: Tensor,
    captions: Sequence[str],
    timesteps: Sequence[int],
    candidates: int,
    seed: int = 0,
) -> list[Retrieval]:
    """Find captions of noisy pictures, and pictures of captions, among so many.

    Equal captions are equally right. The noise is the same at every level.

    Args:
        model: in evaluation mode.
        images: `(n, 3, size, size)` in [-1, 1].
        captions: theirs.
        timesteps: noise levels, 0..999.
        candidates: pictures compared with each other, at most n; those left over are not used.
        seed: of the noise.
    """
    device = model.log_scale.device
    diffusion = Diffusion(model.options.schedule, model.options.timesteps)
    groups = range(0, len(images) - candidates + 1, candidates)
    texts = [model.encode_text(captions[start : start + candidates]) for start in groups]
    equal = [equal_captions(captions[start : start + candidates]).to(device) for start in groups]
    chance = float(torch.stack([same.float().mean() for same in equal]).mean())
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(seed))
    found = []
    for timestep in timesteps:
        hits = []
        for start, text, same in zip(groups, texts, equal, strict=True):
            part = slice(start, start + candidates)
            x = diffusion.q_sample(images[part].to(device), timestep, noise[part].to(device))
            seen = model.encode_image(x, torch.full((candidates,), timestep, device=device))
            hits.append([way.float().mean() for way in retrieved(seen @ text.T, same)])
        caption, picture = torch.tensor(hits).mean(dim=0).tolist()
        found.append(Retrieval(caption, picture, chance))
    return found
