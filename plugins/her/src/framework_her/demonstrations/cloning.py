"""Behaviour cloning: a policy from demonstrations alone, the baseline of Nair et al. 2018."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from framework.errors import UserError
from framework.rl.acting import Plays
from framework.rl.buffers.episodes import EpisodeReplay
from framework.rl.cycle import CycleAlgorithm
from framework_her.actor_critic import ActorCritic, join
from framework_her.demonstrations.config import CloningConfig
from framework_her.demonstrations.learn import replay_of
from framework_her.demonstrations.load import load


class BehaviourCloning(Plays, CycleAlgorithm):
    """Least squares between the policy's actions and demonstrated ones; the environment only judges.

    Args:
        environment: the task that was demonstrated.
        model: its policy is learned, its action value left as it is.
        config: the parameters.

    Raises:
        UserError: the budget is in env steps, of which it takes none; or, when training starts, the
            demonstrations cannot be read.
    """

    shown = ("loss/cloning",)

    def __init__(self, environment: Any, model: ActorCritic, config: CloningConfig) -> None:
        super().__init__(
            budget=config.budget, env_steps_per_cycle=0, updates_per_cycle=config.updates_per_cycle
        )
        if self.budget.env_steps is not None:
            raise UserError("behaviour cloning takes no env steps\n  give budget: {updates: 10_000}")
        self.environment, self.model, self.config = environment, model, config
        self.random = np.random.default_rng(config.seed)

    @property
    def policy(self) -> ActorCritic:  # type: ignore[override]
        """What acts."""
        return self.model

    @cached_property
    def replay(self) -> EpisodeReplay:
        return replay_of(load(self.config.demonstrations, self.environment), self.environment)

    def setup(self, stage: str) -> None:
        super().setup(stage)
        normalizer = self.model.normalizer
        if stage == "fit" and normalizer is not None:
            normalizer.update(self._inputs(self.replay.newest(self.replay.episodes).row))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.model.actor.parameters(), lr=self.config.learning_rate, fused=True)

    def _inputs(self, rows: Any) -> Tensor:
        return torch.from_numpy(join(self.replay["observation"][rows], self.replay["desired_goal"][rows]))

    def collect(self) -> None:
        """Nothing: all there is to learn from is there."""

    def absorb(self, experience: None) -> None:
        """Nothing was experienced."""

    def learn(self) -> Mapping[str, float | Tensor]:
        losses = []
        optimizer: Any = self.optimizers()
        for _ in range(self.config.updates_per_cycle):
            rows = self.replay.sample(self.config.batch_size, self.random).row
            inputs = self.model.normalized(self._inputs(rows).to(self.device))
            action = torch.from_numpy(self.replay["action"][rows]).to(self.device)
            with torch.enable_grad():
                loss = (self.model.actor(inputs).tanh() - action).square().sum(1).mean()
                self.optimise(loss, optimizer)
            losses.append(loss.detach())
        return {"loss/cloning": torch.stack(losses).mean()}

    def cycle_state(self) -> dict[str, Any]:
        return {"random": self.random.bit_generator.state}

    def load_cycle_state(self, state: dict[str, Any]) -> None:
        self.random.bit_generator.state = state["random"]
