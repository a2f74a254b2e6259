"""Hindsight Experience Replay and the multi-goal Fetch and hand tasks: what this plugin offers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from framework import Component, hookimpl
from framework.lazy import lazily

if TYPE_CHECKING:
    from framework_her.actor_critic import ActorCritic
    from framework_her.fetch.env import FetchEnv
    from framework_her.hand.manipulate import ManipulateEnv
    from framework_her.hand.reach import HandReachEnv
    from framework_her.hindsight import Hindsight
    from framework_her.stack.env import StackEnv
    from framework_her.success_rate import SuccessRate

FRAMEWORK_API = 1

#: What plugins that build on this one may import.
__all__ = [
    "ActorCritic",
    "FetchEnv",
    "HandReachEnv",
    "Hindsight",
    "ManipulateEnv",
    "StackEnv",
    "SuccessRate",
]

__getattr__ = lazily(
    __name__,
    {
        "ActorCritic": "actor_critic",
        "FetchEnv": "fetch.env",
        "HandReachEnv": "hand.reach",
        "Hindsight": "hindsight",
        "ManipulateEnv": "hand.manipulate",
        "StackEnv": "stack.env",
        "SuccessRate": "success_rate",
    },
)

_HER = "Andrychowicz et al. 2017, Hindsight Experience Replay"
_MULTI_GOAL = "Plappert et al. 2018, Multi-Goal Reinforcement Learning"
_DEMONSTRATIONS = "Nair et al. 2018, Overcoming Exploration in Reinforcement Learning with Demonstrations"


@hookimpl
def register_environments() -> Iterator[Component]:
    yield Component(
        "fetch_reach",
        "framework_her.fetch.tasks:make_reach",
        parameters="framework_her.fetch.config:FetchConfig",
        doc="Move the gripper of a Fetch arm to a point in the air",
        source=f"{_MULTI_GOAL}, section 1.1",
    )
    yield Component(
        "fetch_push",
        "framework_her.fetch.tasks:make_push",
        parameters="framework_her.fetch.config:FetchConfig",
        doc="Push a block to a point on the table with a closed gripper",
        source=f"{_MULTI_GOAL}, section 1.1",
    )
    yield Component(
        "fetch_slide",
        "framework_her.fetch.tasks:make_slide",
        parameters="framework_her.fetch.config:FetchConfig",
        doc="Hit a puck so that it comes to rest at a point out of reach",
        source=f"{_MULTI_GOAL}, section 1.1",
    )
    yield Component(
        "fetch_pick_and_place",
        "framework_her.fetch.tasks:make_pick_and_place",
        parameters="framework_her.fetch.config:FetchConfig",
        doc="Carry a block to a point on the table or above it",
        source=f"{_MULTI_GOAL}, section 1.1",
    )
    yield Component(
        "hand_reach",
        "framework_her.hand.tasks:make_reach",
        parameters="framework_her.hand.config:HandReachConfig",
        doc="Bring the tips of a Shadow hand's thumb and a finger together",
        source=f"{_MULTI_GOAL}, section 1.2",
    )
    yield Component(
        "hand_block",
        "framework_her.hand.tasks:make_block",
        parameters="framework_her.hand.config:BlockConfig",
        doc="Turn, and move, a block in a Shadow hand",
        source=f"{_MULTI_GOAL}, section 1.2",
    )
    yield Component(
        "hand_egg",
        "framework_her.hand.tasks:make_egg",
        parameters="framework_her.hand.config:EggConfig",
        doc="Turn, and move, an egg in a Shadow hand",
        source=f"{_MULTI_GOAL}, section 1.2",
    )
    yield Component(
        "hand_pen",
        "framework_her.hand.tasks:make_pen",
        parameters="framework_her.hand.config:PenConfig",
        doc="Turn, and move, a pen in a Shadow hand",
        source=f"{_MULTI_GOAL}, section 1.2",
    )
    yield Component(
        "fetch_stack",
        "framework_her.stack.env:make_stack",
        parameters="framework_her.stack.config:StackConfig",
        doc="Pile two to six blocks up into a tower",
        source=f"{_DEMONSTRATIONS}, section VI",
    )
    yield Component(
        "demonstrations",
        "framework_her.demonstrations.produce:Demonstrations",
        parameters="framework_her.demonstrations.config:DemonstrationsConfig",
        doc="Episodes of an expert, scripted or trained, as a dataset with exact states",
        source=f"{_DEMONSTRATIONS}, section VI",
        produces=True,
    )


@hookimpl
def register_models() -> Iterator[Component]:
    yield Component(
        "actor_critic",
        "framework_her.actor_critic:ActorCritic",
        parameters="framework_her.config:ActorCriticConfig",
        doc="Goal-conditioned deterministic policy and action value, with input normalisers",
        source=f"{_HER}, appendix A",
    )


@hookimpl
def register_algorithms() -> Iterator[Component]:
    yield Component(
        "hindsight",
        "framework_her.hindsight:Hindsight",
        parameters="framework_her.config:HindsightConfig",
        doc="Hindsight Experience Replay, with DDPG or another off-policy learner",
        source=f"{_HER}, algorithm 1",
    )
    yield Component(
        "behaviour_cloning",
        "framework_her.demonstrations.cloning:BehaviourCloning",
        parameters="framework_her.demonstrations.config:CloningConfig",
        doc="A policy from demonstrations alone, by least squares",
        source=f"{_DEMONSTRATIONS}, section VI",
    )


@hookimpl
def register_evaluators() -> Iterator[Component]:
    yield Component(
        "success_rate",
        "framework_her.success_rate:SuccessRate",
        parameters="framework_her.config:SuccessRateConfig",
        doc="Share of episodes that end at their goal, and the learning curve",
        source=f"{_HER}, section 4",
        needs=("algorithm", "environment"),
    )
