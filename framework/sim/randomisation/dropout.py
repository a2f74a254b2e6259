"""Markers that are not seen for a while."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.errors import UserError
from framework.sim.arrays import Floats, Ids, Observation, Rows
from framework.sim.randomisation.effects import Effect
from framework.sim.randomisation.noise import observed
from framework.sim.randomisation.parameters import Parameter

if TYPE_CHECKING:
    from framework.sim.vector_env import VectorEnv


class Dropout(Effect):
    """An observation keeps its last value while a marker is not seen; the first of an episode always is.

    Parameters: `NAME_dropout`, how often in a second a marker that is seen is lost, 0 by nature;
    `NAME_dropout_time`, for how long, 1 s by nature; and with `distance` `NAME_occlusion`, how
    near something hides it, 0 by nature.

    After noise it repeats the last reading, noise and all; before it, only what was there.

    Args:
        name: how the parameters begin.
        key: of the observation space; "" for one without keys.
        columns: which numbers of the key.
        size: numbers of a marker, each of which is lost by itself.
        distance: returns for some environments how far each marker is from what could hide it,
            `(k, markers)`; m.
    """

    def __init__(
        self,
        name: str,
        key: str = "",
        columns: slice = slice(None),
        *,
        size: int = 3,
        distance: Callable[[Rows], Floats] | None = None,
    ) -> None:
        self._name, self._key, self._columns, self._size, self._distance = name, key, columns, size, distance
        self._rate, self._time, self._near = f"{name}_dropout", f"{name}_dropout_time", f"{name}_occlusion"
        self.switches = (self._rate,)

    def prepare(self, env: VectorEnv) -> Sequence[Parameter]:
        width = observed(env, self._key, self._columns, self._rate)
        self.uniforms, rest = divmod(width, self._size)
        if rest:
            raise UserError(f"{self._rate}: markers of {self._size} numbers do not make up {width}")
        n, markers = env.num_envs, self.uniforms
        self._dt = env.substeps * env.batch.model.opt.timestep
        self._left = env.remember(f"effects/{self._name}/left", np.zeros((n, markers)))
        # Nothing was seen yet where it is NaN.
        self._kept = env.remember(f"effects/{self._name}/kept", np.full((n, markers, self._size), np.nan))
        seconds: dict[str, Any] = {"low": 0.0, "high": 100.0}
        rate = Parameter(
            name=self._rate, unit="1/s", doc="how often a marker that is seen is lost", **seconds
        )
        time = Parameter(
            name=self._time, nominal=1.0, unit="s", doc="for how long a marker is lost", **seconds
        )
        hidden = "how near something hides a marker"
        near = Parameter(name=self._near, low=0.0, high=1.0, unit="m", doc=hidden)
        return (rate, time, near) if self._distance else (rate, time)

    def start(self, ids: Ids) -> None:
        self._left[ids], self._kept[ids] = 0.0, np.nan

    def observe(self, observation: Observation, rows: Rows) -> None:
        of, left = self.randomisation, self._left[rows]
        part = observation[self._key][:, self._columns]
        now = part.reshape(len(part), self.uniforms, self._size)
        rate = of.value(self._rate)[rows, None]
        new = (left <= 0) & (self.uniform[rows] < -np.expm1(-rate * self._dt))
        left = np.where(new, of.value(self._time)[rows, None], left)
        # Times end half a step early, so that rounding does not decide how many steps they last.
        lost = left > self._dt / 2
        if self._distance is not None and (near := of.value(self._near)[rows, None]).any():
            lost |= self._distance(rows) < near
        kept = self._kept[rows]
        lost &= ~np.isnan(kept[:, :, 0])
        kept = np.where(lost[:, :, None], kept, now)
        left = np.where(lost, left - self._dt, 0.0)
        self._left[rows] = np.where(left > self._dt / 2, left, 0.0)
        self._kept[rows] = kept
        part[...] = kept.reshape(part.shape)
