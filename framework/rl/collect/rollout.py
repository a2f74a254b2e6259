"""RolloutCollector: step an environment with a policy, a fragment at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from framework.rl.batch import Batch, State, beside
from framework.rl.collect.watcher import Watcher
from framework.rl.policy import Policy
from framework.rl.selfplay.teams import can_act
from framework.rl.trees import Tree, to_tensors, tree_map
from framework.rl.vector import require_same_step, state_of, warn_if_unsaved

#: A fragment, and return and length of the episodes that ended in it.
Chunk: TypeAlias = tuple[Batch, list[tuple[Any, int]]]

_STATE = ("_seed", "_observation", "_state", "_is_first", "_return", "_length")


class RolloutCollector:
    """Steps one batched environment and hands out fragments, for any buffer and any spaces.

    Episodes go on from one fragment to the next, and so do hidden states.

    Args:
        environment: a `VectorEnv` with SAME_STEP autoreset, and `get_state`/`set_state` if a
            resumed training is to go on the same. With an agent axis its observations and actions
            are `(num_envs, agents, ...)` and its rewards `(num_envs, agents)`; agents start and end together.
        policy: for one agent's spaces; it is called without gradients.
        seed: of the first reset, and of what the policy draws.
        agents: size of the agent axis; None for no such axis.
        sequence_length: hidden states are kept before every so many steps; None for the first
            step only.
        explore: changes the actions before they are taken and stored, drawing from a generator.
        device: where the policy is, and fragments will be.

    Attributes:
        finished: return and length of the episodes that ended in the last fragment, in order; the
            return is that of all agents, `(agents)`, where there is such an axis.
        watcher: who looks on, if anybody.

    Raises:
        UserError: the environment resets in another way.
    """

    def __init__(
        self,
        environment: Any,
        policy: Policy,
        seed: int,
        *,
        agents: int | None = None,
        sequence_length: int | None = None,
        explore: Callable[[Tree, Generator], Tree] | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        require_same_step(environment)
        self.environment, self.policy, self.explore = environment, policy, explore
        self.sequence_length, self.device = sequence_length, device
        self.batch = (environment.num_envs,) if agents is None else (environment.num_envs, agents)
        self.finished: list[tuple[Any, int]] = []
        self.watcher: Watcher | None = None
        self._seed: int | None = seed
        self._random = Generator(device).manual_seed(seed)
        self._observation: Tree = None
        self._state: State = policy.initial_state(*self.batch)
        self._is_first = torch.ones(self.batch, dtype=torch.bool, device=device)
        self._return, self._length = np.zeros(self.batch), np.zeros(environment.num_envs, np.int64)

    @torch.no_grad()
    def collect(self, steps: int) -> Batch:
        """Take so many steps in every environment; returns a fragment `(steps, N)`, or with agents."""
        if self._seed is not None:
            self._observation = to_tensors(self.environment.reset(seed=self._seed)[0], self.device)
            self._seed = None
            warn_if_unsaved(self.environment)
            if self.watcher is not None:
                self.watcher.started()
        self.finished = []
        rows, finals, states = [], [], []
        for t in range(steps):
            if t % (self.sequence_length or steps) == 0:
                states.append(self._state)
            row, final = self._step(last=t == steps - 1)
            rows.append(row)
            finals += final
        batch = Batch(
            **tree_map(lambda *each: torch.stack(each), *rows),
            final_observation=tree_map(lambda *each: torch.cat(each), *finals),
            state_in=tree_map(lambda *each: torch.stack(each), *states),
        )
        if batch.value is None or batch.next_value is None:
            return batch
        # Where nothing ended, a step led to the observation of the next row.
        return replace(batch, next_value=batch.next_value.where(batch.cut, batch.value.roll(-1, 0)))

    def chunk(self, steps: int) -> Chunk:
        """A fragment, and `finished`."""
        return self.collect(steps), self.finished

    @staticmethod
    def join(chunks: Sequence[Chunk]) -> Chunk:
        """Chunks of several environments as one, in their order."""
        batches, finished = zip(*chunks, strict=True)
        return beside(batches), [episode for each in finished for episode in each]

    def _step(self, last: bool) -> tuple[dict[str, Tree], list[Tree]]:
        """One row, and what its steps led to that are cut."""
        observation, is_first, policy = self._observation, self._is_first, self.policy
        able = can_act(self.environment)
        chosen = policy.act(observation, self._state, is_first, generator=self._random)
        self._state = chosen.state
        action = chosen.action if self.explore is None else self.explore(chosen.action, self._random)
        after, reward, *endings, info = self.environment.step(policy.to_environment(action))
        self._observation = to_tensors(after, self.device)
        terminated, truncated = to_tensors(tuple(endings), self.device)
        ended = terminated | truncated
        final, next_value = [], None if chosen.value is None else torch.zeros_like(chosen.value)
        if last or ended.any():
            led_to = self._led_to(info, ended.nonzero().squeeze(1))
            axes = len(self.batch) - 1
            final = [tree_map(lambda x: x[ended | last].flatten(0, axes), led_to)]
            going_on = ~terminated & (truncated | last)
            if next_value is not None and going_on.any():
                value = policy.value(*tree_map(lambda x: x[going_on], (led_to, self._state)))
                assert value is not None
                next_value[going_on] = value
        self._count(reward, ended.cpu().numpy())
        if self.watcher is not None:
            self.watcher.stepped(reward, endings[0], endings[1], info)
        flags = (terminated, truncated, ended)
        every = (-1, *[1] * (len(self.batch) - 1))
        over, cut_off, self._is_first = (flag.reshape(every).expand(self.batch) for flag in flags)
        row = {
            "observation": observation,
            "action": action,
            "reward": torch.as_tensor(reward, dtype=torch.float32, device=self.device),
            "terminated": over,
            "truncated": cut_off,
            "is_first": is_first,
            "log_prob": chosen.log_prob,
        }
        row |= {} if next_value is None else {"value": chosen.value, "next_value": next_value}
        row |= {} if chosen.own is None else {"own": chosen.own}
        row |= {} if able is None else {"can_act": torch.from_numpy(able).to(self.device)}
        return row, final

    def state_dict(self) -> dict[str, Any]:
        """Everything the next steps depend on but the policy, the environment's state included."""
        state = {name: getattr(self, name) for name in _STATE}  # nothing changes them in place
        state |= {} if self.watcher is None else {"watcher": self.watcher.state_dict()}
        return state | {"environment": state_of(self.environment), "random": self._random.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from what `state_dict` returned."""
        self._random.set_state(state["random"].cpu())
        if state["environment"] is None:
            self._seed = int(torch.randint(2**31, (), generator=self._random, device=self.device))
            return
        self.environment.set_state(state["environment"])
        here = lambda x: x.to(self.device) if isinstance(x, Tensor) else x  # noqa: E731
        for name in _STATE:
            setattr(self, name, tree_map(here, state[name]))
        if self.watcher is not None and "watcher" in state:
            self.watcher.load_state_dict(state["watcher"])

    def _led_to(self, info: Mapping[str, Any], ended: Tensor) -> Tree:
        """What the last step led to, before any reset."""
        if not len(ended):
            return self._observation
        final = tree_map(lambda *each: np.stack(each), *(info["final_obs"][i] for i in ended.tolist()))
        put = lambda now, then: now.index_copy(0, ended, then)  # noqa: E731
        return tree_map(put, self._observation, to_tensors(final, self.device))

    def _count(self, reward: Any, ended: NDArray[np.bool_]) -> None:
        ret, length = self._return + reward, self._length + 1
        self.finished += [(ret[i].copy(), int(length[i])) for i in np.flatnonzero(ended)]
        ret[ended], length[ended] = 0, 0
        self._return, self._length = ret, length
