"""The tasks for other trainers, by gymnasium ids.

import framework_dex_hand
framework_dex_hand.register()
env = gymnasium.make("framework_dex_hand/BlockRotateZ-v0")
envs = gymnasium.make_vec("framework_dex_hand/BlockRotateZ-v0", num_envs=64)
"""

from __future__ import annotations

from framework.sim.ids import register_id
from framework_dex_hand.config import ReorientConfig

#: Goals by their names in ids, and objects.
GOALS = {"Z": "z", "Parallel": "parallel", "Full": "full"}
OBJECTS = ("block", "prism", "sphere")


def register() -> None:
    """Register `framework_dex_hand/{Block,Prism,Sphere}Rotate{Z,Parallel,Full}-v0` with gymnasium.

    A sphere has no `RotateParallel`. Calling it again changes nothing.
    """
    steps = ReorientConfig.max_successes * ReorientConfig.steps_per_goal
    for thing in OBJECTS:
        for name, goal in GOALS.items():
            if (thing, goal) != ("sphere", "parallel"):
                identifier = f"framework_dex_hand/{thing.title()}Rotate{name}-v0"
                register_id(
                    identifier, "reorient", steps, plugin="framework_dex_hand", object=thing, goal=goal
                )
