"""Sight: what scenes look like to a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from framework.errors import UserError
from framework_grasp.depth import SIDE
from framework_grasp.planning.camera import Overhead


@dataclass(frozen=True)
class Sight:
    """Views, what they see of the table, and the dimensions of grasps.

    Attributes:
        views: how many; the first is from above.
        size: height and width of each, in pixels.
        span: width of what each sees, m.
        dimensions: of a grasp, 4 or 6.
    """

    views: int
    size: tuple[int, int]
    span: float = SIDE
    dimensions: int = 4

    @property
    def camera(self) -> Overhead:
        """The view from above."""
        return Overhead(self.span)


def sight_of(environment: Any) -> Sight:
    """What the scenes of a dataset look like.

    Args:
        environment: a `DatasetDict` with a split `train` of scenes, as `grasp/random_objects` writes them.

    Raises:
        UserError: it is none.
    """
    try:
        features = environment["train"].features
        views, *size = features["depth"].shape
        dimensions = features["grasps"].shape[1]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UserError(
            "a planner of grasps learns from scenes: depth views with grasps that were tried\n"
            "  environment: {use: grasp/scenes, path: ${output:STAGE}} of a stage of grasp/random_objects"
        ) from error
    return Sight(views, (size[0], size[1]), dimensions=dimensions)
