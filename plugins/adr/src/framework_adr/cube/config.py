"""Parameters of the cube in the hand, and of its evaluator; nothing heavy is needed to read them."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Annotated, Literal

from framework import Param
from framework_dex_hand import SETTABLE, HandConfig, SuccessesConfig

#: What can differ between simulations. An exact cube has no `object_size`.
CUBE = (*SETTABLE, "face_damping", "face_friction", "cube_bias", "cube_noise", "faces_bias", "faces_noise")
MISSING = (
    "goals: solve needs kociemba, which is not installed: pip install 'framework-adr[cube]' "
    "(goals: random does without)"
)


@dataclass(frozen=True, kw_only=True)
class CubeConfig(HandConfig):
    """Parameters of a cube in the hand; the defaults are the paper's, but for `control`."""

    cube: Annotated[
        Literal["layered", "exact"],
        Param("how it is simulated: as three layers, which is fast, or as all of its 26 cubelets"),
    ] = "layered"
    goals: Annotated[
        Literal["solve", "random"],
        Param("goals: those on the way to the solved cube; or turns of the upper face and flips at random"),
    ] = "solve"
    scramble: Annotated[int, Param("random moves that an episode starts after", unit="moves", ge=1)] = 25
    face_share: Annotated[
        float, Param("with random goals, share of those that turn the upper face", ge=0, le=1)
    ] = 0.5
    tolerance: Annotated[
        float, Param("tilt of the face that is to be up at which a goal is reached", unit="rad", gt=0)
    ] = 0.4
    face_tolerance: Annotated[
        float,
        Param("norm of the errors of all face angles at which a goal is reached", unit="rad", gt=0, le=0.78),
    ] = 0.2
    max_successes: Annotated[
        int,
        Param("goals after which an episode ends; no solution has more", unit="goals", ge=1),
    ] = 73
    steps_per_goal: Annotated[
        int, Param("time for each goal, after which an episode ends", unit="env steps", ge=1)
    ] = 800
    starts: Annotated[
        int, Param("states at rest in the palm that episodes start from, one at random", ge=1)
    ] = 64

    def __post_init__(self) -> None:
        # Recipes that are judged on ways only, after hours of training, are refused at once.
        if self.goals == "solve" and importlib.util.find_spec("kociemba") is None:
            raise ValueError(MISSING)


@dataclass(frozen=True, kw_only=True)
class SolvesConfig(SuccessesConfig):
    """Parameters of the evaluator."""
