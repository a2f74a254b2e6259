"""Automatic domain randomization: what this plugin offers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from framework import Component, hookimpl
from framework.lazy import lazily

if TYPE_CHECKING:
    from framework_adr.algorithm import ADR
    from framework_adr.bounds import Bounds
    from framework_adr.puck import PuckEnv

FRAMEWORK_API = 1

#: What plugins that build on this one may import.
__all__ = ["ADR", "Bounds", "PuckEnv"]

__getattr__ = lazily(__name__, {"ADR": "algorithm", "Bounds": "bounds", "PuckEnv": "puck"})

_PAPER = "OpenAI et al. 2019, Solving Rubik's Cube with a Robot Hand"


@hookimpl
def register_environments() -> Iterator[Component]:
    yield Component(
        "puck",
        "framework_adr.puck:make_puck",
        parameters="framework_adr.config:PuckConfig",
        doc="Push a puck from goal to goal, with physics that have to be found out",
        settable="framework_adr.config:PUCK",
    )


@hookimpl
def register_algorithms() -> Iterator[Component]:
    yield Component(
        "adr",
        "framework_adr.algorithm:ADR",
        parameters="framework_adr.config:ADRConfig",
        doc="Automatic domain randomization around another algorithm: ranges widen as it does well",
        source=f"{_PAPER}, section 5 and algorithm 1",
    )


@hookimpl
def register_evaluators() -> Iterator[Component]:
    yield Component(
        "ranges",
        "framework_adr.ranges:Ranges",
        parameters="framework_adr.config:RangesConfig",
        doc="How the ranges widened, a ribbon per parameter, and their entropy",
        source=f"{_PAPER}, section 5",
        needs=("algorithm", "environment"),
    )
