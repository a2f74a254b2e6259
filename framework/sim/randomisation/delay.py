"""Commands that arrive late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.errors import UserError
from framework.sim.arrays import Floats, Ids, Rows
from framework.sim.randomisation.effects import Effect
from framework.sim.randomisation.noise import command_width
from framework.sim.randomisation.parameters import Parameter

if TYPE_CHECKING:
    from framework.sim.vector_env import VectorEnv


class ActionDelay(Effect):
    """Each number of a command arrives some env steps late; zeros arrive before an episode's first.

    Parameter `action_delay`, d env steps: each number's delay is drawn for an episode, of the two
    whole numbers around d, with mean d. So 0.5 delays each by one step or not at all, and 1
    delays all by one.

    For delays of physics steps let a `Parameter` set the field `actuator_delay`, in a model that
    is compiled with a history.

    Args:
        latest: the longest delay accepted; env steps.
    """

    switches = ("action_delay",)

    def __init__(self, latest: int = 1) -> None:
        if latest < 1:
            raise UserError(f"the longest delay is {latest} env steps; give at least 1")
        self._latest = latest

    def prepare(self, env: VectorEnv) -> Sequence[Parameter]:
        width = command_width(env)
        # Commands on their way, newest first.
        self._sent = env.remember("effects/delay", np.zeros((env.num_envs, self._latest, width)))
        given: dict[str, Any] = {"noise": "uniform", "count": width, "unit": "env steps"}
        doc = "how late each number of an action arrives, on average"
        return (Parameter(name="action_delay", low=0.0, high=float(self._latest), doc=doc, **given),)

    def start(self, ids: Ids) -> None:
        self._sent[ids] = 0.0

    def command(self, commands: Floats, rows: Rows) -> Floats:
        mean = self.randomisation.value("action_delay")[rows, None]
        sent = np.concatenate([commands[:, None], self._sent[rows]], axis=1)
        self._sent[rows] = sent[:, :-1]
        if not mean.any():
            return commands
        unit = (self.randomisation.noise("action_delay")[rows] + 1) / 2
        late = np.maximum(np.ceil(mean - unit), 0).astype(np.intp)
        return np.asarray(np.take_along_axis(sent, late[:, None], axis=1)[:, 0])
