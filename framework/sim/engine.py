"""MuJoCo as this kit uses it: its import, the versions it accepts, and its failures."""

from __future__ import annotations

import copy
import logging
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.errors import UserError

INSTALL = "pip install --upgrade 'mujoco>=4.0'"

try:
    import mujoco  # type: ignore[import-untyped]
except ImportError as error:
    raise UserError(f"simulated environments need MuJoCo: {error}\n  to install: {INSTALL}") from error
except Exception as error:  # an OpenGL that is asked for and missing breaks the whole import
    chosen = os.environ.get("MUJOCO_GL", "")
    raise UserError(
        f"MuJoCo cannot be imported with MUJOCO_GL={chosen}: {type(error).__name__}: {error}\n"
        "  unset MUJOCO_GL, or install what it names (apt-get install libegl1 libgl1-mesa-dri, or libosmesa6)"
    ) from error
try:
    from mujoco.batch import MODEL_FIELDS, Batch, SimulationError  # type: ignore[import-untyped]
except ImportError as error:
    raise UserError(
        f"simulated environments need mujoco.batch, which MuJoCo {mujoco.__version__} does not have\n"
        f"  to install: {INSTALL}"
    ) from error

# The default writes a file MUJOCO_LOG.TXT into the working directory.
if mujoco.get_mju_user_warning() is None:
    mujoco.set_mju_user_warning(logging.getLogger("mujoco").warning)

__all__ = ["MODEL_FIELDS", "Batch", "SimulationError", "diverged", "mended", "mujoco"]

#: Number of degrees of freedom from which MuJoCo solves with sparse matrices by itself.
SPARSE_FROM = 60

_BAD = slice(mujoco.mjtWarning.mjWARN_BADQPOS.value, mujoco.mjtWarning.mjWARN_BADCTRL.value + 1)


def mended(model: Any, version: str = mujoco.mj_versionString()) -> Any:
    """Return a copy of a model that this MuJoCo simulates rightly.

    The sparse Newton Hessian of 4.0.0 is wrong. With a dense Jacobian the same model gives the
    very states that later versions give; 66 degrees of freedom take up to 1.6 times the time.

    Args:
        model: the `MjModel`.
        version: of the MuJoCo library.
    """
    model = copy.copy(model)
    sparse = model.opt.jacobian == mujoco.mjtJacobian.mjJAC_SPARSE.value
    if version == "4.0.0" and (sparse or model.nv >= SPARSE_FROM):
        model.opt.jacobian = mujoco.mjtJacobian.mjJAC_DENSE.value
    return model


def diverged(batch: Any) -> NDArray[np.bool_] | None:
    """Which simulations blew up in the last call: `(num_envs,)`, or None if none did.

    MuJoCo resets a simulation whose positions, velocities or accelerations are not finite, or
    beyond 1e10, by itself and half way through a step; all it leaves is a warning. The warnings
    that were seen are cleared.
    """
    warnings = batch.warning[:, _BAD, 1]
    if not warnings.any():
        return None
    found = warnings.any(axis=1)
    batch.warning[found] = 0
    return np.asarray(found)
