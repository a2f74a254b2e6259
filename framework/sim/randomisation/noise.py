"""Gaussian noise of observations and actions, constant in an episode or new in every step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.errors import UserError, did_you_mean
from framework.sim.arrays import Floats, Observation, Rows
from framework.sim.randomisation.effects import Effect
from framework.sim.randomisation.parameters import Parameter
from framework.sim.rotations import from_vector, product

if TYPE_CHECKING:
    from framework.sim.vector_env import VectorEnv


class ObservationNoise(Effect):
    """Noise of some numbers of an observation; rewards are judged without it.

    Parameters, both standard deviations and 0 by nature:

    - `NAME_bias`: of an offset that is drawn for each episode (correlated noise).
    - `NAME_noise`: of what is drawn in each step (uncorrelated noise).

    Args:
        name: how the parameters begin.
        key: of the observation space; "" for one without keys.
        columns: which numbers of the key.
        unit: theirs.
        high: the largest deviation accepted, in that unit.
        shared: noise repeats after so many numbers: 3 moves several points alike. None for never.
        rotation: the numbers are a quaternion, turned by a rotation vector whose three numbers
            have that deviation (rad); its first number keeps its sign.
    """

    def __init__(
        self,
        name: str,
        key: str = "",
        columns: slice = slice(None),
        *,
        unit: str = "",
        high: float = 1.0,
        shared: int | None = None,
        rotation: bool = False,
    ) -> None:
        self._key, self._columns, self._shared, self._rotation = key, columns, shared, rotation
        self._unit, self._high = ("rad", np.pi) if rotation else (unit, high)
        self._bias, self._noise = self.switches = f"{name}_bias", f"{name}_noise"

    def prepare(self, env: VectorEnv) -> Sequence[Parameter]:
        width = observed(env, self._key, self._columns, self._bias)
        if self._rotation and width != 4:
            raise UserError(
                f"{self._bias}: a rotation is a quaternion, but {self._key!r} has {width} numbers here"
            )
        self.normals = 3 if self._rotation else self._shared or width
        if not self._rotation and width % self.normals:
            raise UserError(f"{self._bias}: noise of {self.normals} numbers does not fit {width}")
        self._times = 1 if self._rotation else width // self.normals
        what = f"of {self._key or 'the observation'}; standard deviation"
        common: dict[str, Any] = {"low": 0.0, "high": self._high, "unit": self._unit}
        return (
            Parameter(
                name=self._bias,
                noise="normal",
                count=self.normals,
                doc=f"offset {what}, per episode",
                **common,
            ),
            Parameter(name=self._noise, doc=f"noise {what}, per step", **common),
        )

    def observe(self, observation: Observation, rows: Rows) -> None:
        of = self.randomisation
        bias, noise = of.value(self._bias)[rows, None], of.value(self._noise)[rows, None]
        if not (bias.any() or noise.any()):
            return
        error = bias * of.noise(self._bias)[rows] + noise * self.normal[rows]
        part = observation[self._key][:, self._columns]
        if self._rotation:
            turned = product(part.astype(np.float64), from_vector(error))
            part[...] = turned * np.where(turned[:, :1] * part[:, :1] < 0, -1.0, 1.0)
        else:
            part += np.tile(error, self._times)


class ActionNoise(Effect):
    """Noise of commands: u becomes (1 + a) u + b + c.

    Parameters, all standard deviations in units of the commands and 0 by nature: `action_scale`
    of a and `action_bias` of b, drawn per episode, and `action_noise` of c, drawn per step;
    each number of a command has its own.
    """

    switches = ("action_scale", "action_bias", "action_noise")

    def prepare(self, env: VectorEnv) -> Sequence[Parameter]:
        self.normals = command_width(env)
        each_step: dict[str, Any] = {"low": 0.0, "high": 1.0}
        each_episode = each_step | {"noise": "normal", "count": self.normals}
        what = "; standard deviation"
        return (
            Parameter(name="action_scale", doc=f"share of each action, per episode{what}", **each_episode),
            Parameter(name="action_bias", doc=f"offset of each action, per episode{what}", **each_episode),
            Parameter(name="action_noise", doc=f"noise of each action, per step{what}", **each_step),
        )

    def command(self, commands: Floats, rows: Rows) -> Floats:
        of = self.randomisation
        scale, bias, noise = (of.value(name)[rows, None] for name in self.switches)
        if not (scale.any() or bias.any() or noise.any()):
            return commands
        factor = 1.0 + scale * of.noise("action_scale")[rows]
        return np.asarray(
            factor * commands + bias * of.noise("action_bias")[rows] + noise * self.normal[rows]
        )


def observed(env: VectorEnv, key: str, columns: slice, name: str) -> int:
    """How many numbers of an observation `columns` of a key are.

    Raises:
        UserError: no such key, or none of numbers in a row.
    """
    spaces = env.observed
    if key not in spaces:
        hint = did_you_mean(key, spaces) or f"there are: {', '.join(spaces)}"
        raise UserError(f"{name}: the environment observes no {key!r}\n  {hint}")
    shape, dtype = spaces[key]
    if len(shape) != 1 or dtype.kind != "f":
        raise UserError(f"{name}: {key!r} is {shape} {dtype}; noise and dropouts are of floats in a row")
    width = len(range(*columns.indices(shape[0])))
    if not width:
        raise UserError(f"{name}: {key!r} has {shape[0]} numbers, so none at {columns}")
    return width


def command_width(env: VectorEnv) -> int:
    """How many numbers a command has."""
    shape = env.single_action_space.shape
    if shape is None or len(shape) != 1:
        raise UserError(
            f"noise and delay of actions are for a row of them, not for {env.single_action_space}"
        )
    return int(shape[0])
