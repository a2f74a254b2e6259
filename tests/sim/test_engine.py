"""What is said when MuJoCo is missing, too old, wrong or without OpenGL."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from framework.errors import UserError
from framework.sim.engine import check_model

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


def test_a_large_model_is_refused_by_the_version_that_gets_it_wrong():
    large, small = SimpleNamespace(nv=60), SimpleNamespace(nv=59)
    with pytest.raises(UserError, match=r"60 or more degrees of freedom wrongly[\s\S]*mujoco-core>=4.0.1"):
        check_model(large, "4.0.0")
    check_model(small, "4.0.0")
    check_model(large, "4.0.1")
