"""The symmetric contrastive loss, for captions that may repeat."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def contrastive_loss(logits: Tensor, same: Tensor) -> Tensor:
    """Mean cross-entropy of finding the caption of a picture, and the picture of a caption, in nats.

    Radford et al. 2021, figure 3. Where several captions are equal, each is as right as the
    others: they share the target evenly, and 0 stays the least loss there is. The gradient is
    that of one right caption each, because equal captions have equal logits.

    Args:
        logits: `(b, b)`, of pictures (rows) and captions (columns).
        same: `(b, b)` bool, symmetric, which pairs belong together; true on the diagonal.
    """
    count = same.sum(dim=1)
    target = same / count[:, None]
    least = count.log().mean()
    rows, columns = (F.cross_entropy(way, target) for way in (logits.float(), logits.float().T))
    return (rows + columns) / 2 - least


def equal_captions(captions: Sequence[str]) -> Tensor:
    """Which of b captions are equal, whatever their case: `(b, b)` bool."""
    numbers: dict[str, int] = {}
    numbered = torch.tensor([numbers.setdefault(text.lower(), len(numbers)) for text in captions])
    return numbered[:, None] == numbered[None]


def retrieved(logits: Tensor, same: Tensor) -> tuple[Tensor, Tensor]:
    """Whether each picture's likeliest caption is one of its own, `(b,)` bool, and the other way round."""
    by_picture = same.gather(1, logits.argmax(dim=1, keepdim=True))[:, 0]
    by_caption = same.T.gather(1, logits.T.argmax(dim=1, keepdim=True))[:, 0]
    return by_picture, by_caption
