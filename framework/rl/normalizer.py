"""Running mean and standard deviation of inputs."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Normalizer(nn.Module):
    """Scales inputs to zero mean and unit variance, by the statistics of what it was fed.

    `y = clip((clip(x, +-input_clip) - mean) / max(std, eps), +-clip)`, elementwise over the
    last axis. Before it is fed anything it only clips. The statistics are float64 buffers, so
    they are part of the module's `state_dict`; in distributed training every process feeds
    its share and all get the statistics of the whole.

    Args:
        size: numbers per input.
        eps: the least standard deviation that is divided by; 0.01 in Plappert et al. 2018.
        clip: of the output.
        input_clip: of the input, before it is counted or scaled.
    """

    count: Tensor
    sum: Tensor
    squares: Tensor
    mean: Tensor
    std: Tensor

    def __init__(self, size: int, eps: float = 0.01, clip: float = 5.0, input_clip: float = 200.0) -> None:
        super().__init__()
        self.eps, self.clip, self.input_clip = eps, clip, input_clip
        self.register_buffer("count", torch.zeros((), dtype=torch.float64))
        self.register_buffer("sum", torch.zeros(size, dtype=torch.float64))
        self.register_buffer("squares", torch.zeros(size, dtype=torch.float64))
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("std", torch.ones(size))

    @torch.no_grad()
    def update(self, inputs: Tensor) -> None:
        """Count `(n, size)` inputs, of which there may be none."""
        x = inputs.clamp(-self.input_clip, self.input_clip).to(self.sum.device, torch.float64)
        added = torch.cat([x.new_tensor([len(x)]), x.sum(0), x.square().sum(0)])
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.all_reduce(added)
        size = len(self.sum)
        self.count += added[0]
        self.sum += added[1 : 1 + size]
        self.squares += added[1 + size :]
        if self.count == 0:
            return
        mean = self.sum / self.count
        variance = self.squares / self.count - mean.square()
        self.mean.copy_(mean)
        self.std.copy_(variance.clamp(min=self.eps**2).sqrt())

    def forward(self, inputs: Tensor) -> Tensor:
        """Scale `(..., size)` inputs."""
        x = inputs.clamp(-self.input_clip, self.input_clip)
        return ((x - self.mean) / self.std).clamp(-self.clip, self.clip)
