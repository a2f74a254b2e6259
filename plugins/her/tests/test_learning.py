"""What the shipped recipes promise, by running them whole. Slow: `nox -s slow`."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from framework.testing.fixtures import RunRecipe

RECIPES = Path(__file__).parents[3] / "recipes"

pytestmark = pytest.mark.slow


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_reach_is_learned(framework_run: RunRecipe, seed: int) -> None:
    result = framework_run(RECIPES / "her_reach.yaml", [f"seed={seed}"])
    assert result.metrics["success_rate/rate"] == 1.0


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_push_is_learned(framework_run: RunRecipe, seed: int) -> None:
    result = framework_run(RECIPES / "her.yaml", [f"seed={seed}"])
    assert result.metrics["success_rate/rate"] >= 0.95


@pytest.mark.timeout(600)
def test_without_hindsight_reach_is_not_learned_as_well(framework_run: RunRecipe) -> None:
    short = ["algorithm.budget.env_steps=6400", "tracking.log_model=false"]
    hindsight = framework_run(RECIPES / "her_reach.yaml", short)
    plain = framework_run(RECIPES / "her_reach.yaml", [*short, "algorithm.k=0"])
    assert hindsight.metrics["success_rate/rate"] > plain.metrics["success_rate/rate"] + 0.3


@pytest.mark.timeout(600)
def test_the_trained_policy_is_served(framework_run: RunRecipe, tracking_uri: str) -> None:
    run = framework_run(RECIPES / "her_reach.yaml", ["algorithm.budget.env_steps=1600"]).run
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "mlflow", "models", "serve", "--model-uri"),
            *(f"runs:/{run.state.run_id}/model", "--env-manager", "local", "--port", str(port)),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        inputs = {"observation": np.zeros((3, 10)).tolist(), "desired_goal": np.zeros((3, 3)).tolist()}
        answer = ask(f"http://127.0.0.1:{port}", inputs)
    finally:
        server.terminate()
        server.wait()
    actions = np.asarray(answer["predictions"])
    assert actions.shape == (3, 4)
    assert np.abs(actions).max() <= 1


def ask(server: str, inputs: object) -> dict[str, object]:
    request = urllib.request.Request(
        f"{server}/invocations",
        json.dumps({"inputs": inputs}).encode(),
        {"Content-Type": "application/json"},
    )
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{server}/ping", timeout=2).close()
            break
        except OSError:
            time.sleep(0.5)
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: dict[str, object] = json.load(response)
    return answer
