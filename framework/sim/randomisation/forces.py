"""Random forces, for all that a model leaves out."""

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


class RandomForces(Effect):
    """A body, with all that hangs on it, is pushed now and then, and the push fades.

    Parameters: `NAME_push`, the probability that a new push replaces the last one in an env step, 0
    by nature, drawn uniformly in its logarithm; `NAME_push_size`, standard deviation of its
    numbers along x, y and z, for each unit of mass, 1 m/s^2 by nature; `NAME_push_decay`, what is
    left of it an env step later, 0.99 by nature.

    The force on the body in `xfrc_applied` is this effect's alone.

    Args:
        body: its name.
        name: how the parameters begin; by default as the body is called.
    """

    normals, uniforms = 3, 1

    def __init__(self, body: str, name: str = "") -> None:
        name = name or body
        self._body = body
        self._names = f"{name}_push", f"{name}_push_size", f"{name}_push_decay"
        self.switches = self._names[:1]

    def prepare(self, env: VectorEnv) -> Sequence[Parameter]:
        self._fields, self._mass = env.world.fields, Field("body_subtreemass", self._body)
        (self._number,) = self._fields.places(self._mass)
        self._applied = env.batch.bind("xfrc_applied")
        self._push = env.remember(f"effects/{self._names[0]}", np.zeros((env.num_envs, 3)))
        push, size, decay = self._names
        chance = "probability of a new push in an env step"
        spread = "standard deviation of a push, for each unit of mass"
        left = "what is left of a push an env step later"
        return (
            Parameter(name=push, low=0.0, high=1.0, log=True, doc=chance),
            Parameter(name=size, low=0.0, high=100.0, nominal=1.0, unit="m/s^2", doc=spread),
            Parameter(name=decay, low=0.0, high=1.0, nominal=0.99, doc=left),
        )

    def start(self, ids: Ids) -> None:
        if self._push[ids].any():
            self._push[ids] = 0.0
            self._applied[ids, self._number, :3] = 0.0

    def push(self, rows: Rows) -> None:
        chance, size, decay = (self.randomisation.value(name)[rows, None] for name in self._names)
        old = self._push[rows]
        if not (chance.any() or old.any()):
            return
        new = np.where(self.uniform[rows] < chance, size * self.normal[rows], decay * old)
        self._push[rows] = new
        self._applied[rows, self._number, :3] = new * self._fields.read(self._mass)[rows]
