"""Hide and seek between two teams: what this plugin offers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from framework import Component, hookimpl
from framework.lazy import lazily

if TYPE_CHECKING:
    from framework_hide_seek.game import Game

FRAMEWORK_API = 1

#: What plugins that build on this one may import.
__all__ = ["Game"]

__getattr__ = lazily(__name__, {"Game": "game"})

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
