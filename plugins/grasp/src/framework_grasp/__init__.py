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
_PRODUCERS = "framework_grasp.producers"
_PLANNING = "framework_grasp.planning"
_EVALUATION = "framework_grasp.evaluation"


@hookimpl
def register_environments() -> Iterator[Component]:
    yield Component(
        "random_objects",
        f"{_PRODUCERS}:RandomObjects",
        parameters="framework_grasp.config:RandomObjectsConfig",
        doc="Invented objects, how they look, and how simulated grasps of them went, as a dataset",
        source=f"{_PAPER}, section III-A",
        produces=True,
    )
    yield Component(
        "household",
        f"{_PRODUCERS}:make_household",
        parameters="framework_grasp.config:HouseholdConfig",
        doc="The same of realistic objects that the plugin brings: mugs, bottles, tools, boxes",
        produces=True,
    )
    yield Component(
        "meshes",
        f"{_PRODUCERS}:make_meshes",
        parameters="framework_grasp.config:MeshesConfig",
        doc="The same of your own objects, from OBJ and STL files",
        produces=True,
    )
    yield Component(
        "scenes",
        "framework_grasp.learning.scenes:scenes",
        parameters="framework_grasp.learning.scenes:ScenesConfig",
        doc="Scenes with grasps that were tried, some objects held out",
    )


@hookimpl
def register_models() -> Iterator[Component]:
    yield Component(
        "autoregressive_planner",
        f"{_PLANNING}.building:autoregressive",
        parameters=f"{_PLANNING}.config:AutoregressiveConfig",
        doc="Distribution over grasps of what depth views show, one discretised dimension after another",
        source=f"{_PAPER}, section III-C",
    )
    yield Component(
        "mixture_density",
        f"{_PLANNING}.building:mixture",
        parameters=f"{_PLANNING}.config:MixtureConfig",
        doc="Mixture of normal distributions over grasps, to compare with",
        source="Bishop 1994, Mixture Density Networks",
    )
    yield Component(
        "regression",
        f"{_PLANNING}.building:regression",
        parameters=f"{_PLANNING}.config:RegressionConfig",
        doc="One normal distribution over grasps, to compare with",
    )
    yield Component(
        "evaluator",
        f"{_PLANNING}.building:evaluator",
        parameters=f"{_PLANNING}.config:EvaluatorConfig",
        doc="Probability that a grasp succeeds, from an aligned crop of the view from above",
        source=f"{_PAPER}, section III-C",
    )
    yield Component(
        "grasper",
        f"{_PLANNING}.grasper:build",
        parameters=f"{_PLANNING}.config:GrasperConfig",
        doc="A planner, and an evaluator that chooses among what it proposes",
        source=f"{_PAPER}, section III-B",
    )


@hookimpl
def register_algorithms() -> Iterator[Component]:
    yield Component(
        "joint",
        "framework_grasp.learning.joint:GraspTraining",
        parameters="framework_grasp.learning.config:GraspTrainingConfig",
        doc="Maximum likelihood of the grasps that succeeded, and an evaluator that learns from all",
        source=f"{_PAPER}, section III-C",
    )


@hookimpl
def register_evaluators() -> Iterator[Component]:
    yield Component(
        "success",
        f"{_EVALUATION}.success:Success",
        parameters=f"{_EVALUATION}.config:SuccessConfig",
        doc="How often grasps succeed, by method, number of proposals, kind and size of objects",
        source=f"{_PAPER}, section IV",
    )
    yield Component(
        "log_likelihood",
        f"{_EVALUATION}.log_likelihood:LogLikelihood",
        parameters=f"{_EVALUATION}.config:LikelihoodConfig",
        doc="Log-likelihood of successful grasps in scenes that were held out, by planner",
    )
    yield Component(
        "calibration",
        f"{_EVALUATION}.calibration:Calibration",
        parameters=f"{_EVALUATION}.config:CalibrationConfig",
        doc="Whether grasps succeed as often as the evaluator expects",
    )
    yield Component(
        "plan_time",
        f"{_EVALUATION}.plan_time:PlanTime",
        parameters=f"{_EVALUATION}.config:PlanTimeConfig",
        doc="Time of a plan by its number of proposals",
    )
