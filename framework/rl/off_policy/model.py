"""The model of off-policy algorithms: a policy and action values Q(s, a) from any observation."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, cast

import gymnasium
import torch
from torch import Tensor, nn

from framework.errors import UserError
from framework.rl.batch import State
from framework.rl.encoders import Encoder, check_groups
from framework.rl.heads import Distribution, box_head
from framework.rl.mlp import Ensemble, mlp
from framework.rl.normalizer import Normalizer
from framework.rl.off_policy.config import ActorQConfig
from framework.rl.policy import Policy
from framework.rl.trees import Tree
from framework.runs.weights import load_weights, read_weights


class ActorQ(Policy):
    """A policy π(s) and one or several action values Q(s, a), each a perceptron of its own.

    Observations are laid out as one vector of n numbers, the networks' inputs. Actions are in
    [-1, 1] here, whatever the environment's range. How many critics there are, of how many
    quantiles, and whether the policy is a distribution is the algorithm's to say: see `equip`.

    Args:
        environment: a batched environment with a bounded `Box` of actions.
        config: the parameters.

    Attributes:
        normalizer: of the inputs; None without.
        actor: inputs to `(batch, actions)`, whose tanh is taken, or `(batch, 2 actions)`: mean and
            log standard deviation of what tanh is taken of.
        critic: inputs and action to `(batch, 1)`, or an `Ensemble`'s `(critics, batch, quantiles)`.

    Raises:
        UserError: actions are of another kind, a named observation is not there, or the weights do
            not fit.
    """

    def __init__(self, environment: Any, config: ActorQConfig) -> None:
        super().__init__()
        space, action = environment.single_observation_space, environment.single_action_space
        if not (isinstance(action, gymnasium.spaces.Box) and action.is_bounded()):
            name = type(environment).__name__
            raise UserError(f"{name} has actions {action}; a bounded Box of actions is needed")
        self.config = config
        if config.observations is not None:
            check_groups(space, {"model": config.observations}, ["model"])
            # In their order: gymnasium sorts the keys of a plain dict.
            space = gymnasium.spaces.Dict(OrderedDict((key, space[key]) for key in config.observations))
        self.encoder = Encoder(space)
        self.observation_space, self.action_space = space, action
        self.inputs, self.actions = self.encoder.features, action.low.size
        clip = (config.normalizer_eps, config.normalizer_clip)
        self.normalizer = Normalizer(self.inputs, *clip) if config.normalize else None
        # Whom it starts from knows what it consists of.
        saved = {} if config.weights is None else read_weights(config.weights, mmap=True)
        of_actor, of_critic = (
            [v for k, v in saved.items() if k.startswith(f"model.{part}.")] for part in _PARTS
        )
        ensemble = bool(of_critic) and of_critic[-1].ndim == 3
        self._make(
            stochastic=bool(of_actor) and len(of_actor[-1]) == 2 * self.actions,
            critics=len(of_critic[-1]) if ensemble else None,
            quantiles=of_critic[-1].shape[-1] if ensemble else 1,
        )
        if config.weights is not None:
            load_weights(self, config.weights)

    def equip(self, *, stochastic: bool, critics: int | None, distributional: bool = False) -> None:
        """Become what an algorithm needs, with new networks if it was something else.

        Args:
            stochastic: whether the policy is a distribution.
            critics: how many, if the configuration does not say; None for a single one, always.
            distributional: whether each critic gives quantiles of the return, rather than its mean.

        Raises:
            UserError: it started from weights that are of something else.
        """
        config = self.config
        number = None if critics is None else config.critics or critics
        needed = (stochastic, number, config.quantiles if distributional else 1)
        if needed == self._made:
            return
        if config.weights is not None:
            raise UserError(
                f"weights: {config.weights} holds {_describe(*self._made)}; "
                f"this algorithm needs {_describe(*needed)}"
            )
        self._make(*needed)

    def _make(self, stochastic: bool, critics: int | None, quantiles: int) -> None:
        hidden, joint = self.config.hidden, self.inputs + self.actions
        self._made = (stochastic, critics, quantiles)
        self.head = box_head(cast(Any, self.action_space), "squashed" if stochastic else "deterministic")
        self.actor = mlp(self.inputs, hidden, self.actions * (2 if stochastic else 1))
        self.critic = (
            mlp(joint, hidden, 1) if critics is None else Ensemble(critics, joint, hidden, quantiles)
        )

    def encode(self, observation: Tree) -> Tensor:
        """Observations as the networks' inputs `(*batch, n)`, not normalised."""
        return cast(Tensor, self.encoder(observation))

    def normalized(self, inputs: Tensor) -> Tensor:
        """Inputs as the networks take them."""
        return inputs if self.normalizer is None else cast(Tensor, self.normalizer(inputs))

    def draw(self, numbers: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Actions, and their log-probabilities `(batch, 1)`, from what the actor answers and normal noise."""
        action, log_prob = self.head(numbers).at(noise)
        return action, log_prob.sum(-1, keepdim=True)

    def mode(self, inputs: Tensor) -> Tensor:
        """π's likeliest action, `(batch, actions)`, for inputs that are normalised already."""
        return cast(Tensor, self.head(self.actor(inputs)).mode)

    def q(self, inputs: Tensor, action: Tensor) -> Tensor:
        """Q as `critic` answers, for inputs that are normalised already."""
        return cast(Tensor, self.critic(torch.cat([inputs, action], dim=-1)))

    # The contract of policies -----------------------------------------------------------------

    def initial_state(self, *batch: int) -> State:
        return {}

    def forward(
        self, observation: Tree, state: State | None = None, is_first: Tensor | None = None
    ) -> tuple[Distribution, Tensor | None, State]:
        inputs = self.normalized(self.encode(observation))
        return Distribution([self.head(self.actor(inputs))], self.action_space), None, {}

    def to_environment(self, action: Tree) -> Tree:
        return self.head.to_environment(action.detach().cpu().numpy())

    @property
    def box(self) -> nn.Module:
        """What actions are drawn by."""
        return self.head

    def drop_critic(self) -> None:
        """Forget the action values."""
        self.critic = nn.Sequential()


_PARTS = ("actor", "critic")


def _describe(stochastic: bool, critics: int | None, quantiles: int) -> str:
    policy = "a policy that draws its actions" if stochastic else "a deterministic policy"
    return (
        f"{policy} and {critics or 1} critics of {quantiles} quantiles"
        if critics
        else f"{policy} and one critic"
    )
