"""A random network that interferes with actions ("Solving Rubik's Cube with a Robot Hand", appendix B)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from framework.sim.arrays import Floats, Rows
from framework.sim.randomisation.effects import Effect
from framework.sim.randomisation.noise import command_width
from framework.sim.randomisation.parameters import Parameter

if TYPE_CHECKING:
    from framework.sim.vector_env import VectorEnv


class Adversary(Effect):
    """Part of each command is replaced by what a network of random weights makes of the state.

    A command u becomes (1 - α) u + α a, where a = tanh(tanh(s W) V), within [-1, 1], follows from the
    positions and speeds s of all joints. Every episode has weights of its own, so that the policy meets
    disturbances that depend on what it does, and in each episode in another way.

    Parameter: `adversary`, α, 0 by nature.

    Args:
        hidden: units of the network's hidden layer.
    """

    switches = ("adversary",)

    def __init__(self, hidden: int = 16) -> None:
        self._hidden = hidden

    def prepare(self, env: VectorEnv) -> Sequence[Parameter]:
        self._width = command_width(env)
        self._qpos, self._qvel = env.batch.bind("qpos"), env.batch.bind("qvel")
        self._seen = self._qpos.shape[1] + self._qvel.shape[1]
        weights = (self._seen + self._width) * self._hidden
        doc = "share of each action that is a random network's, whose weights are drawn per episode"
        return (Parameter(name="adversary", low=0.0, high=1.0, noise="normal", count=weights, doc=doc),)

    def command(self, commands: Floats, rows: Rows) -> Floats:
        share = self.randomisation.value("adversary")[rows, None]
        if not share.any():
            return commands
        weights, split = self.randomisation.noise("adversary")[rows], self._seen * self._hidden
        state = np.concatenate([self._qpos[rows], self._qvel[rows]], axis=1)
        # Of unit variance before each tanh, if the state is.
        hidden = np.tanh(_layer(state, weights[:, :split], self._hidden))
        return np.asarray(
            (1 - share) * commands + share * np.tanh(_layer(hidden, weights[:, split:], self._width))
        )


def _layer(x: Floats, weights: Floats, units: int) -> Floats:
    """`(k, n)` through a matrix `(n, units)` of each row's own."""
    n = x.shape[1]
    return np.asarray(np.einsum("kn,knu->ku", x, weights.reshape(len(x), n, units)) / np.sqrt(n))
