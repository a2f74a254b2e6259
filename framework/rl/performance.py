"""How well an episode went, measured while it is played."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.errors import UserError
from framework.rl.vector import final_info

#: Measured over the whole episode; anything else is read off its last step.
COUNTED = ("return", "goals")


class Performance:
    """Measures the episodes that a batch of simulations plays.

    Args:
        name: `return`, undiscounted, of all agents together; `goals`, in how many steps info has
            `is_success`; `success`, whether it was so in the last; or the last step's entry of that name.
        num_envs: simulations.
    """

    def __init__(self, name: str, num_envs: int) -> None:
        self.name = name
        self.sums = np.zeros(num_envs)
        self._unknown = np.full(num_envs, np.nan)

    def stepped(self, reward: Any, info: Mapping[str, Any], ended: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Take one step; returns the performance of each episode that ended, `(ended.sum(),)`.

        Args:
            reward: `(num_envs,)`, or with an axis of agents behind.
            info: as `step` returned it.
            ended: `(num_envs,)`.

        Raises:
            UserError: info does not have what is measured.
        """
        if self.name in COUNTED:
            if self.name == "return":
                self.sums += np.asarray(reward).reshape(len(self.sums), -1).sum(axis=1)
            else:
                reached = self._read("is_success", info)
                # Not all may say, where these are no flags.
                self.sums += reached if reached.dtype.kind == "b" else np.nan_to_num(reached)
        if not ended.any():
            return self._unknown[:0]
        if self.name in COUNTED:
            found = self.sums[ended]
            self.sums[ended] = 0.0
            return found
        key = "is_success" if self.name == "success" else self.name
        return np.asarray(self._read(key, info)[ended], np.float64)

    def _read(self, key: str, info: Mapping[str, Any]) -> NDArray[Any]:
        values = final_info(key, info, self._unknown)
        if values.dtype.kind == "f" and np.isnan(values).all():
            known = sorted(name for name in info if not name.startswith(("_", "final_")))
            raise UserError(
                f"performance: {self.name} needs {key!r} in info, where the environment has "
                f"{', '.join(known) or 'nothing'}\n  measure one of these, or performance: return"
            )
        return values
