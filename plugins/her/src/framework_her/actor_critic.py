"""The goal-conditioned actor and critic (Andrychowicz et al. 2017, section 4.1, appendix A)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from framework import load_weights
from framework.errors import UserError
from framework.rl.mlp import mlp
from framework.rl.normalizer import Normalizer
from framework.rl.targets import frozen_copy
from framework_her.config import ActorCriticConfig

Array = NDArray[Any]


class ActorCritic(nn.Module):
    """A deterministic policy π(s, g) and its action value Q(s, g, a), after one normaliser.

    Observation and goal are joined into one input of n = |s| + |g| numbers. Actions are in
    [-1, 1] here, whatever the environment's range.

    Args:
        environment: a batched goal environment: dict observations with `observation` and
            `desired_goal`, and a bounded `Box` of actions.
        config: the parameters.

    Raises:
        UserError: the environment has no goals, or the weights do not fit.
    """

    def __init__(self, environment: Any, config: ActorCriticConfig) -> None:
        super().__init__()
        inputs, actions = goal_space_sizes(environment)
        self.normalizer = Normalizer(inputs, config.normalizer_eps, config.normalizer_clip)
        self.actor = mlp(inputs, config.hidden, actions)
        self.critic = mlp(inputs + actions, config.hidden, 1)
        if config.weights is not None:
            load_weights(self, config.weights)

    def forward(self, inputs: Tensor) -> Tensor:
        """The policy: `(batch, n)` inputs as the environment gives them, `(batch, actions)`."""
        return self.act(self.normalizer(inputs))

    def act(self, normalized: Tensor) -> Tensor:
        """π for inputs that are normalised already."""
        return torch.tanh(self.actor(normalized))

    def value(self, normalized: Tensor, action: Tensor) -> Tensor:
        """Q, `(batch, 1)`, for inputs that are normalised already."""
        return cast(Tensor, self.critic(torch.cat([normalized, action], dim=1)))

    @torch.no_grad()
    def policy(self, observation: Mapping[str, Array]) -> Array:
        """π for a batch of observations, without exploration: `(num_envs, actions)` float32."""
        joined = torch.from_numpy(join(observation["observation"], observation["desired_goal"]))
        return cast(Array, self(joined.to(self.normalizer.mean.device)).cpu().numpy())

    def export_npz(self, path: Path) -> None:
        """Write the policy as plain arrays, for programs without torch.

        `mean`, `std` and `clip` of the normaliser, then `W0`, `b0`, `W1`, ... of the layers:
        `h = clip((x - mean) / std, -clip, clip)`, then `h = relu(W h + b)` for all layers but
        the last, whose answer goes through tanh instead.
        """
        layers = [layer for layer in self.actor if isinstance(layer, nn.Linear)]
        arrays = {"mean": self.normalizer.mean, "std": self.normalizer.std}
        for i, layer in enumerate(layers):
            arrays |= {f"W{i}": layer.weight.detach(), f"b{i}": layer.bias.detach()}
        plain = {name: value.cpu().numpy() for name, value in arrays.items()}
        np.savez(path, allow_pickle=False, clip=np.float32(self.normalizer.clip), **plain)


class Controller(nn.Module):
    """The policy alone, in the environment's own units: what is exported and served.

    Args:
        model: whose policy; it is copied.
        low, high: of the environment's actions, `(actions,)`.
    """

    centre: Tensor
    reach: Tensor

    def __init__(self, model: ActorCritic, low: Array, high: Array) -> None:
        super().__init__()
        self.model = frozen_copy(model).cpu().eval()
        del self.model.critic
        self.register_buffer("centre", torch.as_tensor((high + low) / 2, dtype=torch.float32))
        self.register_buffer("reach", torch.as_tensor((high - low) / 2, dtype=torch.float32))

    def forward(self, observation: Tensor, desired_goal: Tensor) -> Tensor:
        """`(n, |s|)` and `(n, |g|)` float32 to actions `(n, actions)`."""
        action: Tensor = self.model(torch.cat([observation, desired_goal], -1))
        return self.centre + self.reach * action


def join(observation: Array, goal: Array) -> Array:
    """Observation and goal side by side, `(..., n)` float32: the networks' input s || g."""
    return np.concatenate([observation, goal], axis=-1, dtype=np.float32)


def goal_space_sizes(environment: Any) -> tuple[int, int]:
    """Numbers in an input s || g and in an action.

    Raises:
        UserError: the environment has no goals or no bounded vector of actions.
    """
    spaces, actions = environment.single_observation_space, environment.single_action_space
    name = type(environment).__name__
    keys = ("observation", "achieved_goal", "desired_goal")
    if not (isinstance(spaces, gymnasium.spaces.Dict) and all(key in spaces.spaces for key in keys)):
        raise UserError(
            f"{name} is not a goal environment: its observations are {spaces}\n"
            f"  hindsight needs the keys {', '.join(keys)}, as her/fetch_push has them"
        )
    if not (isinstance(actions, gymnasium.spaces.Box) and actions.is_bounded() and len(actions.shape) == 1):
        raise UserError(f"{name} has actions {actions}; a bounded vector (gymnasium.spaces.Box) is needed")
    inputs = sum(int(np.prod(cast("tuple[int, ...]", spaces[key].shape))) for key in (keys[0], keys[2]))
    return inputs, int(actions.shape[0])
