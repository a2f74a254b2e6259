"""Low-rank adaptation (Hu et al. 2021): train little matrices beside weights that stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from framework_glide.unet.attention import AttentionBlock
from framework_glide.unet.text_transformer import Attention

#: What a parametrised weight's names have in a state dict.
_MARK = ".parametrizations.weight.0."


class LowRank(nn.Module):
    """A weight plus the product of two narrow matrices, zero to begin with.

    Args:
        weight: `(m, n)` or, of a convolution, `(m, n, ...)`.
        rank: of the product.
        alpha: the product counts `alpha / rank` times.
    """

    scale: Tensor

    def __init__(self, weight: Tensor, rank: int, alpha: float) -> None:
        super().__init__()
        rows, columns = weight.shape[0], weight[0].numel()
        self.down = nn.Parameter(torch.empty(rank, columns))
        self.up = nn.Parameter(torch.zeros(rows, rank))
        nn.init.kaiming_uniform_(self.down, a=5**0.5)
        # In the state, so that weights alone say what they mean.
        self.register_buffer("scale", torch.tensor(alpha / rank))

    def forward(self, weight: Tensor) -> Tensor:
        """`weight`, adapted, of the same shape."""
        return weight + (self.scale * self.up @ self.down).view_as(weight)


def adapt(network: nn.Module, rank: int, alpha: float) -> None:
    """Freeze a network but for low-rank matrices beside its attentions' weights, the text's included.

    Args:
        network: a `TextUNet`, changed in place.
        rank: of the matrices.
        alpha: see `LowRank`.
    """
    network.requires_grad_(requires_grad=False)
    for module in _adapted(network):
        parametrize.register_parametrization(
            module, "weight", LowRank(cast(Tensor, module.weight), rank, alpha)
        )


def merged(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict in which matrices are added to the weights they are beside; others are as they were."""
    found = {name: value for name, value in weights.items() if ".parametrizations." not in name}
    for name, weight in weights.items():
        owner, mark, end = name.partition(".parametrizations.weight.original")
        if mark and not end:
            up, down, scale = (weights[owner + _MARK + part] for part in ("up", "down", "scale"))
            found[f"{owner}.weight"] = weight + (scale * up @ down).view_as(weight)
    return found


def _adapted(network: nn.Module) -> Iterator[nn.Module]:
    """The layers whose weights are adapted: queries, keys, values and what follows attention."""
    for module in network.modules():
        if isinstance(module, AttentionBlock):
            yield from (module.qkv, module.proj_out)
            if hasattr(module, "encoder_kv"):
                yield module.encoder_kv
        elif isinstance(module, Attention):
            yield from (module.c_qkv, module.c_proj)
