"""Builders of the models."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from framework_grasp.planning.autoregressive import AutoregressivePlanner
from framework_grasp.planning.config import (
    AutoregressiveConfig,
    EvaluatorConfig,
    MixtureConfig,
    RegressionConfig,
)
from framework_grasp.planning.evaluator import GraspEvaluator
from framework_grasp.planning.mixture import MixtureDensity
from framework_grasp.planning.sight import sight_of


def autoregressive(environment: Any, config: AutoregressiveConfig) -> AutoregressivePlanner:
    """Builder of `grasp/autoregressive_planner`."""
    return AutoregressivePlanner(sight_of(environment), config)


def mixture(environment: Any, config: MixtureConfig) -> MixtureDensity:
    """Builder of `grasp/mixture_density`."""
    return MixtureDensity(sight_of(environment), config)


def regression(environment: Any, config: RegressionConfig) -> MixtureDensity:
    """Builder of `grasp/regression`: one normal distribution."""
    return MixtureDensity(sight_of(environment), MixtureConfig(components=1, **asdict(config)))


def evaluator(environment: Any, config: EvaluatorConfig) -> GraspEvaluator:
    """Builder of `grasp/evaluator`."""
    return GraspEvaluator(sight_of(environment), config)
