"""RGB pictures of simulations, on machines with and without a screen."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from ctypes.util import find_library
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

    OpenGL is chosen by the environment variable `MUJOCO_GL`; without it, and on Linux without
    a screen, it is EGL, or OSMesa where EGL is not installed. It need not be set before MuJoCo
    is imported.

    Args:
        model: an `MjModel` of this renderer's own.
        size: height and width of the frames, in pixels.
        camera: where to look from: free, or one of the model's by name.

    Raises:
        UserError: OpenGL does not work here; the message says what to install.
    """

    def __init__(self, model: Any, size: tuple[int, int], camera: Camera | str) -> None:
        self.model = model
        self.data = mujoco.MjData(model)
        self.size = size
        height, width = size
        model.vis.global_.offheight, model.vis.global_.offwidth = size
        backend = choose_backend()
        try:
            self._opengl = _context_class(backend)(width, height)
            self._opengl.make_current()
            self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100.value)
        except Exception as error:  # each OpenGL library fails in its own way
            raise UserError(_no_opengl(backend, error)) from error
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN.value, self._context)
        self._scene = mujoco.MjvScene(model, maxgeom=10_000)
        self._option = mujoco.MjvOption()
        self._camera = self._aimed(camera)

    def draw(
        self, batch: Any, sim: int, decorate: Callable[[Any, int], None] | None = None
    ) -> NDArray[np.uint8]:
        """Draw a simulation of a `Batch` of the model as it is now: `(height, width, 3)`.

        Args:
            batch: with the simulation.
            sim: its index.
            decorate: called with the `MjData` about to be drawn and the index.
        """
        batch.get_model(sim, self.model)
        batch.get_data(sim, self.data)
        mujoco.mj_forward(self.model, self.data)
        if decorate is not None:
            decorate(self.data, sim)
        return self._frame(self._camera)

    def views(self, cameras: Sequence[Camera | str]) -> NDArray[np.uint8]:
        """Draw `data` as it is, once `mj_forward` has been there: `(cameras, height, width, 3)`.

        What is only seen, such as colours and lights, may have been changed in `model` before.
        """
        return np.stack([self._frame(self._aimed(camera)) for camera in cameras])

    def upload(self, texture: int) -> None:
        """Take over what was written into `model.tex_data` of a texture."""
        self._opengl.make_current()
        mujoco.mjr_uploadTexture(self.model, self._context, texture)

    def _aimed(self, camera: Camera | str) -> Any:
        aimed = mujoco.MjvCamera()
        if isinstance(camera, str):
            aimed.type = mujoco.mjtCamera.mjCAMERA_FIXED.value
            aimed.fixedcamid = self.model.camera(camera).id
        else:
            aimed.lookat[:] = camera.lookat
            aimed.distance = camera.distance
            aimed.azimuth = camera.azimuth
            aimed.elevation = camera.elevation
        return aimed

    def _frame(self, camera: Any) -> NDArray[np.uint8]:
        self._opengl.make_current()
        every = mujoco.mjtCatBit.mjCAT_ALL.value
        mujoco.mjv_updateScene(self.model, self.data, self._option, None, camera, every, self._scene)
        height, width = self.size
        upside_down = np.empty((height, width, 3), np.uint8)
        area = mujoco.MjrRect(0, 0, width, height)
        mujoco.mjr_render(area, self._scene, self._context)
        mujoco.mjr_readPixels(upside_down, None, area, self._context)
        return upside_down[::-1].copy()

    def close(self) -> None:
        """Free the OpenGL context; nothing can be drawn afterwards."""
        self._opengl.make_current()
        self._context.free()
        self._opengl.free()


def choose_backend() -> str:
    """Name of the OpenGL to use: what `MUJOCO_GL` says, or what can work here."""
    chosen = os.environ.get("MUJOCO_GL", "").lower().strip()
    if chosen or sys.platform != "linux":
        return chosen
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return "glfw"
    return "egl" if find_library("EGL") or not find_library("OSMesa") else "osmesa"


def _context_class(backend: str) -> Any:
    if backend in ("egl", "osmesa", "glfw"):
        return importlib.import_module(f"mujoco.{backend}").GLContext
    return mujoco.GLContext  # the system's own, or an error where OpenGL is disabled


def _no_opengl(backend: str, error: Exception) -> str:
    return (
        f"cannot draw: OpenGL does not work here (MUJOCO_GL={backend}): {type(error).__name__}: {error}\n"
        "  without a screen, EGL or OSMesa draws: apt-get install libegl1 libgl1-mesa-dri, "
        "then MUJOCO_GL=egl; or apt-get install libosmesa6, then MUJOCO_GL=osmesa"
    )
