"""How actions stray from the policy while it learns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.random import SeedSequence
from numpy.typing import NDArray

from framework.rl.off_policy.model import ActorQ
from framework.rl.targets import frozen_copy
from framework.rl.trees import Tree, to_tensors

Array = NDArray[Any]


class Exploration:
    """Random actions now and then, noise on all others (Andrychowicz et al. 2017, appendix A).

    Acts with a copy of the policy on the CPU, so that it may run beside the learner. A policy
    that draws its actions is left to draw them.

    Args:
        model: whose policy to act with.
        random_action: probability of an action drawn uniformly from [-1, 1].
        noise: standard deviation of the Gaussian noise on the policy's actions.
        seed: of its own generators.

    Attributes:
        at_random: whether all actions are, for now.
    """

    def __init__(self, model: ActorQ, random_action: float, noise: float, seed: SeedSequence | int) -> None:
        self.model = frozen_copy(model).cpu()
        self.random_action = random_action
        self.noise = noise
        self.at_random = False
        self.random = np.random.default_rng(seed)
        sequence = seed if isinstance(seed, SeedSequence) else SeedSequence(seed)
        self._drawing = torch.Generator().manual_seed(int(sequence.generate_state(1)[0]))

    def refresh(self, model: ActorQ) -> None:
        """Act with the policy and the normaliser as they are now."""
        self.model.load_state_dict(model.state_dict())

    @torch.no_grad()
    def __call__(self, observation: Tree) -> Array:
        """Actions `(num_envs, ...)` float32 in [-1, 1], for arrays of observations."""
        step = self.model.act(to_tensors(observation), generator=self._drawing)
        return self.explore(step.action.numpy())

    def explore(self, action: Array) -> Array:
        """The policy's actions `(num_envs, ...)`, changed."""
        if self.at_random:
            return self.random.uniform(-1, 1, action.shape).astype(np.float32)
        if self.noise == self.random_action == 0:
            return action
        noise = self.random.standard_normal(action.shape, np.float32)
        anything = self.random.uniform(-1, 1, action.shape)
        chosen = self.random.random(len(action)) < self.random_action
        near = np.clip(action + self.noise * noise, -1, 1)
        return np.where(chosen.reshape(-1, *[1] * (action.ndim - 1)), anything, near).astype(np.float32)

    def state_dict(self) -> dict[str, Any]:
        return {"random": self.random.bit_generator.state, "drawing": self._drawing.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.random.bit_generator.state = state["random"]
        self._drawing.set_state(state["drawing"].cpu())
