"""Proximal policy optimisation for what is new, alone or beside what the environment gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn

from framework.errors import UserError
from framework.rl.batch import Batch
from framework.rl.curiosity.config import CuriousConfig
from framework.rl.curiosity.counts import Counts, projection
from framework.rl.curiosity.random_network import RandomNetwork
from framework.rl.encoders import Encoder, check_groups
from framework.rl.normalizer import RewardNormalizer
from framework.rl.on_policy.ppo import PPO
from framework.rl.policy import Policy
from framework.rl.selfplay.teams import agent_spaces
from framework.rl.trees import Tree


class Curious(PPO):
    """`PPO` whose rewards are bonuses for new states, besides `reward_weight` times the environment's.

    A step is rewarded by what it led to. Bonuses of distillation are divided by the running standard
    deviation of their discounted sums (Burda et al. 2019, section 2.4); those of counts are at most 1. Each
    agent, where there are many, is rewarded by what it sees itself, and all count together.

    Args:
        environment: a `VectorEnv` with SAME_STEP autoreset.
        model: a policy with a critic.
        config: the parameters.

    Raises:
        UserError: `seen` names what there is not.
    """

    def __init__(self, environment: Any, model: Policy, config: CuriousConfig) -> None:
        super().__init__(environment, model, config)
        self.curious = config
        self.states = States(agent_spaces(environment)[0], config.seen)
        size = self.states.features
        self.random_network: RandomNetwork | None = None
        self.counts: Counts | None = None
        if config.bonus == "counts":
            self.counts = Counts(1.0, config.cell, projection(size, config.projection, config.seed))
        else:
            self.random_network = RandomNetwork(size, config.features, config.hidden)
        # In a tuple, since in distributed training each process has running sums of its own.
        self.bonuses = (RewardNormalizer(self.axes, config.gamma),)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        learned = [*self.model.parameters()]
        if self.random_network is not None:
            learned += self.random_network.learner.parameters()
        return torch.optim.Adam(learned, lr=self.config.learning_rate, eps=1e-5)

    def absorb(self, experience: tuple[Batch, list[tuple[Any, int]]]) -> Mapping[str, float]:
        batch, finished = experience
        bonus = self._bonus(self.states(batch.next_observation()))
        if self.random_network is not None:
            bonus = self.bonuses[0](bonus, batch.ended)
        config = self.curious
        reward = config.reward_weight * batch.reward + config.bonus_weight * bonus
        found = super().absorb((replace(batch, reward=reward), finished))
        return {**found, "train/bonus": float(bonus.mean())}

    @torch.no_grad()
    def _bonus(self, states: Tensor) -> Tensor:
        """What states `(T, *batch, size)` are worth, `(T, *batch)`, these visits counted."""
        if self.random_network is not None:
            here = states.to(self.device)
            self.random_network.update(here)
            return self.random_network(here).to(states.device)  # type: ignore[no-any-return]
        assert self.counts is not None
        visited = states.reshape(-1, states.shape[-1]).numpy()
        self.counts.visit(visited)
        worth = self.counts(visited).astype(np.float32)
        return torch.from_numpy(worth).reshape(states.shape[:-1])

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """That of `PPO`, and of what learns to foretell the random network."""
        loss, parts = super().loss(batch)
        if self.random_network is not None:
            error = self.random_network(self.states(batch.observation)).mean()
            loss, parts = loss + error, {**parts, "random_network": error.detach()}
        return loss, parts

    def cycle_state(self) -> dict[str, Any]:
        counts = None if self.counts is None else self.counts.state_dict()
        return {**super().cycle_state(), "bonuses": self.bonuses[0].state_dict(), "counts": counts}

    def load_cycle_state(self, state: dict[str, Any]) -> None:
        super().load_cycle_state(state)
        self.bonuses[0].load_state_dict(state["bonuses"])
        if self.counts is not None:
            self.counts.load_state_dict(state["counts"])


class States(nn.Module):
    """The numbers of observations that states are told apart by; it learns nothing.

    Args:
        space: of one observation.
        seen: of a dict, which numbers along the last axis of which parts; none for all of a part. None for
            everything.

    Attributes:
        features: how many numbers.

    Raises:
        UserError: there is no such part, or it has no such number.
    """

    def __init__(
        self, space: gymnasium.Space[Any], seen: Mapping[str, tuple[int, ...]] | None = None
    ) -> None:
        super().__init__()
        self.seen = seen
        if seen is not None:
            check_groups(space, {"seen": list(seen)}, ["seen"])
            assert isinstance(space, spaces.Dict)
            space = spaces.Dict({key: _columns(key, space[key], list(which)) for key, which in seen.items()})
        self.encoder = Encoder(space)
        self.features = self.encoder.features

    def forward(self, observation: Tree) -> Tensor:
        """Observations, a tree of `(*batch, ...)`, to `(*batch, features)`."""
        if self.seen is not None:
            observation = {
                key: observation[key][..., list(which)] if which else observation[key]
                for key, which in self.seen.items()
            }
        return self.encoder(observation)  # type: ignore[no-any-return]


def _columns(name: str, space: gymnasium.Space[Any], which: list[int]) -> gymnasium.Space[Any]:
    """A part of an observation with some of its numbers only."""
    if not which:
        return space
    size = space.shape[-1] if isinstance(space, spaces.Box) and space.shape else 0
    if wrong := [number for number in which if not 0 <= number < size]:
        raise UserError(f"seen.{name}: there is no number {wrong[0]} in {space}; the last is {size - 1}")
    assert isinstance(space, spaces.Box)
    return spaces.Box(space.low[..., which], space.high[..., which], dtype=space.dtype.type)
