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
