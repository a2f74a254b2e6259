"""What can differ between hands with a cube."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from framework.sim import Effect, Field, Floats, ObservationNoise, Parameter, Rows
from framework_adr.cube.cube import Cube
from framework_dex_hand import GROUPS as HAND
from framework_dex_hand import hand_disturbances, hand_parameters, nearest

#: In `policy`: how the cube is turned, and what is left to turn of its faces.
TURNED, FACES = slice(22, 26), slice(26, 32)

#: Names of parameters by group, as `without` leaves them out.
GROUPS = {
    **HAND,
    "physics": (*HAND["physics"], "face_damping", "face_friction"),
    "noise": (*HAND["noise"], "cube_bias", "cube_noise", "faces_bias", "faces_noise"),
}


def cube_parameters(model: Any, cube: type[Cube]) -> list[Parameter]:
    """Parameters of a hand with a cube, each of which leaves it as it is unless set."""
    factor: dict[str, Any] = {"low": 0.05, "high": 20.0, "log": True}
    return [
        *hand_parameters(model, cube.bodies, sized=cube.sized),
        Parameter(
            name="face_damping",
            fields=(Field("dof_damping", cube.joints),),
            doc="damping of the cube's joints, times its own",
            **factor,
        ),
        Parameter(
            name="face_friction",
            fields=(Field("dof_frictionloss", cube.joints),),
            doc="dry friction of the cube's joints, times its own",
            **factor,
        ),
    ]


def cube_disturbances(tips: Callable[[Rows], Floats]) -> list[Effect]:
    """Effects between the hand and its policy: those of a hand, and noise of how the cube is turned.

    Args:
        tips: returns positions of the fingertips, `(k, 5, 3)`; m.
    """
    return [
        *hand_disturbances(lambda rows: nearest(tips(rows))),
        ObservationNoise("cube", "policy", TURNED, rotation=True),
        ObservationNoise("faces", "policy", FACES, unit="rad", high=1.0),
    ]
