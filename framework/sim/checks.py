"""Refuse what would go wrong silently: spaces, actions and masks of the wrong form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from framework.errors import UserError
from framework.sim.arrays import Flags, Rows


def array_spaces(space: gymnasium.Space[Any]) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
    """Shape and type by key of a Dict space, or by "" of a space of one array.

    Raises:
        UserError: something in it is no array.
    """
    spaces = space.spaces if isinstance(space, gymnasium.spaces.Dict) else {"": space}
    for key, one in spaces.items():
        if one.shape is None or one.dtype is None:
            raise UserError(
                f"observation space{f' {key!r}' * bool(key)} is {one}; observations are arrays, "
                "or one Dict of arrays"
            )
    return {key: (tuple(one.shape or ()), np.dtype(one.dtype)) for key, one in spaces.items()}


class ActionCheck:
    """Brings actions into one form, or refuses them.

    Args:
        space: of a single environment: Box, Discrete or MultiDiscrete.
        agents: names along the first axis of the space, if several act in an environment.

    Raises:
        UserError: another space, or one whose first axis is not the agents'.
    """

    def __init__(self, space: gymnasium.Space[Any], agents: Sequence[str] = ()) -> None:
        spaces = gymnasium.spaces
        if isinstance(space, spaces.Box):
            self.low, self.high = space.low, space.high
        elif isinstance(space, spaces.Discrete):
            self.low, self.high = np.asarray(space.start), space.start + space.n - 1
        elif isinstance(space, spaces.MultiDiscrete):
            self.low, self.high = space.start, space.start + space.nvec - 1
        else:
            raise UserError(f"action space is {space}; actions are a Box, Discrete or MultiDiscrete")
        self.numbers = isinstance(space, spaces.Box)
        self.agents = agents
        if agents and self.low.shape[:1] != (len(agents),):
            raise UserError(
                f"action space is {space}; its first axis is that of the agents, {', '.join(agents)}"
            )

    def __call__(self, actions: Any, num_envs: int, rows: Rows) -> NDArray[Any]:
        """Return actions `(num_envs, ...)` of a Box as floats, clipped; others as they are.

        Raises:
            ValueError: another shape, no numbers, or in these rows a NaN, an infinity or a choice
                that there is not; the message names the environments, and the agents where there are any.
        """
        actions = np.asarray(actions)
        shape = (num_envs, *self.low.shape)
        if actions.shape != shape:
            who = f", then agents {', '.join(self.agents)}" if self.agents else ""
            raise ValueError(f"actions have shape {actions.shape}, expected {shape} (num_envs first{who})")
        if self.numbers:
            if not np.issubdtype(actions.dtype, np.floating):
                actions = actions.astype(np.float64)
            self._refuse(actions, np.isfinite(actions[rows]), rows, "not finite")
            return np.asarray(np.clip(actions, self.low, self.high))
        if actions.dtype.kind not in "iu":
            raise ValueError(f"actions have dtype {actions.dtype}; choices are integers")
        choices: NDArray[Any] = actions
        inside = (self.low <= actions[rows]) & (actions[rows] <= self.high)
        self._refuse(actions, inside, rows, "not within {low} to {high}")
        return choices

    def _refuse(self, actions: NDArray[Any], good: Flags, rows: Rows, what: str) -> None:
        if good.all():
            return
        bad = np.arange(len(actions))[rows][~good.reshape(len(good), -1).all(axis=1)]
        if not self.agents:
            what = what.format(low=self.low, high=self.high)
            raise ValueError(f"actions of environments {bad.tolist()} are {what}: {actions[bad[0]]}")
        row, agent = np.nonzero(~good.reshape(*good.shape[:2], -1).all(axis=2))
        names = [self.agents[i] for i in np.unique(agent)]
        what = what.format(low=self.low[agent[0]], high=self.high[agent[0]])
        first = actions[np.arange(len(actions))[rows][row[0]], agent[0]]
        raise ValueError(f"actions of {', '.join(names)} in environments {bad.tolist()} are {what}: {first}")


def checked_mask(mask: Any, num_envs: int) -> Flags:
    """Return the mask of `reset(options={"reset_mask": mask})`.

    Raises:
        TypeError: not a NumPy array of bool.
        ValueError: another shape than `(num_envs,)`, or nothing chosen.
    """
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
        raise TypeError("options['reset_mask'] must be a NumPy array of bool")
    if mask.shape != (num_envs,):
        raise ValueError(f"options['reset_mask'] has shape {mask.shape}, expected ({num_envs},)")
    if not mask.any():
        raise ValueError("options['reset_mask'] chooses no environment")
    return mask
