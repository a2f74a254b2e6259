"""The goal-conditioned actor and critic (Andrychowicz et al. 2017, section 4.1, appendix A)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray
from torch import nn

from framework.errors import UserError
from framework.rl.off_policy.model import ActorQ
from framework_her.config import ActorCriticConfig

Array = NDArray[Any]


class ActorCritic(ActorQ):
    """A policy π(s, g) and action values Q(s, g, a), after one normaliser.

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
        spaces, actions = environment.single_observation_space, environment.single_action_space
        name = type(environment).__name__
        keys = ("observation", "achieved_goal", "desired_goal")
        if not (isinstance(spaces, gymnasium.spaces.Dict) and all(key in spaces.spaces for key in keys)):
            raise UserError(
                f"{name} is not a goal environment: its observations are {spaces}\n"
                f"  hindsight needs the keys {', '.join(keys)}, as her/fetch_push has them"
            )
        if not (
            isinstance(actions, gymnasium.spaces.Box) and actions.is_bounded() and len(actions.shape) == 1
        ):
            raise UserError(
                f"{name} has actions {actions}; a bounded vector (gymnasium.spaces.Box) is needed"
            )
        super().__init__(environment, config)

    def export_npz(self, path: Path) -> None:
        """Write the policy as plain arrays, for programs without torch.

        `mean`, `std` and `clip` of the normaliser, then `W0`, `b0`, `W1`, ... of the layers:
        `h = clip((x - mean) / std, -clip, clip)`, then `h = relu(W h + b)` for all layers but
        the last, whose answer goes through tanh instead.
        """
        assert self.normalizer is not None
        layers = [layer for layer in self.actor if isinstance(layer, nn.Linear)]
        arrays = {"mean": self.normalizer.mean, "std": self.normalizer.std}
        for i, layer in enumerate(layers):
            arrays |= {f"W{i}": layer.weight.detach(), f"b{i}": layer.bias.detach()}
        for name in (f"W{len(layers) - 1}", f"b{len(layers) - 1}"):
            arrays[name] = arrays[name][: self.actions]  # without the deviations, if it has any
        plain = {name: value.cpu().numpy() for name, value in arrays.items()}
        np.savez(path, allow_pickle=False, clip=np.float32(self.normalizer.clip), **plain)


def join(observation: Array, goal: Array) -> Array:
    """Observation and goal side by side, `(..., n)` float32: the networks' input s || g."""
    return np.concatenate([observation, goal], axis=-1, dtype=np.float32)
