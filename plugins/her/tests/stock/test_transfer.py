"""The file that a policy travels in; what it does elsewhere is for `nox -s stock`."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).with_name("transfer.py")


@pytest.fixture(scope="module")
def transfer():
    spec = importlib.util.spec_from_file_location("transfer", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def straight_ahead(tmp_path):
    """A policy for FetchReach: go where the goal is."""
    first = np.zeros((6, 13))
    for axis in range(3):
        towards = np.zeros(13)
        towards[[axis, 10 + axis]] = -1, 1
        first[axis], first[3 + axis] = towards, -towards
    last = np.zeros((4, 6))
    last[:3, :3], last[:3, 3:] = 10 * np.eye(3), -10 * np.eye(3)
    path = tmp_path / "policy.npz"
    normaliser = {"mean": np.zeros(13), "std": np.ones(13), "clip": np.float64(5)}
    np.savez(path, **normaliser, W0=first, b0=np.zeros(6), W1=last, b1=np.zeros(4))
    return path


def test_a_policy_that_goes_to_the_goal_reaches_it(transfer, straight_ahead, capsys):
    assert transfer.main(["here", str(straight_ahead), "--task", "reach", "--episodes", "20"]) == 0
    assert json.loads(capsys.readouterr().out)["success"] == 1.0
    assert json.loads(straight_ahead.with_suffix(".json").read_text())["success"] == 1.0


def test_the_file_means_what_the_trained_model_computes(transfer, tmp_path):
    torch = pytest.importorskip("torch")
    from framework_her.actor_critic import ActorCritic
    from framework_her.config import ActorCriticConfig
    from framework_her.fetch.config import FetchConfig
    from framework_her.fetch.tasks import make_reach

    env = make_reach(FetchConfig(num_envs=1))
    model = ActorCritic(env, ActorCriticConfig(hidden=(16, 8)))
    rng = np.random.default_rng(0)
    model.normalizer.update(torch.from_numpy(rng.normal(3, 2, (100, 13))))
    path = tmp_path / "policy.npz"
    model.export_npz(path)
    inputs = rng.normal(3, 8, (50, 13)).astype(np.float32)
    with torch.no_grad():
        expected = model.mode(model.normalized(torch.from_numpy(inputs))).numpy()
    np.testing.assert_allclose(transfer.Policy(path)(inputs), expected, atol=1e-5)


@pytest.mark.skipif("STOCK_PYTHON" not in os.environ, reason="set STOCK_PYTHON to a Python with mujoco 3.10")
def test_the_published_environment_agrees(straight_ahead, transfer):
    transfer.main(["here", str(straight_ahead), "--task", "reach", "--episodes", "20"])
    command = [os.environ["STOCK_PYTHON"], str(SCRIPT), "judge", str(straight_ahead), "--episodes", "20"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["success"] == 1.0
    assert answer["mujoco"].startswith("3.")
