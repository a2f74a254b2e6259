"""Domain Randomization and Generative Models for Robotic Grasping: what this plugin offers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from framework import Component, hookimpl
from framework.lazy import lazily

if TYPE_CHECKING:
    from framework_grasp.objects.random import random_solid
    from framework_grasp.objects.solid import Part, Solid
    from framework_grasp.table import load
    from framework_grasp.trials.bench import Bench, try_grasps
    from framework_grasp.trials.trial import Outcomes

FRAMEWORK_API = 1

#: What plugins that build on this one may import.
__all__ = ["Bench", "Outcomes", "Part", "Solid", "load", "random_solid", "try_grasps"]

__getattr__ = lazily(
    __name__,
    {
        "Bench": "trials.bench",
        "Outcomes": "trials.trial",
        "Part": "objects.solid",
        "Solid": "objects.solid",
        "load": "table",
        "random_solid": "objects.random",
        "try_grasps": "trials.bench",
    },
)

_PAPER = "Tobin et al. 2018, Domain Randomization and Generative Models for Robotic Grasping"


@hookimpl
def register_environments() -> Iterator[Component]:
    yield Component(
        "random_objects",
        "framework_grasp.random_objects:RandomObjects",
        parameters="framework_grasp.config:RandomObjectsConfig",
        doc="Invented objects, how they look, and how simulated grasps of them went, as a dataset",
        source=f"{_PAPER}, section III-A",
        produces=True,
    )
