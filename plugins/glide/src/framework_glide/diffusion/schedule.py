"""Noise schedules: how much noise each timestep adds."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from framework.errors import UserError, did_you_mean

Array = NDArray[np.float64]


def linear(steps: int) -> Array:
    """Betas from 1e-4 to 0.02, for 1000 steps (Ho et al. 2020, section 4), shape (steps,).

    For another number of steps both ends are scaled, so that about as much noise is added in all.
    """
    scale = 1000 / steps
    return np.linspace(scale * 1e-4, scale * 0.02, steps, dtype=np.float64)


def squaredcos(steps: int) -> Array:
    """Betas of the squared-cosine signal level, capped at 0.999, shape (steps,).

    Nichol & Dhariwal 2021, section 3.2, equation 17.
    """
    level = [math.cos((i / steps + 0.008) / 1.008 * math.pi / 2) ** 2 for i in range(steps + 1)]
    return np.array([min(1 - after / before, 0.999) for before, after in itertools.pairwise(level)])


SCHEDULES: dict[str, Callable[[int], Array]] = {"linear": linear, "squaredcos_cap_v2": squaredcos}


def betas(schedule: str, steps: int) -> Array:
    """The variance each of `steps` timesteps adds, float64 (steps,), each in (0, 1).

    Args:
        schedule: "squaredcos_cap_v2" (the paper's base model) or "linear" (its upsampler).
        steps: number of timesteps, at least 1.

    Raises:
        UserError: unknown schedule, or a number of steps it cannot have.
    """
    if schedule not in SCHEDULES:
        hint = did_you_mean(schedule, SCHEDULES) or "see the known ones"
        raise UserError(f"schedule: {schedule!r} is not known; {hint}\n  known: {', '.join(SCHEDULES)}")
    if steps < 1:
        raise UserError(
            f"steps: a diffusion of {steps} timesteps does nothing\n  give at least 1 (the paper: 1000)"
        )
    values = SCHEDULES[schedule](steps)
    if values.max() >= 1:
        raise UserError(
            f"steps: {steps} of them are too few for {schedule!r}: one step removes all the signal\n"
            "  give more than 20; a long process can be sampled in fewer steps (see respacing)"
        )
    return values
