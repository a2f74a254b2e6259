"""Automatic domain randomization: what this plugin offers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from framework import Component, hookimpl
from framework.lazy import lazily

if TYPE_CHECKING:
    from framework_adr.algorithm import ADR
    from framework_adr.bounds import Bounds
    from framework_adr.cube.env import CubeEnv
    from framework_adr.cube.solves import Solves
    from framework_adr.puck import PuckEnv

FRAMEWORK_API = 1

#: What plugins that build on this one may import.
__all__ = ["ADR", "Bounds", "CubeEnv", "PuckEnv", "Solves"]

__getattr__ = lazily(
    __name__,
    {
        "ADR": "algorithm",
        "Bounds": "bounds",
        "CubeEnv": "cube.env",
        "PuckEnv": "puck",
        "Solves": "cube.solves",
    },
)

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
    yield Component(
        "cube",
        "framework_adr.cube.env:make_cube",
        parameters="framework_adr.cube.config:CubeConfig",
        doc="Solve Rubik's cube in a Shadow hand, by flips and turns of its upper face",
        source=f"{_PAPER}, sections 3 and 6",
        settable="framework_adr.cube.config:CUBE",
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
    yield Component(
        "curriculum",
        "framework_adr.curriculum:Curriculum",
        parameters="framework_adr.config:CurriculumConfig",
        doc="What a policy does in sets of parameters while it trains, over time and by entropy",
        source=f"{_PAPER}, section 5",
        needs=("algorithm", "environment"),
    )
    yield Component(
        "solves",
        "framework_adr.cube.solves:Solves",
        parameters="framework_adr.cube.config:SolvesConfig",
        doc="Goals in a row with the cube, and shares of full and half solves",
        source=f"{_PAPER}, table 6",
        needs=("algorithm", "environment"),
    )
    yield Component(
        "time_per_goal",
        "framework_adr.meta_learning.time_per_goal:TimePerGoal",
        parameters="framework_adr.meta_learning.config:TimePerGoalConfig",
        doc="Steps that each goal takes, and how many more after memory or physics change",
        source=f"{_PAPER}, section 9",
        needs=("algorithm", "environment"),
    )
    yield Component(
        "probe",
        "framework_adr.meta_learning.probe:Probe",
        parameters="framework_adr.meta_learning.config:ProbeConfig",
        doc="How well a small network tells the physics from the policy's hidden state",
        source=f"{_PAPER}, section 9",
        needs=("algorithm", "environment"),
    )
