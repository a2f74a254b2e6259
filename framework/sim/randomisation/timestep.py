"""A timestep that varies, as a real controller's does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from framework.sim.arrays import Ids, Rows
from framework.sim.fields import Field
from framework.sim.randomisation.effects import Effect
from framework.sim.randomisation.parameters import Parameter

if TYPE_CHECKING:
    from framework.sim.vector_env import VectorEnv

TIMESTEP = Field("opt.timestep")


class TimestepJitter(Effect):
    """All physics steps of an env step are longer by one exponentially distributed time.

    Parameter `timestep_jitter`, the mean of that time (s), 0 by nature, is drawn uniformly in its
    reciprocal, the rate λ: [1e-4, 8e-4] for λ between 1250 and 10000 per second.
    """

    switches = ("timestep_jitter",)
    uniforms = 1

    def prepare(self, env: VectorEnv) -> Sequence[Parameter]:
        self._fields, self._all = env.world.fields, np.arange(env.num_envs)
        self._base = float(env.batch.model.opt.timestep)
        self._extra = env.remember("effects/timestep", np.zeros((env.num_envs, 1)))
        doc = "mean of what a physics step takes longer, drawn per env step from an exponential distribution"
        return (
            Parameter(name="timestep_jitter", low=0.0, high=self._base, reciprocal=True, unit="s", doc=doc),
        )

    def start(self, ids: Ids) -> None:
        self._set(ids, np.zeros((len(ids), 1)))

    def push(self, rows: Rows) -> None:
        mean = self.randomisation.value("timestep_jitter")[rows, None]
        self._set(self._all[rows], -mean * np.log1p(-self.uniform[rows]))

    def _set(self, ids: Ids, extra: np.ndarray) -> None:
        if extra.any() or self._extra[ids].any():
            self._extra[ids] = extra
            self._fields.write(TIMESTEP, self._base + extra, ids)
