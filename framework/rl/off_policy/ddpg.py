"""Deep deterministic policy gradients (Lillicrap et al. 2015, algorithm 1)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.optim import Adam, Optimizer

from framework.rl.off_policy.base import OffPolicy
from framework.rl.off_policy.learner import Learner, Step, Transitions


class DDPGLearner(Learner):
    """One critic and a deterministic policy, which move in one step.

    The critic's loss is its mean squared error, the policy's the mean of
    -Q(s, π(s)) + action_l2 · mean(π²).
    """

    critics = None

    def optimizers(self) -> list[Optimizer]:
        return [Adam([*self.of_actor, *self.of_critic], lr=self.config.learning_rate, fused=True)]

    @torch.no_grad()
    def targets(self, batch: Transitions[Tensor]) -> Tensor:
        """Y = r + γ Q'(s', π'(s')), `(n, 1)`; clipped, if asked for, to what returns can be."""
        action = self.target_actor.forward(batch.next_inputs).tanh_()
        value = self.target_critic.forward(torch.cat([batch.next_inputs, action], dim=1))
        return clipped(value.mul_(batch.discount).add_(batch.reward), self)

    @torch.no_grad()
    def update(self, batch: Transitions[Tensor], number: int, step: Step) -> dict[str, Tensor]:
        n, inputs, y = len(batch.inputs), batch.inputs, self.targets(batch)
        best = self.actor.forward(inputs).tanh_()
        # One pass values the actions that were taken, in the upper half, and the best ones.
        joint = torch.cat([torch.cat([inputs, batch.action], dim=1), torch.cat([inputs, best], dim=1)])
        value = self.critic.forward(joint)
        error = value[:n] - y
        upper, lower = slice(0, n), slice(n, None)
        # d critic / dQ = 2 (Q - y) / n above; d actor / dQ = -1 / n below, where the critic stands still.
        gradient = torch.cat([error * (2 / n), torch.full_like(error, -1 / n)])
        of_critic, of_joint = self.critic.backward(gradient, upper, to_inputs=True)
        assert of_joint is not None
        of_best = of_joint[lower, inputs.shape[1] :] + penalty(best, self.config.action_l2)
        critic = error.square().mean()
        actor = self.config.action_l2 * best.square().mean() - value[lower].mean()
        told = {"loss/critic": critic, "loss/actor": actor, "value/mean": value[upper].mean()}
        of_best, more = self.guided(of_best, best, batch.action, value[lower] - value[upper])
        # tanh' = 1 - tanh²
        of_actor, _ = self.actor.backward(of_best * (1 - best.square()))
        step(critic + actor, [*self.of_actor, *self.of_critic], [*of_actor, *of_critic], 0)
        self.follow()
        return told | more

    def guided(
        self, of_best: Tensor, best: Tensor, taken: Tensor, advantage: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """What a subclass makes of the gradient of the policy's loss in its actions.

        Args:
            of_best: that gradient, `(n, actions)`.
            best: the policy's actions, `(n, actions)`.
            taken: those of the minibatch, likewise.
            advantage: Q(s, best) - Q(s, taken), `(n, 1)`.

        Returns:
            The gradient to learn by, and further scalars to be told.
        """
        return of_best, {}


def clipped(y: Tensor, learner: Learner) -> Tensor:
    """Targets within [-1 / (1 - γ), highest / (1 - γ)], if that is asked for."""
    config, scale = learner.config, 1 / (1 - learner.config.discount)
    return y.clamp_(-scale, learner.highest * scale) if config.clip_targets else y


def penalty(action: Tensor, weight: float) -> Tensor:
    """The gradient of weight · mean(action²)."""
    return action * (2 * weight / action.numel())


class DDPG(OffPolicy):
    """DDPG on any batched environment with bounded actions."""

    learner_class = DDPGLearner
