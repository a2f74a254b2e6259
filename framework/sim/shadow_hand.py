"""The Shadow hand that `gymnasium-robotics` ships, to build models with."""

from __future__ import annotations

from typing import Any

from framework.sim.assets import asset_path
from framework.sim.engine import mujoco

#: Hinges of the hand; they come first in `qpos` and `qvel`.
HINGES = 24
#: First, middle, ring and little finger, and thumb.
FINGERS = ("ff", "mf", "rf", "lf", "th")
#: Names of the published touch sensors begin like this.
TOUCH = "robot0:TS_"


def hand_spec(file: str) -> Any:
    """The `MjSpec` of a published task, without the sensors that nobody reads.

    Args:
        file: name of an XML file in gymnasium-robotics' `hand` folder.

    Raises:
        UserError: gymnasium-robotics is not installed.
    """
    path = asset_path("gymnasium_robotics", f"envs/assets/hand/{file}")
    spec = mujoco.MjSpec.from_file(str(path))
    # MuJoCo computes sensors in every physics step; only touch is ever observed.
    for sensor in list(spec.sensors):
        if not sensor.name.startswith(TOUCH):
            spec.delete(sensor)
    return spec


def tip_sites(model: Any) -> list[int]:
    """Indices of the sites at the fingertips, first finger to thumb."""
    return [model.site(f"robot0:S_{finger}tip").id for finger in FINGERS]
