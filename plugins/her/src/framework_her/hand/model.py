"""The simulated hand: its model and the first state of an episode."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.sim.engine import mujoco
from framework.sim.shadow_hand import hand_spec, tip_sites

SUBSTEPS = 20


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
    model = hand_spec(file).compile()
    data = mujoco.MjData(model)
    for name, angle in joints:
        data.qpos[model.joint(name).qposadr[0]] = angle
    first = np.empty(mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_INTEGRATION))
    mujoco.mj_getState(model, data, first, mujoco.mjtState.mjSTATE_INTEGRATION)
    mujoco.mj_forward(model, data)
    return Hand(model, first, data.site_xpos[tip_sites(model)], data.body("robot0:palm").xpos.copy())
