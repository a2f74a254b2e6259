"""Hide and seek between two teams: what this plugin offers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from framework import Component, hookimpl
from framework.lazy import lazily

if TYPE_CHECKING:
    from framework_hide_seek.game import Game
    from framework_hide_seek.released.network import load_released

FRAMEWORK_API = 1

#: What plugins that build on this one may import.
__all__ = ["Game", "load_released"]

__getattr__ = lazily(__name__, {"Game": "game", "load_released": "released.network"})

_PAPER = "Baker et al. 2019, Emergent Tool Use From Multi-Agent Autocurricula"


@hookimpl
def register_environments() -> Iterator[Component]:
    yield Component(
        "game",
        "framework_hide_seek.game:make_game",
        parameters="framework_hide_seek.config:GameConfig",
        doc="Hide and seek between two teams, with boxes and ramps to move, to lock and to climb",
        source=f"{_PAPER}, section 3 and appendix A",
    )
    for name, module, config, doc in (
        ("lock_and_return", "locking", "LockAndReturn", "Find a box in one of six rooms, lock it and return"),
        (
            "sequential_lock",
            "locking",
            "SequentialLock",
            "Lock boxes in three rooms without doors, in an order that has to be found out",
        ),
        ("blueprint", "blueprint", "Blueprint", "Put boxes where a blueprint wants them"),
        ("shelter", "shelter", "Shelter", "Hide a cylinder behind boxes from all sides"),
        (
            "object_counting",
            "counting",
            "ObjectCounting",
            "Boxes go out of sight to one side or the other, before an agent that cannot move",
        ),
    ):
        yield Component(
            name,
            f"framework_hide_seek.tasks.{module}:make_{name}",
            parameters=f"framework_hide_seek.tasks.config:{config}Config",
            doc=doc,
            source=f"{_PAPER}, section 6.2",
        )


@hookimpl
def register_models() -> Iterator[Component]:
    yield Component(
        "entities",
        "framework_hide_seek.model.policy:make_policy",
        parameters="framework_hide_seek.model.config:EntitiesConfig",
        doc="Actors that attend to what they see, and critics that know all, with memories",
        source=f"{_PAPER}, appendix B",
    )


@hookimpl
def register_algorithms() -> Iterator[Component]:
    yield Component(
        "counter",
        "framework_hide_seek.tasks.counter:Counter",
        parameters="framework_hide_seek.tasks.config:CounterConfig",
        doc="Learns to count out of the memory of a policy that stays as it is",
        source=f"{_PAPER}, section 6.2",
    )


@hookimpl
def register_evaluators() -> Iterator[Component]:
    yield Component(
        "strategies",
        "framework_hide_seek.evaluation.strategies:Strategies",
        parameters="framework_hide_seek.evaluation.config:StrategiesConfig",
        doc="What hiders earn, how often they are seen, what is moved, locked, blocked before seekers come",
        source=f"{_PAPER}, section 5",
        needs=("algorithm", "environment"),
    )
    yield Component(
        "cross_play",
        "framework_hide_seek.evaluation.cross_play:CrossPlay",
        parameters="framework_hide_seek.evaluation.config:CrossPlayConfig",
        doc="Teams of several times against each other and against chance: a matrix, and ratings",
        source=f"{_PAPER}, section 5",
        needs=("algorithm", "environment"),
    )
    yield Component(
        "counted",
        "framework_hide_seek.tasks.counted:Counted",
        parameters="framework_hide_seek.tasks.config:CountedConfig",
        doc="How well boxes are counted that went out of sight",
        source=f"{_PAPER}, section 6.2",
        needs=("algorithm", "environment"),
    )
