"""Twin delayed deep deterministic policy gradients (Fujimoto et al. 2018, algorithm 1)."""

from __future__ import annotations

import torch
from torch import Tensor

from framework.rl.off_policy.base import OffPolicy
from framework.rl.off_policy.ddpg import clipped, penalty
from framework.rl.off_policy.learner import Learner, Step, Transitions, regress


class TD3Learner(Learner):
    """The least of several critics values smoothed target actions; policy and targets move seldom."""

    @torch.no_grad()
    def targets(self, batch: Transitions[Tensor]) -> Tensor:
        """Y = r + γ min Q'(s', clip(π'(s') + clip(ε))), `(n, 1)`."""
        config = self.config
        action = self.target_actor.forward(batch.next_inputs).tanh_()
        noise = self.noise(action).mul_(config.target_noise)
        action.add_(noise.clamp_(-config.target_noise_clip, config.target_noise_clip)).clamp_(-1, 1)
        value = self.target_critic.forward(torch.cat([batch.next_inputs, action], dim=1))
        return clipped(value.amin(0).mul_(batch.discount).add_(batch.reward), self)

    @torch.no_grad()
    def update(self, batch: Transitions[Tensor], number: int, step: Step) -> dict[str, Tensor]:
        y, inputs = self.targets(batch), batch.inputs
        critic, of_critic, mean = regress(self.critic, torch.cat([inputs, batch.action], dim=1), y)
        step(critic, self.of_critic, of_critic, 0)
        told = {"loss/critic": critic, "value/mean": mean}
        if number % self.config.policy_delay:
            return told
        best = self.actor.forward(inputs).tanh_()
        value = self.critic.forward(torch.cat([inputs, best], dim=1))
        # The policy climbs the first critic alone.
        gradient = torch.zeros_like(value)
        gradient[0] = -1 / len(best)
        _, of_joint = self.critic.backward(gradient, to_inputs=True, to_parameters=False)
        assert of_joint is not None
        of_best = of_joint[:, inputs.shape[1] :] + penalty(best, self.config.action_l2)
        of_actor, _ = self.actor.backward(of_best * (1 - best.square()))
        actor = self.config.action_l2 * best.square().mean() - value[0].mean()
        step(actor, self.of_actor, of_actor, 1)
        self.follow()
        return {**told, "loss/actor": actor}


class TD3(OffPolicy):
    """TD3 on any batched environment with bounded actions."""

    learner_class = TD3Learner
