"""What is said when MuJoCo is missing, too old, wrong or without OpenGL."""

from __future__ import annotations

import os
import subprocess
import sys

import mujoco
import numpy as np
import pytest

from framework.sim import World
from framework.sim.engine import mended

IMPORT = """
from framework.errors import UserError
try:
    import framework.sim
except UserError as error:
    print(error)
"""


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "MUJOCO_GL")}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("fake", "message"),
    [
        ("raise ImportError('no module named mujoco')", "simulated environments need MuJoCo: "),
        ("__version__ = '3.10.0'", "need mujoco.batch, which MuJoCo 3.10.0 does not have"),
        ("raise AttributeError('no glGetError')", "cannot be imported with MUJOCO_GL=osmesa"),
    ],
)
def test_an_unusable_mujoco_is_a_user_error(tmp_path, fake, message):
    package = tmp_path / "mujoco"
    package.mkdir()
    (package / "__init__.py").write_text(fake)
    done = run(IMPORT, PYTHONPATH=str(tmp_path), MUJOCO_GL="osmesa")
    assert message in done.stdout, done.stderr
    assert "install" in done.stdout


def pile(boxes: int) -> mujoco.MjModel:
    """Free boxes above a floor, six degrees of freedom each."""
    geom = '<geom type="box" size=".05 .05 .05"/>'
    places = [f"{0.02 * (i % 3)} 0 {0.06 + 0.11 * i}" for i in range(boxes)]
    bodies = "".join(f'<body pos="{place}"><freejoint/>{geom}</body>' for place in places)
    return mujoco.MjModel.from_xml_string(
        f'<mujoco><worldbody><geom type="plane" size="5 5 1"/>{bodies}</worldbody></mujoco>'
    )


@pytest.mark.parametrize(
    ("boxes", "jacobian", "version", "used"),
    [
        (11, "AUTO", "4.0.0", "DENSE"),  # 66 degrees of freedom
        (11, "SPARSE", "4.0.0", "DENSE"),
        (11, "AUTO", "4.0.1", "AUTO"),
        (9, "AUTO", "4.0.0", "AUTO"),  # 54, which MuJoCo solves with dense matrices by itself
        (9, "SPARSE", "4.0.0", "DENSE"),
    ],
)
def test_the_wrong_sparse_solver_is_avoided(boxes, jacobian, version, used):
    model = pile(boxes)
    codes = {name: getattr(mujoco.mjtJacobian, f"mjJAC_{name}").value for name in ("AUTO", "SPARSE", "DENSE")}
    model.opt.jacobian = codes[jacobian]
    assert mended(model, version).opt.jacobian == codes[used]
    assert model.opt.jacobian == codes[jacobian]


def test_a_large_model_moves_as_with_a_dense_jacobian(monkeypatch):
    model = pile(11)
    monkeypatch.setattr("framework.sim.world.mended", lambda model: mended(model, "4.0.0"))
    world = World(model, 2, threads=2)
    assert world.step(substeps=100) is None
    model.opt.jacobian = mujoco.mjtJacobian.mjJAC_DENSE.value
    data = mujoco.MjData(model)
    mujoco.mj_step(model, data, nstep=100)
    assert data.ncon > 4
    np.testing.assert_array_equal(world.batch.qpos, np.tile(data.qpos, (2, 1)))
