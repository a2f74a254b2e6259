"""Encoders: from observations of any space to features."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn
from torch.nn.functional import one_hot

from framework.errors import UserError, did_you_mean
from framework.rl.memory import Memory
from framework.rl.trees import Tree, flattened, leaves, space_tree, tree_map


def check_groups(
    space: gymnasium.Space[Any], groups: Mapping[str, Sequence[str]], networks: Sequence[str]
) -> None:
    """Check which network sees which observations: `{actor: [position], critic: [position, force]}`.

    Raises:
        UserError: there is no such network or observation; names the nearest.
    """
    for network, keys in groups.items():
        if not isinstance(space, spaces.Dict):
            raise UserError(f"groups.{network}: observations have names in a Dict space only, not in {space}")
        if not keys:
            raise UserError(f"groups.{network} is empty: name what it sees, or leave it out for everything")
        named = [("groups: unknown network", network, networks)]
        named += [(f"groups.{network}: unknown observation", key, list(space.spaces)) for key in keys]
        for what, name, known in named:
            if name not in known:
                hint = did_you_mean(name, known) or f"known: {', '.join(known)}"
                raise UserError(f"{what} {name!r}\n  {hint}")


class Encoder(nn.Module):
    """Lays an observation out as float32 numbers `(*batch, features)`; it learns nothing.

    Boxes are flattened, discrete values become one-hot, and bytes from 0 to 255 numbers from 0 to 1.
    Any other module with `features` and the same call can stand in its place: one for images, say.

    Args:
        space: of one observation.
        keys: the parts of a `Dict` that are seen; all if None.

    Attributes:
        features: how many numbers.
    """

    def __init__(self, space: gymnasium.Space[Any], keys: Sequence[str] | None = None) -> None:
        super().__init__()
        self.keys = keys
        if keys is not None:
            check_groups(space, {"encoder": keys}, ["encoder"])
            assert isinstance(space, spaces.Dict)
            space = spaces.Dict({key: space.spaces[key] for key in keys})
        self._tree = space_tree(space)
        self.features = spaces.utils.flatdim(space)

    def forward(self, observation: Tree) -> Tensor:
        seen = observation if self.keys is None else {key: observation[key] for key in self.keys}
        return torch.cat(list(leaves(tree_map(_numbers, self._tree, seen))), -1)


def _numbers(space: Any, x: Tensor) -> Tensor:
    """Elements `(*batch, *shape)` of one space as `(*batch, n)`."""
    if isinstance(space, spaces.Discrete):
        return one_hot(x.long() - int(space.start), int(space.n)).float()
    flat = flattened(space, x)
    if isinstance(space, spaces.MultiDiscrete):
        start = np.broadcast_to(space.start, space.nvec.shape).reshape(-1)
        counts = zip(flat.unbind(-1), space.nvec.reshape(-1), start, strict=True)
        return torch.cat([one_hot(one.long() - int(low), int(n)).float() for one, n, low in counts], -1)
    byte = isinstance(space, spaces.Box) and space.dtype == np.uint8 and bool((space.high == 255).all())
    return flat.float() / 255 if byte else flat.float()


class Trunk(nn.Module):
    """Encoder, hidden layers and, if there is one, a memory: what one network knows.

    Args:
        encoder: from observations to numbers.
        hidden: units of each layer, which has orthogonal initial weights.
        memory: what comes after the layers; "lstm", "gru" or None.
        units: of the memory.
        activation: after each layer.
        norm: whether layers and memory are each followed by layer normalisation.

    Attributes:
        features: numbers out.
        state_size: numbers remembered; 0 without a memory.
    """

    def __init__(
        self,
        encoder: nn.Module,
        hidden: Sequence[int] = (64, 64),
        *,
        memory: str | None = None,
        units: int = 64,
        activation: type[nn.Module] = nn.Tanh,
        norm: bool = False,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        layers: list[nn.Module] = []
        for before, after in pairwise([int(encoder.features), *hidden]):  # type: ignore[arg-type]
            linear = nn.Linear(before, after)
            nn.init.orthogonal_(linear.weight, math.sqrt(2))
            nn.init.zeros_(linear.bias)
            layers += [linear, activation(), *([nn.LayerNorm(after)] if norm else [])]
        self.layers = nn.Sequential(*layers)
        width = hidden[-1] if hidden else int(encoder.features)  # type: ignore[arg-type]
        self.memory = Memory(width, units, memory) if memory else None
        self.norm = nn.LayerNorm(units) if norm and memory else None
        self.features = units if self.memory else width
        self.state_size = self.memory.state_size if self.memory else 0

    def forward(
        self, observation: Tree, state: Tensor | None, is_first: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """Features of sequences; see `Memory.forward`. Without a memory, of any batch."""
        x = self.layers(self.encoder(observation))
        if self.memory is None:
            return x, None
        y, after = self.memory(x, state, is_first)
        return (y if self.norm is None else self.norm(y)), after
