"""World: many MuJoCo simulations of one model, without episodes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.errors import UserError
from framework.sim.arrays import Flags, Ids, State
from framework.sim.engine import Batch, SimulationError, diverged, mended, mujoco
from framework.sim.fields import Fields
from framework.sim.streams import Streams


class World:
    """Many simulations of one model on native threads, and all that their future depends on.

    Args:
        model: an `MjModel`; it is copied.
        count: number of simulations, at least 1.
        threads: native threads; 0 for one per core. Results do not depend on it.

    Attributes:
        batch: the `mujoco.batch.Batch`, to write states and controls into and read from.
        fields: model fields that differ between simulations.

    Raises:
        UserError: no simulations, or a negative number of threads.
    """

    def __init__(self, model: Any, count: int, threads: int = 0) -> None:
        if count < 1:
            raise UserError(f"the number of simulations is {count}; at least one is needed")
        if threads < 0:
            raise UserError(f"threads is {threads}; give a number of threads, or 0 for one per core")
        self.batch = Batch(mended(model), count, threads)
        self.fields = Fields(self.batch)
        self._memory: State = {}
        self._streams: dict[str, Streams] = {}

    def __len__(self) -> int:
        return int(self.batch.nsim)

    def step(
        self,
        ids: Ids | None = None,
        substeps: int = 1,
        stage: Any = mujoco.mjtStage.mjSTAGE_NONE,
    ) -> Flags | None:
        """Step simulations `ids` (all by default) by `substeps` physics steps.

        Args:
            ids: indices in rising order.
            substeps: physics steps.
            stage: the `mjtStage` computed after the last one, which decides whether derived
                fields such as `xpos` describe the new state or lag it by one physics step.

        Returns:
            `(simulations,)`, which of them diverged or made MuJoCo raise; None if none did.
            Their states mean nothing, the others' are as if nothing had happened.
        """
        self.fields.settle()
        failed = None
        try:
            self.batch.step(ids, substeps, int(stage))
        except SimulationError as error:
            failed = np.zeros(len(self), np.bool_)
            failed[error.ids] = True
        blown = diverged(self.batch)
        return blown if failed is None else failed if blown is None else failed | blown

    def forward(self, ids: Ids | None = None, stage: Any = mujoco.mjtStage.mjSTAGE_VEL) -> None:
        """Compute derived fields of `ids` (all by default) up to a stage, from states just written."""
        self.fields.settle()
        self.batch.warning[slice(None) if ids is None else ids] = 0
        self.batch.forward(ids, int(stage))

    def remember(self, name: str, array: NDArray[Any]) -> NDArray[Any]:
        """Make an array, changed only in place, part of `get_state` and `set_state`; return it."""
        self._memory[name] = array
        return array

    def streams(self, name: str, spawn_key: tuple[int, ...] = ()) -> Streams:
        """Return new random streams, one per simulation, that are part of the state."""
        self._streams[name] = Streams(len(self), spawn_key)
        return self._streams[name]

    def get_state(self) -> State:
        """Return physics, model fields, streams and what is remembered, as arrays that are copies.

        After `set_state`, here or in another world of the same model and number of
        simulations, the same calls give the same results bit for bit.
        """
        arrays = {"physics": self.batch.state} | self._memory
        state = {name: array.copy() for name, array in arrays.items()}
        streams = {name: streams.get_state() for name, streams in self._streams.items()}
        return state | streams | self.fields.get_state()

    def set_state(self, state: State) -> None:
        """Continue from what `get_state` returned.

        Raises:
            UserError: it is the state of another world or another number of simulations.
        """
        arrays = {"physics": self.batch.state} | self._memory
        shapes = {name: array.shape for name, array in arrays.items()}
        shapes |= {name: streams.shape for name, streams in self._streams.items()}
        for name, expected in shapes.items():
            shape = np.shape(state[name]) if name in state else None
            if shape != expected:
                raise UserError(
                    f"this is not a state of these {len(self)} simulations: "
                    f"{name!r} is {shape or 'missing'}, expected {expected}\n"
                    f"  build the environment with the parameters it was saved with"
                )
        self.fields.set_state(state)
        for name, array in arrays.items():
            array[...] = state[name]
        for name, streams in self._streams.items():
            streams.set_state(state[name])
        self.batch.warning[...] = 0
