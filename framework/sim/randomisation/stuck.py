"""A part that breaks ("Solving Rubik's Cube with a Robot Hand", section 9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from framework.sim.arrays import Floats, Ids, Rows
from framework.sim.randomisation.effects import Effect
from framework.sim.randomisation.noise import command_width
from framework.sim.randomisation.parameters import Parameter

if TYPE_CHECKING:
    from framework.sim.vector_env import VectorEnv


class Stuck(Effect):
    """One number of the commands stays what it was when it got stuck; 0 from an episode's start on.

    Parameter: `stuck`, which one, from 1; 0, by nature, for none. What is between two whole numbers
    counts as the lower one, so that [1, n + 0.999] draws all n alike.
    """

    switches = ("stuck",)

    def prepare(self, env: VectorEnv) -> Sequence[Parameter]:
        width = command_width(env)
        self._last = env.remember("effects/stuck", np.zeros((env.num_envs, width)))
        doc = "which number of an action is stuck, from 1; 0 for none"
        return (Parameter(name="stuck", low=0.0, high=width + 0.999, doc=doc),)

    def start(self, ids: Ids) -> None:
        self._last[ids] = 0.0

    def command(self, commands: Floats, rows: Rows) -> Floats:
        which = self.randomisation.value("stuck")[rows].astype(np.intp) - 1
        held = np.flatnonzero(which >= 0)
        if len(held):
            commands = commands.copy()
            commands[held, which[held]] = self._last[rows][held, which[held]]
        self._last[rows] = commands
        return commands
