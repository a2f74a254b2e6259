"""The multi-goal Shadow hand tasks of Plappert et al. 2018 (section 1.2), on batched MuJoCo.

Observations, goals, rewards, thresholds and reset rules are those of gymnasium-robotics' hand
environments, with and without touch sensors (Melnik et al. 2021); only its robot files are used.

    import framework_her.hand
    framework_her.hand.register()
    env = gymnasium.make("framework_her/HandManipulateBlockRotateZ-v1")
"""

from __future__ import annotations

#: Tasks of each object by the names in their gymnasium ids.
OBJECTS = {
    "Block": {
        "RotateZ": "rotate_z",
        "RotateParallel": "rotate_parallel",
        "RotateXYZ": "rotate_xyz",
        "Full": "full",
    },
    "Egg": {"Rotate": "rotate", "Full": "full"},
    "Pen": {"Rotate": "rotate", "Full": "full"},
}
TOUCH = {"": "none", "_BooleanTouchSensors": "boolean", "_ContinuousTouchSensors": "continuous"}
REWARDS = {"": "sparse", "Dense": "dense"}
#: How rotations are compared, by the version of an id.
VERSIONS = {"v0": "published", "v1": "shortest"}


def register() -> None:
    """Register the hand tasks with gymnasium; calling it again changes nothing.

    `framework_her/HandReach{,Dense}-v0`, and
    `framework_her/HandManipulate{Block,Egg,Pen}{task}{touch sensors}{,Dense}-{v0,v1}`, where v0
    rewards as the published classes do and v1 without their fault: see `ManipulateEnv`.
    """
    from framework_her.gymnasium_ids import register_id

    for dense, reward_type in REWARDS.items():
        register_id(f"framework_her/HandReach{dense}-v0", "hand_reach", 50, reward_type=reward_type)
        for thing, tasks in OBJECTS.items():
            for name, task in tasks.items():
                for sensors, touch in TOUCH.items():
                    # The published ids do not say Full where they say what is felt.
                    full = f"{thing}{name.removesuffix('Full') if sensors else name}{sensors}{dense}"
                    for version, angle in VERSIONS.items():
                        register_id(
                            f"framework_her/HandManipulate{full}-{version}",
                            f"hand_{thing.lower()}",
                            100,
                            task=task,
                            touch=touch,
                            reward_type=reward_type,
                            rotation_distance=angle,
                        )
