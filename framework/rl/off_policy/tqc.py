"""Truncated quantile critics (Kuznetsov et al. 2020, Controlling Overestimation Bias, algorithm 1)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from framework.errors import UserError
from framework.rl.off_policy.base import OffPolicy
from framework.rl.off_policy.model import ActorQ
from framework.rl.off_policy.sac import SACLearner


class TQCLearner(SACLearner):
    """SAC whose critics tell quantiles of the return; of all they tell the largest are not believed."""

    critics = 5
    distributional = True

    def __init__(self, model: ActorQ, target: ActorQ, config: Any) -> None:
        super().__init__(model, target, config)
        self.quantiles = self.of_critic[-1].shape[-1]
        if config.drop >= self.quantiles:
            raise UserError(
                f"drop: of {self.quantiles} quantiles {config.drop} cannot be left out and some be left"
            )

    def expected(self, value: Tensor) -> Tensor:
        """What is left of the quantiles of all critics, `(n, critics · (quantiles - drop))`."""
        every = value.transpose(0, 1).flatten(1).sort(1).values
        return every[:, : len(value) * (self.quantiles - self.config.drop)].contiguous()

    def learn_critic(self, x: Tensor, y: Tensor) -> tuple[Tensor, list[Tensor], Tensor]:
        """Huber's quantile loss, of every quantile against every target (equations 4 and 11)."""
        value = self.critic.forward(x)  # (critics, n, quantiles)
        tau = (torch.arange(self.quantiles, device=x.device) + 0.5) / self.quantiles
        error = y[None, :, None] - value[..., None]
        weight = (tau[:, None] - (error < 0).to(error.dtype)).abs_()
        near = error.clamp(-1, 1)
        # Huber's loss is near · (error - near / 2), and its slope is near.
        loss = torch.addcmul(error, near, near.new_tensor(1.0), value=-0.5).mul_(near).mul_(weight).mean()
        slope = near.mul_(weight).sum(-1).mul_(-1 / error.numel())
        return loss, self.critic.backward(slope)[0], value.mean()

    def worth(self, inputs: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        """The mean of all quantiles, and its gradient in the actions."""
        value = self.critic.forward(torch.cat([inputs, action], dim=1))
        return value.mean(), self._in_actions(torch.full_like(value, 1 / value.numel()), inputs)


class TQC(OffPolicy):
    """TQC on any batched environment with bounded actions."""

    learner_class = TQCLearner
