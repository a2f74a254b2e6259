"""What collects for off-policy learning: a policy that strays, in an environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.random import SeedSequence

from framework.rl.collect.local import Episode, EpisodeCollector
from framework.rl.collect.rollout import RolloutCollector
from framework.rl.off_policy.exploration import Exploration
from framework.rl.off_policy.model import ActorQ


class Explorer:
    """Collects fragments with an `Exploration`.

    Args:
        environment: a `VectorEnv` with SAME_STEP autoreset.
        model: whose policy to act with.
        streams: of random numbers, for exploration and for the environment.
        random_action, noise: see `Exploration`.
        steps: of every parallel environment, in one chunk.
    """

    def __init__(
        self,
        environment: Any,
        model: ActorQ,
        streams: Sequence[SeedSequence],
        *,
        random_action: float,
        noise: float,
        steps: int,
    ) -> None:
        self.exploration = Exploration(model, random_action, noise, streams[0])
        self.policy, self.steps = self.exploration.model, steps
        self.collector = self.connect(environment, int(streams[1].generate_state(1)[0]))

    @classmethod
    def of_worker(cls, environment: Any, model: ActorQ, seed: int, **options: Any) -> Explorer:
        """One from a single seed."""
        return cls(environment, model, np.random.SeedSequence(seed).spawn(2), **options)

    def connect(self, environment: Any, seed: int) -> Any:
        """Make what steps the environment."""
        explore = lambda action, _: torch.from_numpy(self.exploration.explore(action.numpy()))  # noqa: E731
        return RolloutCollector(environment, self.policy, seed, explore=explore)

    def chunk(self, at_random: bool) -> Any:
        """Take the steps, all `at_random` or not; a fragment and the episodes that ended in it."""
        self.exploration.at_random = at_random
        return self.collector.chunk(self.steps)

    @staticmethod
    def join(chunks: Sequence[Any]) -> Any:
        """Those of several environments as one."""
        return RolloutCollector.join(chunks)

    def state_dict(self) -> dict[str, Any]:
        return {"collector": self.collector.state_dict(), "exploration": self.exploration.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.collector.load_state_dict(state["collector"])
        self.exploration.load_state_dict(state["exploration"])


class EpisodeExplorer(Explorer):
    """Collects whole episodes with an `Exploration`."""

    def connect(self, environment: Any, seed: int) -> EpisodeCollector:
        return EpisodeCollector(environment, seed)

    def chunk(self, at_random: bool) -> list[Episode]:
        """Take the steps, all `at_random` or not; the episodes that ended in them."""
        self.exploration.at_random = at_random
        return self.collector.collect(self.steps, self.exploration)  # type: ignore[no-any-return]

    @staticmethod
    def join(chunks: Sequence[list[Episode]]) -> list[Episode]:
        return [episode for chunk in chunks for episode in chunk]
