"""The multi-goal Fetch tasks of Plappert et al. 2018, on batched MuJoCo.

Observations, goals, rewards, thresholds and reset rules are those of gymnasium-robotics'
Fetch environments; only its robot files are used.

Recipes name the tasks `her/fetch_reach` and so on. For other trainers, `register` tells
gymnasium about them:

    import framework_her.fetch
    framework_her.fetch.register()
    env = gymnasium.make("framework_her/FetchPush-v0")
    envs = gymnasium.make_vec("framework_her/FetchPush-v0", num_envs=32)
"""

from __future__ import annotations

#: Tasks by the name in their gymnasium ids.
NAMES = {"Reach": "reach", "Push": "push", "Slide": "slide", "PickAndPlace": "pick_and_place"}


def register() -> None:
    """Register `framework_her/Fetch{Reach,Push,Slide,PickAndPlace}[Dense]-v0` with gymnasium.

    Calling it again changes nothing.
    """
    from framework_her.gymnasium_ids import register_id

    for name, task in NAMES.items():
        for suffix, reward_type in (("", "sparse"), ("Dense", "dense")):
            register_id(f"framework_her/Fetch{name}{suffix}-v0", f"fetch_{task}", 50, reward_type=reward_type)
