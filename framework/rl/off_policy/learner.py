"""Learner: how one minibatch changes a policy and its action values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, NamedTuple, TypeAlias, TypeVar

import torch
from torch import Generator, Tensor, nn
from torch.optim import Adam, Optimizer

from framework.rl.gradients import Pass
from framework.rl.off_policy.model import ActorQ
from framework.rl.targets import polyak_update

#: NumPy arrays or torch tensors.
A = TypeVar("A")


class Transitions(NamedTuple, Generic[A]):
    """Transitions ready to learn from, float32.

    Attributes:
        inputs, next_inputs: of the networks, before and after, `(n, inputs)`.
        action: `(n, actions)`, in [-1, 1].
        reward: `(n, 1)`; over several steps, their discounted sum.
        discount: `(n, 1)`, of the value of what came after: 0 after a terminal state. The time
            limit of an episode ends nothing.
    """

    inputs: A
    next_inputs: A
    action: A
    reward: A
    discount: A


#: Takes gradients of a loss with respect to parameters, `step(loss, parameters, gradients, optimizer)`:
#: one step of that optimiser, counted from 0.
Step: TypeAlias = Callable[[Tensor, Sequence[Tensor], Sequence[Tensor], int], None]


class Learner(ABC):
    """The losses of one algorithm and the order of its steps, with gradients by hand.

    Args:
        model: what learns; it is equipped as the algorithm needs it.
        target: the slowly following copy that values next states.
        config: the parameters.

    Attributes:
        own: what is learned besides the model.
        highest: reward that there can be, where targets are clipped.
    """

    stochastic: ClassVar[bool] = False
    critics: ClassVar[int | None] = 2
    distributional: ClassVar[bool] = False

    def __init__(self, model: ActorQ, target: ActorQ, config: Any) -> None:
        self.model, self.target, self.config = model, target, config
        self.own = nn.ParameterDict()
        self.highest = 0.0
        self.of_actor, self.of_critic = list(model.actor.parameters()), list(model.critic.parameters())
        self.actor, self.critic = Pass(model.actor), Pass(model.critic)
        self.target_actor, self.target_critic = Pass(target.actor), Pass(target.critic)
        self._random = Generator()
        self._followers = [list(target.critic.parameters()), list(target.actor.parameters())]

    def seed(self, seed: int) -> None:
        """Give it a stream of random numbers of its own."""
        self._random.manual_seed(seed)

    def noise(self, like: Tensor) -> Tensor:
        """Standard normal numbers of a shape."""
        return torch.randn(like.shape, generator=self._random).to(like.device)

    def optimizers(self) -> list[Optimizer]:
        """In the order that `update` numbers them."""
        rate = self.config.learning_rate
        return [Adam(group, lr=rate, fused=True) for group in (self.of_critic, self.of_actor)]

    @abstractmethod
    def update(self, batch: Transitions[Tensor], number: int, step: Step) -> dict[str, Tensor]:
        """Learn from one minibatch.

        Args:
            batch: with normalised inputs.
            number: updates before this one.
            step: makes the steps of the optimisers.

        Returns:
            Scalars to be told of it, by the names of metrics.
        """

    def state_dict(self) -> dict[str, Any]:
        """What the next update depends on, besides networks and optimisers."""
        return {"random": self._random.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._random.set_state(state["random"].cpu())

    def follow(self, *, actor: bool = True) -> None:
        """Move the targets: the critics', and the policy's if it has one."""
        polyak_update(self._followers[0], self.of_critic, self.config.tau)
        if actor:
            polyak_update(self._followers[1], self.of_actor, self.config.tau)


def regress(critic: Pass, x: Tensor, y: Tensor) -> tuple[Tensor, list[Tensor], Tensor]:
    """Mean squared errors of all critics, added up, their gradients, and the mean of the answers."""
    value = critic.forward(x)
    error = value - y
    gradients, _ = critic.backward(error * (2 / len(x)))
    return error.square().mean(-2).sum(), gradients, value.mean()
