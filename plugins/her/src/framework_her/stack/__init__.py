"""Block stacking (Nair et al. 2018): 2 to 6 blocks into a tower, with the Fetch arm.

import framework_her.stack
framework_her.stack.register()
env = gymnasium.make("framework_her/FetchStack2-v0")
"""

from __future__ import annotations

#: Suffixes of the gymnasium ids by reward.
REWARDS = {"": "sparse", "Step": "step", "Dense": "dense"}
#: How many blocks a tower can have.
BLOCKS = range(2, 7)


def register() -> None:
    """Register `framework_her/FetchStack{2..6}{,Step,Dense}-v0` with gymnasium.

    Calling it again changes nothing.
    """
    from framework_her.gymnasium_ids import register_id
    from framework_her.stack.config import STEPS_PER_BLOCK

    for blocks in BLOCKS:
        for suffix, reward_type in REWARDS.items():
            identifier = f"framework_her/FetchStack{blocks}{suffix}-v0"
            steps = STEPS_PER_BLOCK * blocks
            register_id(identifier, "fetch_stack", steps, blocks=blocks, reward_type=reward_type)
