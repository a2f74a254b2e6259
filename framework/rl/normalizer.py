"""Running mean and standard deviation of inputs, observations and returns."""

from __future__ import annotations

import math
from typing import Any

import gymnasium
import torch
from gymnasium import spaces
from torch import Tensor, nn

from framework.rl.trees import Tree, flattened, leaves, space_tree, tree_map


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
        ema: what an input's weight is multiplied by with each that follows (exponential moving
            average); 1 to count all alike.
    """

    count: Tensor
    sum: Tensor
    squares: Tensor
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        size: int,
        eps: float = 0.01,
        clip: float = 5.0,
        input_clip: float = 200.0,
        ema: float = 1.0,
    ) -> None:
        super().__init__()
        self.eps, self.clip, self.input_clip, self.ema = eps, clip, input_clip, ema
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
        self._add(added, self.ema ** float(added[0]) if self.ema < 1 else 1.0)

    def merge(self, other: Normalizer) -> None:
        """Count what another was fed as well: the same as one that was fed both."""
        self._add(torch.cat([other.count.reshape(1), other.sum, other.squares]), 1.0)

    def _add(self, added: Tensor, keep: float) -> None:
        """Add a count, sums and sums of squares; those so far keep a share of their weight."""
        size = len(self.sum)
        if keep < 1:
            for held in (self.count, self.sum, self.squares):
                held *= keep
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

    def inverse(self, outputs: Tensor) -> Tensor:
        """What was scaled to `(..., size)` outputs, unless it was clipped."""
        return outputs * self.std + self.mean


class ObservationNormalizer(nn.Module):
    """One `Normalizer` for each `Box` of floating-point numbers; all else passes as it is.

    Args:
        space: of one observation.
        options: of each `Normalizer`; by default clipped at 10, whatever the inputs.
    """

    def __init__(self, space: gymnasium.Space[Any], **options: Any) -> None:
        super().__init__()
        self._tree = space_tree(space)
        options = {"clip": 10.0, "input_clip": math.inf, **options}
        self.parts = nn.ModuleList(
            Normalizer(leaf.low.size, **options)
            if isinstance(leaf, spaces.Box) and leaf.dtype.kind == "f"
            else nn.Identity()
            for leaf in leaves(self._tree)
        )

    def update(self, observation: Tree) -> None:
        """Count observations, a tree of `(*batch, ...)`."""
        for part, values in zip(
            self.parts, leaves(tree_map(flattened, self._tree, observation)), strict=True
        ):
            if isinstance(part, Normalizer):
                part.update(values.flatten(0, -2))

    def forward(self, observation: Tree) -> Tree:
        """Scale a tree of `(*batch, ...)`."""
        parts = iter(self.parts)
        scale = lambda space, x: next(parts)(flattened(space, x)).reshape(x.shape)  # noqa: E731
        return tree_map(scale, self._tree, observation)


class RewardNormalizer(nn.Module):
    """Divides rewards by the running standard deviation of discounted returns.

    Args:
        batch: shape of one step's rewards, `(N)` or `(N, agents)`.
        gamma: discount per step.
        clip: of the scaled rewards.
    """

    running: Tensor

    def __init__(self, batch: int | tuple[int, ...], gamma: float, clip: float = 10.0) -> None:
        super().__init__()
        self.gamma, self.clip = gamma, clip
        self.returns = Normalizer(1, eps=1e-4, input_clip=math.inf)
        self.register_buffer("running", torch.zeros(batch, dtype=torch.float64))

    @torch.no_grad()
    def forward(self, reward: Tensor, ended: Tensor) -> Tensor:
        """Count a fragment's rewards and scale them.

        Args:
            reward: `(T, *batch)`.
            ended: `(T, *batch)` bool, whether an episode ended with the step.
        """
        returns = torch.empty_like(reward, dtype=torch.float64)
        for t in range(len(reward)):
            returns[t] = self.running.mul_(self.gamma).add_(reward[t])
            self.running.masked_fill_(ended[t], 0)
        self.returns.update(returns.reshape(-1, 1))
        return (reward / self.returns.std).clamp(-self.clip, self.clip)
