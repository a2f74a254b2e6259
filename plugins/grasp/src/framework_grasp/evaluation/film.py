"""A film of a trial, where OpenGL is there to draw it."""

from __future__ import annotations

import copy
from typing import Final

import numpy as np
from numpy.typing import NDArray

from framework.errors import UserError
from framework.report import Report, Video
from framework.sim.render import Renderer
from framework_grasp.trials.bench import Bench
from framework_grasp.trials.hand import CAMERA
from framework_grasp.trials.trial import TICK

#: Height and width, pixels.
SIZE: Final = (360, 480)
#: One in so many ticks is drawn.
EVERY: Final = 2


class Film:
    """Draws the first simulation of a bench while a grasp is tried; the table stands still in it.

    Args:
        bench: with the object.
    """

    def __init__(self, bench: Bench) -> None:
        self.bench, self.frames, self._ticks = bench, list[NDArray[np.uint8]](), 0
        self._renderer: Renderer | None = None
        self._why = ""
        try:
            self._renderer = Renderer(copy.deepcopy(bench.world.batch.model), SIZE, CAMERA)
        except UserError as error:
            self._why = str(error)

    def watch(self) -> None:
        """Draw the simulation as it is."""
        if self._renderer is not None and self._ticks % EVERY == 0:
            self.frames.append(self._renderer.draw(self.bench.world.batch, 0))
        self._ticks += 1

    def add_to(self, report: Report) -> None:
        """Put the film into a report, or why there is none."""
        if self._renderer is None:
            report.notes.append(f"Not filmed: {self._why}")
            return
        self._renderer.close()
        report.videos["trial"] = Video(np.stack(self.frames), round(1 / (EVERY * TICK)))
