"""An exported policy answers as the policy itself does."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from types import SimpleNamespace
from urllib.request import Request, urlopen

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete

import framework
from framework.errors import UserError
from framework.recipe.named import find_recipe
from framework.rl.acting import Plays
from framework.rl.on_policy.config import PolicyConfig
from framework.rl.on_policy.model import make_policy
from framework.rl.serving import serve
from framework.runs.exporting import write

ARRAY = Box(-np.inf, np.inf, (3,), np.float64)
SEEN = {
    "array": ARRAY,
    "dict": Dict(position=ARRAY, picture=Box(0, 255, (2, 2), np.uint8)),
}
FLAGS = Dict(
    {"self": ARRAY, "mask": MultiBinary((2, 2)), "goal": Discrete(3, start=2), "class": MultiDiscrete([2, 3])}
)
ACTIONS = {
    "box": Box(np.float32([-1, 2]), np.float32([3, 2.5])),
    "half open": Box(np.float32([-1, 0.5]), np.float32([3, np.inf])),
    "whole numbers": Box(-4, 9, (2, 2), np.int64),
    "choice": Discrete(4, start=3),
    "choices": MultiDiscrete([[3, 2], [5, 4]]),
}


def make(seen, action, **config):
    torch.manual_seed(0)
    environment = SimpleNamespace(single_observation_space=seen, single_action_space=action)
    policy = make_policy(environment, PolicyConfig(hidden=(8,), normalize=True, **config))
    for parameter in policy.parameters():
        parameter.data.normal_(std=2.0)
    return policy


def check_answers(file, seen, action):
    policy = make(seen, action)
    batch = [seen.sample() for _ in range(5)]
    stacked = (
        {key: np.stack([one[key] for one in batch]) for key in seen}
        if isinstance(seen, Dict)
        else np.stack(batch)
    )
    policy.normalizer.update(
        {key: torch.as_tensor(value) for key, value in stacked.items()}
        if isinstance(seen, Dict)
        else torch.as_tensor(stacked)
    )
    plays = Plays()
    plays.policy = policy
    expected = plays.act(stacked)

    write(serve(policy), file)
    named = stacked if isinstance(seen, Dict) else {"observation": stacked}
    as_given = {
        {"self": "self_", "class": "class_"}.get(key, key): torch.as_tensor(
            value.astype(np.float32) if value.dtype.kind == "f" else value
        )
        for key, value in named.items()
    }
    if file.suffix == ".pt2":
        found = torch.export.load(file).module()(**as_given).numpy()
    else:
        inputs = {key: value.numpy() for key, value in as_given.items()}
        (found,) = pytest.importorskip("onnxruntime").InferenceSession(file).run(None, inputs)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert len(np.unique(found.reshape(5, -1), axis=0)) > 1


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("seen", SEEN)
def test_it_answers_as_the_policy_does(tmp_path, seen, action):
    check_answers(tmp_path / "policy.pt2", SEEN[seen], ACTIONS[action])


def test_flags_and_choices_are_asked_for_and_pythons_own_words(tmp_path):
    FLAGS.seed(0)
    check_answers(tmp_path / "policy.pt2", FLAGS, ACTIONS["choices"])


@pytest.mark.parametrize("action", ACTIONS)
def test_onnx_answers_so_too(tmp_path, action):
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    check_answers(tmp_path / "policy.onnx", SEEN["dict"], ACTIONS[action])


@pytest.mark.parametrize("suffix", ["pt2", "onnx"])
@pytest.mark.parametrize(
    ("seen", "action", "memory"), [("array", "choice", "lstm"), ("dict", "box", "gru")], ids=["lstm", "gru"]
)
def test_with_a_memory_the_hidden_state_goes_in_and_out(tmp_path, seen, action, memory, suffix):
    space, file = SEEN[seen], tmp_path / f"policy.{suffix}"
    policy = make(space, ACTIONS[action], memory=memory)
    plays = Plays()
    plays.policy = policy
    served = serve(policy)
    if suffix == "onnx":
        pytest.importorskip("onnxscript")
    write(served, file)
    hidden = np.zeros((3, *served.example["hidden_state"].shape[1:]), np.float32)
    if suffix == "pt2":
        module = torch.export.load(file).module()
    else:
        session = pytest.importorskip("onnxruntime").InferenceSession(file)
    player, answers = plays.player(), []
    for step in range(4):
        batch = [space.sample() for _ in range(3)]
        nested = isinstance(space, Dict)
        stacked = {k: np.stack([one[k] for one in batch]) for k in space} if nested else np.stack(batch)
        named = stacked if nested else {"observation": stacked}
        given = {k: v if v.dtype == np.uint8 else v.astype(np.float32) for k, v in named.items()}
        if step == 2:  # another episode
            player.ended()
            hidden = np.zeros_like(hidden)
        given["hidden_state"] = hidden
        if suffix == "pt2":
            answer = module(**{key: torch.as_tensor(value) for key, value in given.items()})
            found, hidden = (answer[key].numpy() for key in ("action", "hidden_state"))
        else:
            found, hidden = session.run(None, given)
        np.testing.assert_allclose(found, player(stacked), rtol=1e-4, atol=1e-5)
        answers.append(hidden)
    assert not np.allclose(answers[0], answers[1])


def test_what_cannot_be_asked_is_not_exported():
    with pytest.raises(UserError, match="one action"):
        serve(make(ARRAY, Dict(a=ACTIONS["box"], b=ACTIONS["choice"])))
    with pytest.raises(UserError, match="called hidden_state"):
        serve(make(Dict(hidden_state=ARRAY), ACTIONS["box"], memory="gru"))


@pytest.mark.slow
def test_a_served_run_answers_requests(tmp_path, monkeypatch):
    """Starts `mlflow models serve` on a run with a memory, and asks it over HTTP."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    given = [
        "algorithm.budget.env_steps=512",
        "evaluators.0.episodes=1",
        "model.memory=lstm",
        "model.units=4",
    ]
    run = framework.run(find_recipe("ppo_cartpole"), given, quiet=True).run
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["models", "serve", "-m", f"runs:/{run.state.run_id}/model", "--env-manager", "local"]
    server = subprocess.Popen(
        [sys.executable, "-m", "mlflow", *command, "-p", str(port)], start_new_session=True
    )
    try:
        while True:
            assert server.poll() is None, "the server ended"
            with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{port}/ping") as alive:
                assert alive.status == 200
                break
            time.sleep(0.5)
        observation = np.array([[0.1, 0.2, -0.3, 0.4], [0, 0, 0.1, 0]])
        inputs = {"observation": observation.tolist(), "hidden_state": np.zeros((2, 8)).tolist()}
        request = Request(
            f"http://127.0.0.1:{port}/invocations",
            json.dumps({"inputs": inputs}).encode(),
            {"Content-Type": "application/json"},
        )
        with urlopen(request) as answer:
            found = json.load(answer)["predictions"]
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()
    player = framework.load(run.state.run_id).player()
    np.testing.assert_array_equal(found["action"], player(observation))
    assert np.abs(found["hidden_state"]).max() > 0
    assert np.shape(found["hidden_state"]) == (2, 8)
