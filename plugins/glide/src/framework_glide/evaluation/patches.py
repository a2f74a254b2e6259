"""How near the patches of pictures are to those of real ones: grain and smudges, whatever is shown."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from framework_glide.evaluation.sample_store import Pictures

#: Width and height of a patch, in pixels.
SIDE = 5
#: Real patches that others are compared with, at most.
KEPT = 4_096
#: Patches of a picture, about: of larger ones not all are looked at.
EACH = 144
#: Pictures whose distances are in memory at once.
TOGETHER = 32


class Patches:
    """A memory of real patches, without labels and without a network.

    The score is that of PatchCore (Roth et al. 2022) on plain pixels, its mean over the picture instead
    of its maximum.

    Args:
        pictures: real ones, `(n, h, w, 3)` uint8.
        seed: of the patches that are kept.
    """

    def __init__(self, pictures: Pictures, seed: int = 0) -> None:
        chosen = np.random.default_rng(seed)
        # A thousand pictures have many times as many patches as are kept.
        rows = chosen.permutation(len(pictures))[:1024]
        found = _patches(pictures[np.sort(rows)]).flatten(0, 1)
        self.kept = found[torch.from_numpy(chosen.permutation(len(found))[:KEPT])]

    def realism(self, pictures: Pictures) -> NDArray[np.float64]:
        """Minus the mean distance of a picture's patches from the nearest real ones, `(n,)`; 0 is real.

        Args:
            pictures: `(n, h, w, 3)` uint8, of the real ones' size.
        """
        scores = []
        for start in range(0, len(pictures), TOGETHER):
            patches = _patches(pictures[start : start + TOGETHER])
            distances = torch.cdist(patches.flatten(0, 1), self.kept).min(dim=1).values
            scores.append(-distances.view(len(patches), -1).mean(dim=1))
        return np.asarray(torch.cat(scores).numpy())


def _patches(pictures: Pictures) -> Tensor:
    """`(n, m, d)` float64 in 0..1: squares at equal distances, all of them in small pictures."""
    stride = max(1, round((pictures.shape[1] - SIDE + 1) / EACH**0.5))
    images = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).double() / 255
    return F.unfold(images, SIDE, stride=stride).transpose(1, 2)
