"""A replay buffer of whole episodes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray

from framework.errors import UserError
from framework.rl.buffers.memory import require_memory
from framework.rl.collect.local import Episode
from framework.rl.vector import Array

Index = NDArray[np.int64]


class Sample(NamedTuple):
    """Transitions, by where they are in the buffer's arrays.

    The transition at `row` leads to the observation at `row + 1`.

    Attributes:
        row: `(n,)`, rows of the transitions.
        start, end: `(n,)`, first and last row of their episodes; the last holds the final
            observation only.
        last: `(n,)` bool, whether the transition ended in a terminal state.
    """

    row: Index
    start: Index
    end: Index
    last: NDArray[np.bool_]

    def at(self, index: NDArray[Any]) -> Sample:
        """Some of them."""
        return Sample(self.row[index], self.start[index], self.end[index], self.last[index])


class EpisodeReplay:
    """Whole episodes of any length, one after another in arrays that are allocated once.

    When they are full the oldest episodes make room. An episode of T steps takes T + 1
    rows, so that every observation is stored once.

    Every field keeps the type it comes in: pixels stay a byte each. Memory is `capacity`
    times a step's; for FetchPush (25 observed, 2 goals of 3, 4 actions, 1 reward, all float32)
    144 MB per million transitions. The operating system provides it as it fills.

    Args:
        capacity: rows, about the number of transitions kept.
        row_bytes: what one takes, if it is known before the first.
        max_bytes: what the buffer may take; by default what the machine has free now.

    Raises:
        UserError: it would not fit.

    Attributes:
        fields: the arrays, `(capacity, ...)`, by name; made at the first `add`.
    """

    def __init__(self, capacity: int, row_bytes: int = 0, max_bytes: int | None = None) -> None:
        require_memory(capacity, capacity * row_bytes, max_bytes)
        self.capacity = capacity
        self.fields: dict[str, Array] = {}
        # One line per episode: first row, last row, whether it terminated.
        self._episodes = np.empty((0, 3), np.int64)
        self._weights = np.empty(0, np.float64)
        self._cumulative = np.empty(0, np.float64)
        self._head = 0
        self._used = 0

    @classmethod
    def of(cls, environment: Any, capacity: int) -> EpisodeReplay:
        """One for the episodes that an `EpisodeCollector` of this environment hands out.

        Raises:
            UserError: the machine has no memory for so many.
        """
        space = environment.single_observation_space
        parts = space.spaces.values() if isinstance(space, gymnasium.spaces.Dict) else [space]
        sizes = [(part.shape, part.dtype) for part in (*parts, environment.single_action_space)]
        # float64 is kept as float32, and the reward is one number.
        row = sum(
            math.prod(shape) * min(dtype.itemsize, 4 if dtype.kind == "f" else 8) for shape, dtype in sizes
        )
        return cls(capacity, row + 4)

    def __len__(self) -> int:
        """Transitions in the buffer."""
        return int((self._episodes[:, 1] - self._episodes[:, 0]).sum())

    @property
    def episodes(self) -> int:
        """Episodes in the buffer."""
        return len(self._episodes)

    def __getitem__(self, field: str) -> Array:
        return self.fields[field]

    def add(self, episode: Episode, weight: float = 1.0) -> None:
        """Store an episode.

        Args:
            episode: at least one step long.
            weight: how often its transitions are drawn, relative to those of others; >= 0.

        Raises:
            UserError: it is longer than the buffer.
        """
        rows = len(episode) + 1
        if rows > self.capacity:
            raise UserError(
                f"an episode of {rows - 1} steps does not fit a replay buffer for {self.capacity}\n"
                "  give it a larger capacity"
            )
        if not self.fields:
            self.fields = {
                key: np.empty((self.capacity, *value.shape[1:]), value.dtype)
                for key, value in episode.steps.items()
            }
        start = self._make_room(rows)
        for key, array in self.fields.items():
            array[start : start + rows] = episode.steps[key]
        line = [start, start + rows - 1, int(episode.terminated)]
        self._episodes = np.concatenate([self._episodes, [line]])
        self._weights = np.append(self._weights, weight)
        self._head = start + rows
        self._used = max(self._used, self._head)
        self._cumulative = np.empty(0)

    def sample(self, count: int, random: np.random.Generator) -> Sample:
        """Draw transitions with replacement, each in proportion to its episode's weight.

        Raises:
            ValueError: no episode has ended yet.
        """
        if not len(self._episodes):
            raise ValueError("the replay buffer is empty: no episode has ended yet")
        if not len(self._cumulative):
            self._cumulative = np.cumsum(self._weights * (self._episodes[:, 1] - self._episodes[:, 0]))
        drawn = random.random((2, count))
        chosen = np.searchsorted(self._cumulative, drawn[0] * self._cumulative[-1], side="right")
        # The product may round up to the total itself.
        start, end, terminated = self._episodes[np.minimum(chosen, len(self._episodes) - 1)].T
        row = start + (drawn[1] * (end - start)).astype(np.int64)
        return Sample(row, start, end, (row == end - 1) & (terminated == 1))

    def newest(self, count: int) -> Sample:
        """Every transition of the `count` newest episodes, in order."""
        lines = self._episodes[max(0, len(self._episodes) - count) :]
        length = lines[:, 1] - lines[:, 0]
        start, end, terminated = np.repeat(lines, length, axis=0).T
        step = np.arange(len(start)) - np.repeat(np.cumsum(length) - length, length)
        row = start + step
        return Sample(row, start, end, (row == end - 1) & (terminated == 1))

    def state_dict(self) -> dict[str, Any]:
        """The filled part of the arrays, as tensors that share their memory, and the index.

        Save or copy it before the next `add`.
        """
        return {
            "fields": {key: torch.from_numpy(array[: self._used]) for key, array in self.fields.items()},
            "episodes": self._episodes,
            "weights": self._weights,
            "head": self._head,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from what `state_dict` returned.

        Raises:
            UserError: it holds more than this buffer's capacity.
        """
        saved = {key: value.numpy() for key, value in state["fields"].items()}
        self._used = max((len(array) for array in saved.values()), default=0)
        if self._used > self.capacity:
            raise UserError(
                f"the saved replay buffer has {self._used} rows, this one {self.capacity}\n"
                "  give it the capacity it was saved with"
            )
        self.fields = {}
        for key, array in saved.items():
            self.fields[key] = np.empty((self.capacity, *array.shape[1:]), array.dtype)
            self.fields[key][: self._used] = array
        self._episodes = np.array(state["episodes"])
        self._weights = np.array(state["weights"])
        self._cumulative = np.empty(0)
        self._head = state["head"]

    def _make_room(self, rows: int) -> int:
        """Drop the oldest episodes until `rows` rows in a row are free; return the first."""
        first = self._head
        start, end = self._episodes[:, 0], self._episodes[:, 1]
        gone = np.zeros(len(start), np.bool_)
        if first + rows > self.capacity:
            # What lies between here and the end of the arrays is older than what is at their front.
            gone |= start >= first
            first = 0
        gone |= (start < first + rows) & (end >= first)
        if gone.any():
            self._episodes, self._weights = self._episodes[~gone], self._weights[~gone]
        return first
