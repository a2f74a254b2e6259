"""Heads: from features to a distribution over the actions of any space.

Actions are in the policy's own units. A dimension of a `Box` that is bounded on both sides is
[-1, 1] there, whatever its bounds; discrete actions count from 0. `Head.to_environment` turns
them into what the environment takes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal, TypeAlias

import gymnasium
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.nn.functional import softplus

from framework.errors import UserError
from framework.rl.trees import Tree, flattened, leaves, space_tree, tree_map

#: How a `Box` is drawn from: a diagonal Gaussian that the environment's bounds clip, one whose
#: tanh is taken, or not at random.
Kind: TypeAlias = Literal["gaussian", "squashed", "deterministic"]


class Distribution:
    """What a policy may do: a tree of independent parts, which have the shapes of a space.

    Args:
        parts: one per leaf, for flat numbers `(*batch, d)`: what torch's distributions offer, and
            `draw`, which takes a generator and returns numbers with their log-probabilities.
        tree: the space as `space_tree` gives it.
    """

    def __init__(self, parts: Sequence[Any], tree: Tree) -> None:
        self.parts, self.tree = parts, tree

    def sample(self, generator: Generator | None = None) -> tuple[Tree, Tensor]:
        """Actions `(*batch, ...)` and their log-probabilities `(*batch)`, differentiable for a `Box`."""
        actions, log_probs = zip(*(part.draw(generator) for part in self.parts), strict=True)
        return self._shaped(actions), _sum(log_probs)

    def mode(self) -> Tree:
        """The actions of a deterministic policy."""
        return self._shaped([part.mode for part in self.parts])

    def log_prob(self, action: Tree) -> Tensor:
        """Log-probabilities, or densities, of given actions, `(*batch)`."""
        flat = tree_map(flattened, self.tree, action)
        return _sum([part.log_prob(x) for part, x in zip(self.parts, leaves(flat), strict=True)])

    def entropy(self) -> Tensor:
        """In nats, `(*batch)`."""
        return _sum([part.entropy() for part in self.parts])

    def _shaped(self, flat: Sequence[Tensor]) -> Tree:
        numbers = iter(flat)
        return tree_map(lambda space: (x := next(numbers)).reshape(*x.shape[:-1], *space.shape), self.tree)


def _sum(each: Sequence[Tensor]) -> Tensor:
    return torch.stack([x.sum(-1) for x in each]).sum(0)


class Gaussian(torch.distributions.Normal):
    """A diagonal Gaussian."""

    def draw(self, generator: Generator | None) -> tuple[Tensor, Tensor]:
        return self.at(torch.empty_like(self.loc).normal_(generator=generator))

    def at(self, noise: Tensor) -> tuple[Tensor, Tensor]:
        """What standard normal noise draws, with its log-probabilities."""
        x = self.loc + self.scale * noise
        return x, Gaussian.log_prob(self, x)  # type: ignore[no-untyped-call]


class SquashedGaussian(Gaussian):
    """The tanh of a diagonal Gaussian (Haarnoja et al. 2018, appendix C), in (-1, 1)."""

    @property
    def mode(self) -> Tensor:
        return self.loc.tanh()

    def at(self, noise: Tensor) -> tuple[Tensor, Tensor]:
        u, log_prob = super().at(noise)
        # From u itself: the inverse of a tanh that was rounded to 1 is lost.
        return u.tanh(), log_prob - _log_slope(u)

    def log_prob(self, value: Tensor) -> Tensor:
        u = value.clamp(-1 + 1e-6, 1 - 1e-6).atanh()
        return super().log_prob(u) - _log_slope(u)  # type: ignore[no-untyped-call, no-any-return]

    def entropy(self) -> Tensor:
        # That of the Gaussian plus the mean log slope, by Gauss-Hermite quadrature.
        nodes, weights = np.polynomial.hermite_e.hermegauss(24)
        node, weight = (self.loc.new_tensor(each) for each in (nodes, weights / weights.sum()))
        slope = _log_slope(self.loc[..., None] + self.scale[..., None] * node) @ weight
        return super().entropy() + slope  # type: ignore[no-untyped-call, no-any-return]


def _log_slope(u: Tensor) -> Tensor:
    """Log of the derivative of tanh, exact for large `u` too."""
    return 2 * (math.log(2) - u - softplus(-2 * u))


class Categorical(torch.distributions.Categorical):
    """Integers from 0, each with probabilities of its own: `logits` are `(*batch, d, choices)`."""

    def draw(self, generator: Generator | None) -> tuple[Tensor, Tensor]:
        # The first of so many exponential clocks to ring.
        x = (self.probs / torch.empty_like(self.probs).exponential_(generator=generator)).argmax(-1)
        return x, self.log_prob(x)  # type: ignore[no-untyped-call]


class Deterministic:
    """Given numbers. They have no density: log-probabilities and entropies are 0."""

    def __init__(self, mode: Tensor) -> None:
        self.mode = mode

    def draw(self, generator: Generator | None) -> tuple[Tensor, Tensor]:
        return self.mode, self.entropy()

    def log_prob(self, value: Tensor) -> Tensor:
        return self.entropy()

    def entropy(self) -> Tensor:
        return torch.zeros_like(self.mode)


class Head(nn.Module):
    """A linear layer from features to a distribution over the actions of a space.

    Args:
        features: numbers in.
        space: of one action.
        kind: how a `Box` is drawn from.
        std: of a Gaussian at the start.
        state_std: whether the standard deviation depends on the features, too; otherwise it is
            learned, one number per dimension.
        gain: scale of the orthogonal initial weights; small, so that the first policy is
            nearly the same everywhere.

    Raises:
        UserError: the space has no such distribution.
    """

    def __init__(
        self,
        features: int,
        space: gymnasium.Space[Any],
        *,
        kind: Kind = "gaussian",
        std: float = 1.0,
        state_std: bool = False,
        gain: float = 0.01,
    ) -> None:
        super().__init__()
        self._tree = space_tree(space)
        make = {spaces.Box: partial(_BoxHead, kind=kind, std=std, state_std=state_std)}
        parts = [make.get(type(leaf), _ChoiceHead)(leaf) for leaf in leaves(self._tree)]
        self.parts = nn.ModuleList(parts)
        self._sizes = [part.size for part in parts]
        self.linear = nn.Linear(features, sum(self._sizes))
        nn.init.orthogonal_(self.linear.weight, gain)
        nn.init.zeros_(self.linear.bias)

    def forward(self, features: Tensor) -> Distribution:
        """Features `(*batch, features)` to a distribution over `(*batch)` actions."""
        numbers = self.linear(features).split(self._sizes, -1)
        return Distribution([part(x) for part, x in zip(self.parts, numbers, strict=True)], self._tree)

    def to_environment(self, action: Tree) -> Tree:
        """Actions as arrays in the space, inside its bounds."""
        parts = iter(self.parts)
        array = lambda _, x: next(parts).to_environment(x.detach().cpu().numpy())  # type: ignore[operator]  # noqa: E731
        return tree_map(array, self._tree, action)


class _BoxHead(nn.Module):
    """One `Box`."""

    def __init__(self, space: spaces.Box, *, kind: Kind, std: float, state_std: bool) -> None:
        super().__init__()
        self.space, self.kind = space, kind
        self.bounded = space.bounded_below & space.bounded_above
        if kind != "gaussian" and not self.bounded.all():
            raise UserError(
                f"a {kind} policy needs actions that are bounded on both sides, not {space}\n"
                "  a gaussian one does not"
            )
        low, high = (np.where(self.bounded, each, 0).astype(np.float64) for each in (space.low, space.high))
        self.centre, self.reach = (low + high) / 2, np.where(self.bounded, (high - low) / 2, 1.0)
        dims = self.space.low.size
        self.initial = math.log(std)
        self.log_std = None if state_std or kind == "deterministic" else nn.Parameter(torch.zeros(dims))
        self.size = 2 * dims if state_std and kind != "deterministic" else dims

    def forward(self, x: Tensor) -> Any:
        if self.kind == "deterministic":
            return Deterministic(x.tanh())
        log_std: Tensor
        x, log_std = x.chunk(2, -1) if self.log_std is None else (x, self.log_std)
        # Beyond these bounds exponentials and entropies overflow (Haarnoja et al. 2018).
        std = (self.initial + log_std).clamp(-20, 2).exp().expand_as(x)
        return (SquashedGaussian if self.kind == "squashed" else Gaussian)(x, std, validate_args=False)

    def to_environment(self, action: NDArray[Any]) -> Any:
        inside = np.where(self.bounded, action.clip(-1, 1), action)
        wanted = (self.centre + self.reach * inside).clip(self.space.low, self.space.high)
        return (wanted if self.space.dtype.kind == "f" else wanted.round()).astype(self.space.dtype)


def box_head(space: spaces.Box, kind: Kind) -> _BoxHead:
    """The distribution over a `Box` whose numbers, deviations included, all come from one network."""
    return _BoxHead(space, kind=kind, std=1.0, state_std=True)


class _ChoiceHead(nn.Module):
    """One `Discrete`, `MultiDiscrete` or `MultiBinary`: choices between numbered things."""

    exists: Tensor
    place: Tensor

    def __init__(self, space: Any) -> None:
        super().__init__()
        self.space = space
        binary = isinstance(space, spaces.MultiBinary)
        counts = np.full(space.shape, 2) if binary else getattr(space, "nvec", getattr(space, "n", None))
        count = torch.from_numpy(np.asarray(counts).astype(np.int64).reshape(-1, 1))
        self.register_buffer("exists", torch.arange(int(count.max())) < count, persistent=False)
        self.size = int(count.sum())
        # Where each number of a row comes from; those that do not exist, from anywhere.
        place = (self.exists.flatten().cumsum(0) - 1).clamp(min=0).reshape(self.exists.shape)
        self.register_buffer("place", place, persistent=False)

    def forward(self, x: Tensor) -> Any:
        # One row per choice; rows of few choices are filled up with impossible ones.
        logits = torch.where(self.exists, x[..., self.place], -torch.inf)
        return Categorical(logits=logits, validate_args=False)

    def to_environment(self, action: NDArray[Any]) -> Any:
        return (action + getattr(self.space, "start", 0)).astype(self.space.dtype)
