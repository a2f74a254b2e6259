"""The tasks as `gymnasium.make` and `gymnasium.make_vec` build them, for other trainers."""

from __future__ import annotations

from functools import partial
from typing import Any

from numpy.typing import ArrayLike

from framework.sim import ids
from framework_her.goal_env import GoalVectorEnv


class SingleGoalEnv(ids.ComponentEnv):
    """One simulation of a task, as gymnasium-robotics' `GoalEnv` offers it; see `ComponentEnv`."""

    vector: GoalVectorEnv

    def compute_reward(self, achieved_goal: ArrayLike, desired_goal: ArrayLike, info: Any) -> Any:
        """Reward of one pair of goals `(n,)` or of many `(..., n)`; see `GoalVectorEnv.compute_reward`."""
        return self.vector.compute_reward(achieved_goal, desired_goal, info)

    def compute_terminated(self, achieved_goal: ArrayLike, desired_goal: ArrayLike, info: Any) -> bool:
        """False: the tasks go on until the time limit."""
        return False

    def compute_truncated(self, achieved_goal: ArrayLike, desired_goal: ArrayLike, info: Any) -> bool:
        """False: the time limit is gymnasium's."""
        return False


#: Tells gymnasium about a task: identifier, component of this plugin, steps of an episode, parameters.
register_id = partial(ids.register_id, plugin="framework_her", single=f"{__name__}:SingleGoalEnv")
