"""What the Shadow hand tasks share: the hand and its actions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.sim import Camera, Rows
from framework.sim.engine import mujoco
from framework.sim.shadow_hand import HINGES
from framework_her.goal_config import GoalConfig
from framework_her.goal_env import GoalVectorEnv
from framework_her.hand.model import SUBSTEPS, Hand


class HandEnv(GoalVectorEnv):
    """A batch of Shadow hands.

    Actions are `(num_envs, 20)` in [-1, 1]: the angle of each actuated joint, over the range
    that it can be driven to.

    Args:
        hand: the model and its first state.
        config: how many simulations, and their seed.
        further: numbers in an observation besides angles and speeds of the hinges.
        goal: numbers in a goal.
        options: passed on to `framework.sim.VectorEnv`.
    """

    camera = Camera(lookat=(1.0, 0.96, 0.14), distance=0.5, azimuth=55.0, elevation=-25.0)

    def __init__(self, hand: Hand, config: GoalConfig, *, further: int, goal: int, **options: Any) -> None:
        self.hand = hand
        super().__init__(
            hand.model,
            config,
            observation=2 * HINGES + further,
            goal=goal,
            actions=hand.model.nu,
            substeps=SUBSTEPS,
            # The published tasks observe what MuJoCo derives one substep late.
            stage=mujoco.mjtStage.mjSTAGE_NONE,
            **options,
        )
        low, high = hand.model.actuator_ctrlrange.T
        self._centre, self._half = (high + low) / 2, (high - low) / 2
        self._low, self._high = low, high
        bind = self.batch.bind
        self._qpos, self._qvel, self._ctrl = bind("qpos"), bind("qvel"), bind("ctrl")

    def _act(self, actions: NDArray[np.floating[Any]], rows: Rows) -> None:
        self._ctrl[rows] = np.clip(self._centre + actions * self._half, self._low, self._high)
