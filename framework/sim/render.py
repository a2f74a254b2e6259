"""RGB pictures of simulations, on machines with and without a screen."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.errors import UserError
from framework.sim.engine import mujoco


@dataclass(frozen=True)
class Camera:
    """A free camera that looks at a point.

    Attributes:
        lookat: the point, `(x, y, z)`; m.
        distance: from the point; m.
        azimuth, elevation: direction of view; degrees.
    """

    lookat: tuple[float, float, float] = (0.0, 0.0, 0.0)
    distance: float = 2.5
    azimuth: float = 90.0
    elevation: float = -20.0


class Renderer:
    """Draws simulations of one model off the screen.

    OpenGL is chosen by the environment variable `MUJOCO_GL`; on Linux without a screen it is
    EGL, or OSMesa where EGL is not installed.

    Args:
        model: an `MjModel` of this renderer's own.
        size: height and width of the frames, in pixels.
        camera: where to look from.

    Raises:
        UserError: OpenGL does not work here; the message says what to install.
    """

    def __init__(self, model: Any, size: tuple[int, int], camera: Camera) -> None:
        self.model = model
        self.data = mujoco.MjData(model)
        self._camera = mujoco.MjvCamera()
        self._camera.lookat[:] = camera.lookat
        self._camera.distance = camera.distance
        self._camera.azimuth = camera.azimuth
        self._camera.elevation = camera.elevation
        height, width = size
        model.vis.global_.offheight, model.vis.global_.offwidth = size
        try:
            self._renderer = mujoco.Renderer(model, height, width)
        except Exception as error:  # each OpenGL library fails in its own way
            raise UserError(_no_opengl(error)) from error

    def frame(self) -> NDArray[np.uint8]:
        """Draw `data`, whose kinematics are computed: `(height, width, 3)`."""
        self._renderer.update_scene(self.data, self._camera)
        return np.asarray(self._renderer.render(), np.uint8)

    def close(self) -> None:
        self._renderer.close()


def _no_opengl(error: Exception) -> str:
    chosen = os.environ.get("MUJOCO_GL", "")
    return (
        f"cannot draw: OpenGL does not work here (MUJOCO_GL={chosen or 'unset'}): "
        f"{type(error).__name__}: {error}\n"
        "  without a screen, EGL or OSMesa draws: apt-get install libegl1 libgl1-mesa-dri, "
        "then MUJOCO_GL=egl; or apt-get install libosmesa6, then MUJOCO_GL=osmesa"
    )
