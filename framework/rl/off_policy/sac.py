"""Soft actor-critic (Haarnoja et al. 2018, Soft Actor-Critic Algorithms and Applications, algorithm 1)."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from framework.rl.off_policy.base import OffPolicy
from framework.rl.off_policy.learner import Learner, Step, Transitions, regress
from framework.rl.off_policy.model import ActorQ


class SACLearner(Learner):
    """A policy that is as random as a temperature α allows, and twin critics of the soft value.

    α is learned on its logarithm, as in the authors' code.
    """

    stochastic = True

    def __init__(self, model: ActorQ, target: ActorQ, config: Any) -> None:
        super().__init__(model, target, config)
        start = torch.tensor(math.log(config.temperature))
        self.own["log_temperature"] = nn.Parameter(start, requires_grad=config.learn_temperature)
        entropy = config.target_entropy
        self.target_entropy = -float(model.actions) if entropy is None else entropy

    def optimizers(self) -> list[Optimizer]:
        last = (
            [Adam(self.own.values(), lr=self.config.learning_rate)] if self.config.learn_temperature else []
        )
        return super().optimizers() + last

    @torch.no_grad()
    def update(self, batch: Transitions[Tensor], number: int, step: Step) -> dict[str, Tensor]:
        alpha, inputs = self.own["log_temperature"].exp(), batch.inputs
        y, joint = self.targets(batch, alpha), torch.cat([inputs, batch.action], dim=1)
        critic, of_critic, mean = self.learn_critic(joint, y)
        step(critic, self.of_critic, of_critic, 0)
        numbers = self.actor.forward(inputs).requires_grad_()
        with torch.enable_grad():
            action, log_prob = self.model.draw(numbers, self.noise(batch.action))
        value, of_action = self.worth(inputs, action.detach())
        with torch.enable_grad():
            cost = alpha * log_prob.mean() - (action * of_action).sum()
        of_actor, _ = self.actor.backward(torch.autograd.grad(cost, numbers)[0])
        log_prob = log_prob.detach()
        actor = alpha * log_prob.mean() - value
        step(actor, self.of_actor, of_actor, 1)
        if self.config.learn_temperature:
            # J = -log α · mean(log π + the target entropy), equation 18
            excess = -(log_prob + self.target_entropy).mean()
            step(self.own["log_temperature"] * excess, [*self.own.values()], [excess.clone()], 2)
        self.follow(actor=False)
        told = {"loss/critic": critic, "loss/actor": actor, "value/mean": mean}
        return {**told, "entropy": -log_prob.mean(), "temperature": alpha}

    @torch.no_grad()
    def targets(self, batch: Transitions[Tensor], alpha: Tensor) -> Tensor:
        """Y = r + γ (what is expected after s' - α log π(a' | s')), a' drawn from π; `(n, 1)`, or more."""
        numbers = self.actor.forward(batch.next_inputs)
        action, log_prob = self.model.draw(numbers, self.noise(batch.action))
        value = self.expected(self.target_critic.forward(torch.cat([batch.next_inputs, action], dim=1)))
        return value.sub_(alpha * log_prob).mul_(batch.discount).add_(batch.reward)

    def expected(self, value: Tensor) -> Tensor:
        """The least of the critics' answers, `(n, 1)`."""
        return value.amin(0)

    def learn_critic(self, x: Tensor, y: Tensor) -> tuple[Tensor, list[Tensor], Tensor]:
        """The critics' loss at inputs and actions `x`, its gradients, and their mean answer."""
        return regress(self.critic, x, y)

    def worth(self, inputs: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        """The mean over the batch of the least Q(s, a), and its gradient in the actions."""
        value = self.critic.forward(torch.cat([inputs, action], dim=1))
        least, which = value.min(0, keepdim=True)
        gradient = torch.zeros_like(value).scatter_(0, which, 1 / len(action))
        return least.mean(), self._in_actions(gradient, inputs)

    def _in_actions(self, gradient: Tensor, inputs: Tensor) -> Tensor:
        _, of_joint = self.critic.backward(gradient, to_inputs=True, to_parameters=False)
        assert of_joint is not None
        return of_joint[:, inputs.shape[1] :]


class SAC(OffPolicy):
    """SAC on any batched environment with bounded actions."""

    learner_class = SACLearner
