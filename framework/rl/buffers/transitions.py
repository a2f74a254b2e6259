"""ReplayBuffer: transitions of many environments, drawn one by one or n steps at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import torch
from gymnasium.vector.utils import create_empty_array
from torch import Tensor

from framework.errors import UserError
from framework.rl.advantages import n_step
from framework.rl.batch import Batch
from framework.rl.buffers.memory import require_memory
from framework.rl.trees import Tree, leaves, space_tree, to_tensors, tree_map

_FLAGS = ("terminated", "truncated", "is_first", "is_step")


class ReplayBuffer:
    """The newest transitions of every stream: one environment, or one agent of one.

    Each stream is a ring of rows in the order of time, and each observation takes one row.
    After an episode comes a row that holds its final observation only, and so does the newest
    row of all: what the transition at a row led to is always in the next one, and steps are
    never summed over the end of an episode, nor from new data into old.

    Args:
        observation_space: of one observation; it is kept in the type of its space, bytes as
            bytes, but float64 as float32.
        action_space: of one action, in the policy's units.
        capacity: rows over all streams, about the number of transitions kept.
        streams: environments times agents.
        seed: of what is drawn.
        max_bytes: what the buffer may take; by default what the machine has free now.
        device: where it is kept.

    Raises:
        UserError: it would not fit.
    """

    def __init__(
        self,
        observation_space: gymnasium.Space[Any],
        action_space: gymnasium.Space[Any],
        *,
        capacity: int,
        streams: int,
        seed: int = 0,
        max_bytes: int | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        self.rows, self.streams = max(2, capacity // streams), streams
        shape = (self.rows, streams)
        one: Tree = {
            "observation": to_tensors(create_empty_array(observation_space, 1)),
            "action": tree_map(_in_units, space_tree(action_space)),
            "reward": torch.empty(1),
            **{name: torch.empty(1, dtype=torch.bool) for name in _FLAGS},
        }
        self.nbytes = self.rows * streams * sum(x.nbytes for x in leaves(one))
        require_memory(capacity, self.nbytes, max_bytes)
        make = lambda x: torch.empty(*shape, *x.shape[1:], dtype=x.dtype, device=device)  # noqa: E731
        self.fields: dict[str, Tree] = tree_map(make, one)
        self.fields["is_step"].zero_()
        #: Next row of each stream, counted without wrapping, and whether it holds a running
        #: episode's newest observation.
        self._next = torch.zeros(streams, dtype=torch.int64, device=device)
        self._open = torch.zeros(streams, dtype=torch.bool, device=device)
        self._random = torch.Generator(device).manual_seed(seed)

    def __len__(self) -> int:
        """Transitions that can be drawn."""
        return int(self.fields["is_step"][: self._used].sum())

    def add(self, batch: Batch) -> None:
        """Store a fragment `(T, N)` or `(T, N, agents)`, which goes on where the last one stopped.

        An episode that was left instead counts as truncated there.

        Raises:
            UserError: it is longer than the buffer.
        """
        flat = batch.map(lambda x: x.flatten(1, batch.reward.ndim - 1) if batch.reward.ndim > 2 else x)
        steps, ended = len(flat.reward), flat.ended
        if steps + int(ended.sum(0).max()) + 1 > self.rows:
            raise UserError(
                f"{steps} steps of {self.streams} streams do not fit a replay buffer of {self.rows} rows\n"
                "  for each; give it a larger capacity"
            )
        stream = torch.arange(self.streams, device=self._next.device)
        left = self._open & flat.is_first[0]
        self.fields["truncated"][(self._next - 1) % self.rows, stream] |= left
        self._next += left
        step = torch.ones_like(ended)
        # Each step takes a row, and each end another one below it.
        row = self._next + (step.long() + ended.long()).cumsum(0) - 1 - ended.long()
        here = (row % self.rows, stream.expand_as(row))
        names = ("observation", "action", "reward", *_FLAGS[:3])
        self._write(here, {name: getattr(flat, name) for name in names} | {"is_step": step})
        cut = flat.cut
        after = ((row[cut] + 1) % self.rows, here[1][cut])
        nothing = torch.zeros_like(after[0], dtype=torch.bool)
        blank = {name: tree_map(lambda x: x[cut] * 0, getattr(flat, name)) for name in ("action", "reward")}
        self._write(
            after, {"observation": batch.final_observation, **blank, **dict.fromkeys(_FLAGS, nothing)}
        )
        self._next = row[-1] + 1 + ended[-1].long()
        self._open = ~ended[-1]

    def sample(self, count: int, *, gamma: float, n: int = 1) -> Batch:
        """Draw transitions with replacement, all alike.

        Args:
            count: how many.
            gamma: discount per step.
            n: steps that rewards are summed over; fewer where an episode ends before, or where
                the newest data does.

        Returns:
            A batch `(count,)`: the discounted sum of the rewards, how the last of the steps ended,
            what it led to as `final_observation`, and the `discount` of its value.

        Raises:
            ValueError: nothing was stored yet.
        """
        row, stream = self._draw(count)
        window = (row + torch.arange(n + 1, device=row.device)[:, None]) % self.rows
        cut = ~self.fields["is_step"][window[1:], stream]
        reward = self.fields["reward"][window[:n], stream]
        total, steps = (x[0] for x in n_step(reward, cut, gamma=gamma, n=n))
        last, after = (row + steps - 1) % self.rows, (row + steps) % self.rows
        terminated = self.fields["terminated"][last, stream]
        return Batch(
            observation=self._read("observation", row, stream),
            action=self._read("action", row, stream),
            reward=total,
            terminated=terminated,
            truncated=self.fields["truncated"][last, stream],
            is_first=self.fields["is_first"][row, stream],
            final_observation=self._read("observation", after, stream),
            discount=gamma**steps * ~terminated,
        )

    def state_dict(self) -> dict[str, Any]:
        """What is stored, in views of its memory: save or copy it before the next `add`."""
        return {
            "rows": self.rows,
            "fields": tree_map(lambda x: _alone(x[: self._used]), self.fields),
            "next": self._next,
            "open": self._open,
            "random": self._random.get_state(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from what `state_dict` returned.

        Raises:
            UserError: it was saved by a buffer of another size.
        """
        used, streams = state["fields"]["is_step"].shape
        if (state["rows"], streams) != (self.rows, self.streams):
            raise UserError(
                f"the saved replay buffer has {streams} streams of {state['rows']} rows, this one "
                f"{self.streams} of {self.rows}\n"
                "  give it the capacity and the number of environments it was saved with"
            )
        device = self._next.device
        self._next, self._open = (state[name].to(device, copy=True) for name in ("next", "open"))
        self.fields["is_step"].zero_()
        tree_map(lambda mine, saved: mine[:used].copy_(saved), self.fields, state["fields"])
        self._random.set_state(state["random"].cpu())

    @property
    def _used(self) -> int:
        """Rows that hold anything."""
        return min(self.rows, int((self._next + self._open).max()))

    def _draw(self, count: int) -> tuple[Tensor, Tensor]:
        """Rows and streams of transitions, by drawing until enough are not final observations."""
        is_step = self.fields["is_step"][: self._used].reshape(-1)
        if not len(is_step):
            raise ValueError("the replay buffer is empty")
        found = torch.empty(0, dtype=torch.int64, device=is_step.device)
        while len(found) < count:
            drawn = torch.randint(len(is_step), (2 * count,), generator=self._random, device=is_step.device)
            found = torch.cat([found, drawn[is_step[drawn]]])
        return found[:count] // self.streams, found[:count] % self.streams

    def _write(self, where: tuple[Tensor, Tensor], fields: dict[str, Tree]) -> None:
        def put(held: Tensor, given: Tensor) -> None:
            held[where] = given.to(held.dtype)

        tree_map(put, {name: self.fields[name] for name in fields}, fields)

    def _read(self, name: str, row: Tensor, stream: Tensor) -> Tree:
        return tree_map(lambda x: x[row, stream], self.fields[name])


def _in_units(space: Any) -> Tensor:
    """One action as heads draw it."""
    dtype = torch.float32 if isinstance(space, gymnasium.spaces.Box) else torch.int64
    return torch.empty(1, *space.shape, dtype=dtype)


def _alone(view: Tensor) -> Tensor:
    """A view that is saved without the rest of its memory, where NumPy can make one."""
    return torch.from_numpy(view.numpy()) if view.device.type == "cpu" else view.clone()
