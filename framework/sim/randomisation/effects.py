"""Effects: what happens between a simulation and whoever acts in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from framework.errors import UserError
from framework.sim.arrays import Floats, Ids, Observation, Rows
from framework.sim.randomisation.parameters import Parameter, Randomisation
from framework.sim.streams import Streams

if TYPE_CHECKING:
    from framework.sim.vector_env import VectorEnv

Numbers = NDArray[np.float64]


class Effect:
    """One effect in all simulations of one environment; it does nothing where its `switches` are 0.

    Subclasses override what they need. What outlives a step is kept in arrays registered with
    `env.remember`, and numbers of every step come from `normal` and `uniform`.

    Attributes:
        switches: names of the parameters that have to be 0 for nothing to happen.
        normals, uniforms: how many random numbers it needs in each step of a simulation.
        normal: `(num_envs, normals)`, new ones of mean 0 and variance 1 in each step, and when
            an episode begins.
        uniform: `(num_envs, uniforms)`, likewise in [0, 1).
        randomisation: whose `value` and `noise` tell what its parameters are now.
    """

    switches: tuple[str, ...] = ()
    normals = 0
    uniforms = 0
    normal: Numbers
    uniform: Numbers
    randomisation: Randomisation

    def prepare(self, env: VectorEnv) -> Sequence[Parameter]:
        """Look at the environment, whose world and spaces are there, and return the parameters.

        Raises:
            UserError: the environment has not what the effect acts on.
        """
        raise NotImplementedError

    def start(self, ids: Ids) -> None:
        """Begin new episodes of `ids`, whose parameters were drawn, before their first states."""

    def command(self, commands: Floats, rows: Rows) -> Floats:
        """Return what arrives of commands `(k, n)`."""
        return commands

    def push(self, rows: Rows) -> None:
        """Change controls, forces or model fields, after `_act` and before the physics."""

    def observe(self, observation: Observation, rows: Rows) -> None:
        """Change observations, arrays `(k, ...)` by key, in place."""


class Effects:
    """The effects of one environment, in the order in which they act; see `VectorEnv`.

    Args:
        env: whose world and spaces are there.
        effects: objects that no other environment has.
    """

    def __init__(self, env: VectorEnv, effects: Sequence[Effect]) -> None:
        self._effects = effects
        self._all: Ids = np.arange(env.num_envs)
        self._box = (
            env.single_action_space if isinstance(env.single_action_space, gymnasium.spaces.Box) else None
        )
        self.parameters = [parameter for effect in effects for parameter in effect.prepare(env)]

    def attach(self, env: VectorEnv) -> None:
        """Start, now that the environment has parameters."""
        if not self._effects:
            return
        self._streams: Streams = env.world.streams("effects/streams", (2,))
        self._values = env.randomisation.values
        switches = [name for effect in self._effects for name in effect.switches]
        self._columns = np.array([env.randomisation.columns[name] for name in switches])
        widths = [
            np.cumsum([0, *(getattr(e, kind) for e in self._effects)]) for kind in ("normals", "uniforms")
        ]
        self._normal, self._uniform = (np.zeros((env.num_envs, width[-1])) for width in widths)
        for i, effect in enumerate(self._effects):
            effect.randomisation = env.randomisation
            effect.normal = self._normal[:, widths[0][i] : widths[0][i + 1]]
            effect.uniform = self._uniform[:, widths[1][i] : widths[1][i + 1]]

    def reseed(self, seed: Any, ids: Ids | None = None) -> None:
        """See `Streams.reseed`."""
        if self._effects:
            self._streams.reseed(seed, ids)

    def start(self, ids: Ids) -> None:
        """Begin new episodes."""
        for effect in self._effects:
            effect.start(ids)
        self.draw(ids)

    def draw(self, rows: Rows) -> None:
        """Draw the random numbers of a step: as many whichever effects are on."""
        if not self._effects:
            return
        ids = self._all[rows]
        ids = ids[self._values[np.ix_(ids, self._columns)].any(axis=1)]
        self._normal[ids] = self._streams.normal(ids, self._normal.shape[1])
        self._uniform[ids] = self._streams.uniform(ids, 0.0, 1.0, self._uniform.shape[1])

    def command(self, commands: Floats, rows: Rows) -> Floats:
        """Return what arrives of commands `(k, n)`, within the bounds of a Box of actions.

        Raises:
            UserError: they are choices, not numbers.
        """
        if not self._effects:
            return commands
        arriving = commands
        for effect in self._effects:
            arriving = effect.command(arriving, rows)
        if arriving is commands:
            return commands
        if commands.dtype.kind != "f":
            raise UserError("noise and delay act on numbers; make them of choices in VectorEnv._command")
        if self._box is not None:
            arriving = np.clip(arriving, self._box.low, self._box.high)
        return arriving.astype(commands.dtype, copy=False)

    def push(self, rows: Rows) -> None:
        """Change controls, forces or model fields."""
        for effect in self._effects:
            effect.push(rows)

    def observe(self, observation: Observation, rows: Rows) -> None:
        """Change observations, arrays `(k, ...)` by key, in place."""
        for effect in self._effects:
            effect.observe(observation, rows)
