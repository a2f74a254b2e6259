"""How the arm moves while it learns (Andrychowicz et al. 2017, appendix A)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.rl.targets import frozen_copy
from framework_her.actor_critic import ActorCritic

Array = NDArray[Any]


class Exploration:
    """Random actions now and then, noise on all others.

    Acts with a copy of the policy on the CPU, so that it may run beside the learner.

    Args:
        model: whose policy to act with.
        random_action: probability of an action drawn uniformly from [-1, 1].
        noise: standard deviation of the Gaussian noise on the policy's actions.
        seed: of its own generator.
    """

    def __init__(self, model: ActorCritic, random_action: float, noise: float, seed: Any) -> None:
        self.model = frozen_copy(model)
        self.random_action = random_action
        self.noise = noise
        self.random = np.random.default_rng(seed)

    def refresh(self, model: ActorCritic) -> None:
        """Act with the policy and the normaliser as they are now."""
        self.model.load_state_dict(model.state_dict())

    def __call__(self, observation: Mapping[str, Array]) -> Array:
        """Actions `(num_envs, n)` float32 in [-1, 1]."""
        action = self.model.policy(observation)
        noise = self.random.standard_normal(action.shape, np.float32)
        anything = self.random.uniform(-1, 1, action.shape)
        chosen = self.random.random(len(action)) < self.random_action
        return np.where(chosen[:, None], anything, np.clip(action + self.noise * noise, -1, 1)).astype(
            np.float32
        )
