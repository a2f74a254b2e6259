"""The losses of deep deterministic policy gradients (section 2.4; Lillicrap et al. 2015)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from framework_her.actor_critic import ActorCritic
from framework_her.gradients import Pass, with_gradients
from framework_her.relabel import Transitions


class Losses(NamedTuple):
    """Of one minibatch; scalars.

    Attributes:
        total: critic + actor, with the gradients of both.
        critic: mean squared error of Q(s, g, a).
        actor: mean of -Q(s, g, π(s, g)) + action_l2 · mean(π²).
        value: mean of Q(s, g, a).
    """

    total: Tensor
    critic: Tensor
    actor: Tensor
    value: Tensor


class Ddpg:
    """Losses of an actor and a critic, with gradients by hand (see `gradients.py`).

    Args:
        model: what learns.
        target: the slowly following copy that values next states.
        discount: γ.
        action_l2: weight of the mean squared action.
        clip: whether targets are clipped to [-1 / (1 - γ), highest / (1 - γ)].
        highest: reward that there can be.
    """

    def __init__(
        self,
        model: ActorCritic,
        target: ActorCritic,
        discount: float,
        action_l2: float,
        clip: bool,
        highest: float = 0.0,
    ) -> None:
        self.discount = discount
        self.action_l2 = action_l2
        self.limits = (-1 / (1 - discount), highest / (1 - discount)) if clip else None
        self.parameters = [*model.actor.parameters(), *model.critic.parameters()]
        self._actor, self._critic = Pass(model.actor), Pass(model.critic)
        self._target_actor, self._target_critic = Pass(target.actor), Pass(target.critic)

    @torch.no_grad()
    def targets(self, batch: Transitions[Tensor]) -> Tensor:
        """Y = r + γ Q'(s', g, π'(s', g)), `(n, 1)`; clipped to what returns can be."""
        action = self._target_actor.forward(batch.next_inputs).tanh_()
        value = self._target_critic.forward(torch.cat([batch.next_inputs, action], dim=1))
        y = value.mul_(batch.going_on).mul_(self.discount).add_(batch.reward)
        return y.clamp_(*self.limits) if self.limits else y

    @torch.no_grad()
    def __call__(self, batch: Transitions[Tensor]) -> Losses:
        """Losses for `n` transitions with normalised inputs."""
        n, inputs, y = len(batch.inputs), batch.inputs, self.targets(batch)
        best = self._actor.forward(inputs).tanh_()
        # One pass values the actions that were taken, in the upper half, and the best ones.
        joint = torch.cat([torch.cat([inputs, batch.action], dim=1), torch.cat([inputs, best], dim=1)])
        value = self._critic.forward(joint)
        error = value[:n] - y
        upper, lower = slice(0, n), slice(n, None)
        # d critic / dQ = 2 (Q - y) / n above; d actor / dQ = -1 / n below, where the critic stands still.
        gradient = torch.cat([error * (2 / n), torch.full_like(error, -1 / n)])
        of_critic, of_joint = self._critic.backward(gradient, upper, to_inputs=True)
        assert of_joint is not None
        of_best = of_joint[lower, inputs.shape[1] :] + best * (2 * self.action_l2 / best.numel())
        # tanh' = 1 - tanh²
        of_actor, _ = self._actor.backward(of_best * (1 - best.square()))
        critic = error.square().mean()
        actor = self.action_l2 * best.square().mean() - value[lower].mean()
        with torch.enable_grad():
            total = with_gradients(critic + actor, self.parameters, [*of_actor, *of_critic])
        return Losses(total, critic, actor, value[upper].mean())
