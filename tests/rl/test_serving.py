"""An exported policy answers as the policy itself does."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete, MultiDiscrete

from framework.errors import UserError
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
        key: torch.as_tensor(value if value.dtype == np.uint8 else value.astype(np.float32))
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


@pytest.mark.parametrize("action", ACTIONS)
def test_onnx_answers_so_too(tmp_path, action):
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    check_answers(tmp_path / "policy.onnx", SEEN["dict"], ACTIONS[action])


def test_what_cannot_be_asked_is_not_exported():
    with pytest.raises(UserError, match="memory"):
        serve(make(ARRAY, ACTIONS["box"], memory="gru"))
    with pytest.raises(UserError, match="one action"):
        serve(make(ARRAY, Dict(a=ACTIONS["box"], b=ACTIONS["choice"])))
