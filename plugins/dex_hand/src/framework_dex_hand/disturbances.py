"""What a simulated hand does not do by itself: noise, delays, slack, lost markers, pushes (appendix C)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from framework.sim import (
    ActionDelay,
    ActionNoise,
    Adversary,
    Backlash,
    Dropout,
    Effect,
    Floats,
    ObservationNoise,
    RandomForces,
    Rows,
    Stuck,
    TimestepJitter,
)

#: In `policy`: positions of fingertips and object, and the rotation that is left.
TIPS, OBJECT, LEFT = slice(0, 15), slice(15, 18), slice(18, 22)
#: How much, for how long, takes the slack of an actuator from its middle to its end; rad s. The authors
#: measured 0.014 to 0.29, by actuator and direction.
SLACK = 0.05


def hand_disturbances(apart: Callable[[Rows], Floats]) -> list[Effect]:
    """Effects between a hand and its policy, in the order in which they act.

    Args:
        apart: returns how far each fingertip is from the nearest other one, `(k, 5)`; m.
    """
    return [
        Adversary(),
        ActionNoise(),
        ActionDelay(),
        Stuck(),
        Backlash(SLACK),
        RandomForces("object"),
        TimestepJitter(),
        ObservationNoise("fingertips", "policy", TIPS, unit="m", high=0.1),
        ObservationNoise("object", "policy", OBJECT, unit="m", high=0.1),
        ObservationNoise("rotation", "policy", LEFT, rotation=True),
        # Where the marker at the base is taken to be moves all positions alike.
        ObservationNoise("base_marker", "policy", slice(0, 18), unit="m", high=0.1, shared=3),
        Dropout("fingertips", "policy", TIPS, distance=apart),
    ]


def nearest(tips: Floats) -> Floats:
    """How far points `(k, n, 3)` are from the nearest other one: `(k, n)`."""
    n = tips.shape[1]
    distance = np.linalg.norm(tips[:, :, None] - tips[:, None], axis=-1)
    distance[:, np.arange(n), np.arange(n)] = np.inf
    return np.asarray(distance.min(axis=2))
