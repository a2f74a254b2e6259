"""The tasks as `gymnasium.make` and `gymnasium.make_vec` build them, for other trainers.

An id stands for a component of this plugin and values of some of its parameters; more can be
given to `gymnasium.make`.
"""

from __future__ import annotations

from typing import Any

import gymnasium
from gymnasium.vector import AutoresetMode
from numpy.typing import ArrayLike

from framework.sim import SingleEnv
from framework_her import register_environments
from framework_her.goal_env import GoalVectorEnv


def register_id(identifier: str, component: str, steps: int, **parameters: Any) -> None:
    """Tell gymnasium about a task, unless it knows.

    Args:
        identifier: such as "framework_her/FetchPush-v0".
        component: of this plugin, such as "fetch_push".
        steps: length of an episode.
        parameters: of the component.
    """
    if identifier not in gymnasium.registry:
        gymnasium.register(
            identifier,
            entry_point=f"{__name__}:SingleGoalEnv",
            vector_entry_point=f"{__name__}:make_vector",
            max_episode_steps=steps,
            kwargs={"component": component, **parameters},
        )


class SingleGoalEnv(SingleEnv):
    """One simulation of a task, as gymnasium-robotics' `GoalEnv` offers it.

    Args:
        component: of this plugin.
        render_mode: None or "rgb_array".
        **parameters: of the component.
    """

    vector: GoalVectorEnv

    def __init__(self, component: str, render_mode: str | None = None, **parameters: Any) -> None:
        # The time limit is gymnasium's, and without a seed each environment differs.
        options = {"autoreset": AutoresetMode.DISABLED, "max_episode_steps": None, "seed": None}
        vector = _build(component, {"num_envs": 1, "threads": 1, **parameters}, **options)
        super().__init__(vector, render_mode)

    def compute_reward(self, achieved_goal: ArrayLike, desired_goal: ArrayLike, info: Any) -> Any:
        """Reward of one pair of goals `(n,)` or of many `(..., n)`; see `GoalVectorEnv.compute_reward`."""
        return self.vector.compute_reward(achieved_goal, desired_goal, info)

    def compute_terminated(self, achieved_goal: ArrayLike, desired_goal: ArrayLike, info: Any) -> bool:
        """False: the tasks go on until the time limit."""
        return False

    def compute_truncated(self, achieved_goal: ArrayLike, desired_goal: ArrayLike, info: Any) -> bool:
        """False: the time limit is gymnasium's."""
        return False


def make_vector(
    component: str,
    num_envs: int = 1,
    render_mode: str | None = None,
    autoreset: AutoresetMode | str = AutoresetMode.SAME_STEP,
    **parameters: Any,
) -> GoalVectorEnv:
    """Build the batched environment; `parameters` are those of the component."""
    seed = {} if "seed" in parameters else {"seed": None}
    env = _build(component, {"num_envs": num_envs, **parameters}, autoreset=autoreset, **seed)
    env.render_mode = render_mode
    return env


def _build(name: str, parameters: dict[str, Any], **options: Any) -> GoalVectorEnv:
    (component,) = (one for one in register_environments() if one.name == name)
    assert component.parameter_class is not None
    env: GoalVectorEnv = component.builder(component.parameter_class(**parameters), **options)
    return env
