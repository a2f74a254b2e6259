"""Counter: a classifier that reads out of a policy's memory what this has not been trained to tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from framework.errors import UserError
from framework.rl.acting import Plays
from framework.rl.cycle import CycleAlgorithm
from framework.rl.memory import Memory
from framework.rl.policy import ActorCritic, Player, Policy
from framework.rl.vector import final_info
from framework_hide_seek.tasks.config import CounterConfig
from framework_hide_seek.tasks.counting import ObjectCounting


class Counter(Plays, CycleAlgorithm):
    """Learns how many boxes went to the right from what an LSTM puts out when an episode ends.

    The policy stays as it is: one linear layer on its memory is all that learns. A round is one episode in
    every environment; after it all episodes so far are gone through.

    Args:
        environment: `hide_seek/object_counting`.
        model: a policy with a memory.
        config: the parameters.

    Attributes:
        head: from the memory to one number for each count, 0 to all boxes.

    Raises:
        UserError: it is another environment, or the policy has no memory.
    """

    shown = ("episodes", "train/accuracy")

    def __init__(self, environment: Any, model: ActorCritic, config: CounterConfig) -> None:
        if not isinstance(environment, ObjectCounting):
            raise UserError(
                f"{type(environment).__name__} has nothing to count: use hide_seek/object_counting"
            )
        super().__init__(
            budget=config.budget,
            env_steps_per_cycle=environment.num_envs * environment.steps,
            updates_per_cycle=1,  # at least; the more there is to go through, the more
        )
        memory = model.trunks["actor"].memory
        if memory is None:
            raise UserError("this policy has no memory to read: use hide_seek/entities")
        self.config, self.environment, self.model = config, environment, model
        self.agents = 1
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        assert isinstance(memory, Memory)
        self.units = memory.features
        self.head = nn.Linear(self.units, environment.scene.boxes + 1)
        self._order = torch.Generator().manual_seed(config.seed)
        self._observation: Any = None
        self._memories = torch.zeros(0, self.units)
        self._counts = torch.zeros(0, dtype=torch.int64)

    @property
    def policy(self) -> Policy:  # type: ignore[override]
        """What looks on."""
        return self.model

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.head.parameters(), lr=self.config.learning_rate)

    def forward(self, memories: Tensor) -> Tensor:
        """Memories `(n, units)` to logits of each count, `(n, boxes + 1)`."""
        return self.head(memories)  # type: ignore[no-any-return]

    # One cycle ----------------------------------------------------------------------------

    def collect(self) -> tuple[Tensor, Tensor]:
        if self._observation is None:
            self._observation, _ = self.environment.reset(seed=self.config.seed)
        memories, counts, self._observation = self.look_on(self.environment, self._observation)
        return memories, counts

    def look_on(self, environment: ObjectCounting, observation: Any) -> tuple[Tensor, Tensor, Any]:
        """Look on for one episode, which begins in every environment.

        Args:
            environment: whose episodes these are.
            observation: the first ones.

        Returns:
            What the memory put out last, `(num_envs, units)`; how many boxes went to the right,
            `(num_envs)`; and the first observations of the next episode.
        """
        player = Player(self.policy, 1)
        for _ in range(environment.steps):
            observation, _, _, truncated, info = environment.step(player(observation))
        assert truncated.all()
        assert player.state is not None
        memories = player.state["actor"][:, 0, : self.units].cpu()
        counts = final_info("count", info, np.zeros(environment.num_envs))
        return memories, torch.from_numpy(np.asarray(counts, np.int64)), observation

    def absorb(self, experience: tuple[Tensor, Tensor]) -> Mapping[str, float]:
        memories, counts = experience
        with torch.no_grad():
            told = self(memories.to(self.device)).argmax(1).cpu()
        self._memories = torch.cat([self._memories, memories])
        self._counts = torch.cat([self._counts, counts])
        self.counters.episodes += len(counts) * self.processes
        # Of episodes that it has not yet learnt from.
        return {"train/accuracy": float((told == counts).float().mean())}

    def learn(self) -> Mapping[str, float | Tensor]:
        (optimizer,) = self.each_optimizer()
        losses = []
        for _ in range(self.config.epochs):
            order = torch.randperm(len(self._counts), generator=self._order)
            for first in range(0, len(order), self.config.batch_size):
                part = order[first : first + self.config.batch_size]
                memories, counts = (x[part].to(self.device) for x in (self._memories, self._counts))
                loss = cross_entropy(self(memories), counts)
                self.optimise(loss, optimizer)
                losses.append(loss.detach())
        return {"loss/count": torch.stack(losses).mean()}

    def cycle_state(self) -> dict[str, Any]:
        return {
            "memories": self._memories,
            "counts": self._counts,
            "order": self._order.get_state(),
            "observation": self._observation,
            "environment": self.environment.get_state(),
        }

    def load_cycle_state(self, state: dict[str, Any]) -> None:
        self._memories, self._counts = state["memories"], state["counts"]
        self._order.set_state(state["order"].cpu())
        self._observation = state["observation"]
        self.environment.set_state(state["environment"])


def told(algorithm: Counter, environment: ObjectCounting, episodes: int, seed: int) -> NDArray[np.int64]:
    """What a classifier says of episodes that it has not learnt from, and what is true.

    Args:
        algorithm: the classifier.
        environment: is reset.
        episodes: how many.
        seed: of the episodes.

    Returns:
        True counts and what was said, `(2, episodes)`.
    """
    found: list[Tensor] = []
    observation, _ = environment.reset(seed=seed)
    while sum(part.shape[1] for part in found) < episodes:
        memories, counts, observation = algorithm.look_on(environment, observation)
        with torch.no_grad():
            said = algorithm(memories.to(algorithm.device)).argmax(1).cpu()
        found.append(torch.stack([counts, said]))
    return np.asarray(torch.cat(found, 1)[:, :episodes].numpy(), np.int64)
