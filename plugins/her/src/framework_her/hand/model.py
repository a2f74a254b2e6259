"""The simulated hand: its model and the first state of an episode."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.sim import asset_path
from framework.sim.engine import mujoco

SUBSTEPS = 20
#: Hinges of the hand; they come first in `qpos` and `qvel`.
HINGES = 24
#: Names of the published touch sensors begin like this.
TOUCH = "robot0:TS_"


@dataclass(frozen=True)
class Hand:
    """A Shadow hand.

    Attributes:
        model: the `MjModel`.
        first: state row (`mjSTATE_INTEGRATION`) that episodes start from.
        tips: positions of the fingertips then, first finger to thumb, `(5, 3)`; m.
        palm: position of the palm then, `(3,)`; m.
    """

    model: Any
    first: NDArray[np.float64]
    tips: NDArray[np.float64]
    palm: NDArray[np.float64]


@cache
def load(file: str, joints: tuple[tuple[str, float], ...] = ()) -> Hand:
    """Load a task's model.

    Args:
        file: name of the XML file in gymnasium-robotics' `hand` folder.
        joints: first angle of some hinges, by name; rad.
    """
    path = asset_path("gymnasium_robotics", f"envs/assets/hand/{file}")
    spec = mujoco.MjSpec.from_file(str(path))
    # MuJoCo computes sensors in every physics step; no task observes others than these.
    for sensor in list(spec.sensors):
        if not sensor.name.startswith(TOUCH):
            spec.delete(sensor)
    model = spec.compile()
    data = mujoco.MjData(model)
    for name, angle in joints:
        data.qpos[model.joint(name).qposadr[0]] = angle
    first = np.empty(mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_INTEGRATION))
    mujoco.mj_getState(model, data, first, mujoco.mjtState.mjSTATE_INTEGRATION)
    mujoco.mj_forward(model, data)
    tips = np.stack([data.site(f"robot0:S_{finger}tip").xpos for finger in FINGERS])
    return Hand(model, first, tips, data.body("robot0:palm").xpos.copy())


#: First, middle, ring and little finger, and thumb.
FINGERS = ("ff", "mf", "rf", "lf", "th")
