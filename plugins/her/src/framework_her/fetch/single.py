"""The tasks as `gymnasium.make` and `gymnasium.make_vec` build them."""

from __future__ import annotations

from typing import Any

from gymnasium.vector import AutoresetMode
from numpy.typing import ArrayLike

from framework.sim import SingleEnv
from framework_her.fetch.config import FetchConfig
from framework_her.fetch.env import FetchEnv
from framework_her.fetch.tasks import TASKS


class FetchGoalEnv(SingleEnv):
    """One Fetch robot with a goal, as gymnasium-robotics' `GoalEnv` offers it.

    Args:
        task: a name in `TASKS`.
        render_mode: None or "rgb_array".
        **parameters: of `FetchConfig`.
    """

    vector: FetchEnv

    def __init__(self, task: str, render_mode: str | None = None, **parameters: Any) -> None:
        config = FetchConfig(num_envs=1, threads=1, **parameters)
        # The time limit is gymnasium's, and without a seed each environment differs.
        vector = FetchEnv(
            TASKS[task], config, autoreset=AutoresetMode.DISABLED, max_episode_steps=None, seed=None
        )
        super().__init__(vector, render_mode)

    def compute_reward(self, achieved_goal: ArrayLike, desired_goal: ArrayLike, info: Any) -> Any:
        """Reward of one pair of goals `(3,)` or of many `(..., 3)`; see `FetchEnv.compute_reward`."""
        return self.vector.compute_reward(achieved_goal, desired_goal, info)

    def compute_terminated(self, achieved_goal: ArrayLike, desired_goal: ArrayLike, info: Any) -> bool:
        """False: the tasks go on until the time limit."""
        return False

    def compute_truncated(self, achieved_goal: ArrayLike, desired_goal: ArrayLike, info: Any) -> bool:
        """False: the time limit is gymnasium's."""
        return False


def make_vector(
    task: str,
    num_envs: int = 1,
    render_mode: str | None = None,
    autoreset: AutoresetMode | str = AutoresetMode.SAME_STEP,
    **parameters: Any,
) -> FetchEnv:
    """Build the batched environment; `parameters` are those of `FetchConfig`."""
    config = FetchConfig(num_envs=num_envs, **parameters)
    seed = {} if "seed" in parameters else {"seed": None}
    env = FetchEnv(TASKS[task], config, autoreset=autoreset, **seed)
    env.render_mode = render_mode
    return env
