from __future__ import annotations

import gymnasium
import numpy as np
import pytest
import torch

from framework.errors import UserError
from framework.rl.trees import to_tensors
from framework.testing.point_goal import PointGoal
from framework_her.actor_critic import ActorCritic
from framework_her.config import ActorCriticConfig


@pytest.fixture
def model() -> ActorCritic:
    torch.manual_seed(0)
    model = ActorCritic(PointGoal(dims=3), ActorCriticConfig(hidden=(32, 16), normalizer_clip=1.5))
    model.normalizer.update(torch.randn(100, 6) * 3 + 1)
    return model


def test_sizes_follow_from_the_environment(model):
    assert model.mode(torch.zeros(7, 6)).shape == (7, 3)
    assert model.q(torch.zeros(7, 6), torch.zeros(7, 3)).shape == (7, 1)
    assert [layer.out_features for layer in model.critic if hasattr(layer, "out_features")] == [32, 16, 1]


@pytest.mark.parametrize("stochastic", [False, True])
def test_the_exported_policy_is_the_policy_in_numpy(model, tmp_path, stochastic):
    model.equip(stochastic=stochastic, critics=2)
    model.export_npz(tmp_path / "policy.npz")
    random = np.random.default_rng(0)
    observation = {"observation": random.normal(0, 5, (50, 3)), "desired_goal": random.normal(0, 5, (50, 3))}
    with np.load(tmp_path / "policy.npz") as p:
        x = np.concatenate([observation["observation"], observation["desired_goal"]], 1)
        h = np.clip((x - p["mean"]) / p["std"], -p["clip"], p["clip"])
        for i in range(3):
            h = h @ p[f"W{i}"].T + p[f"b{i}"]
            h = np.maximum(h, 0) if i < 2 else np.tanh(h)
    np.testing.assert_allclose(
        model.act(to_tensors(observation), deterministic=True).action.detach(), h, atol=1e-5
    )


def test_weights_of_a_checkpoint_are_taken_over(model, tmp_path):
    state = {f"model.{name}": value for name, value in model.state_dict().items()}
    torch.save({"state_dict": state | {"target.x": torch.zeros(1)}}, tmp_path / "a.ckpt")
    config = ActorCriticConfig(hidden=(32, 16), normalizer_clip=1.5, weights=tmp_path / "a.ckpt")
    x = torch.randn(5, 6)
    assert torch.equal(ActorCritic(PointGoal(dims=3), config).mode(x), model.mode(x))


@pytest.mark.parametrize("content", [b"nonsense", None])
def test_unreadable_weights_are_the_users_error(tmp_path, content):
    path = tmp_path / "a.ckpt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"a\.ckpt is not a checkpoint"):
        ActorCritic(PointGoal(), ActorCriticConfig(weights=path))


def test_weights_of_another_shape_are_the_users_error(model, tmp_path):
    torch.save({"state_dict": {f"model.{k}": v for k, v in model.state_dict().items()}}, tmp_path / "a.ckpt")
    with pytest.raises(UserError, match="size mismatch"):
        ActorCritic(PointGoal(dims=2), ActorCriticConfig(hidden=(32, 16), weights=tmp_path / "a.ckpt"))


def test_environments_without_goals_or_bounds_are_the_users_error():
    without = gymnasium.make_vec("CartPole-v1", 1)
    with pytest.raises(UserError, match="not a goal environment"):
        ActorCritic(without, ActorCriticConfig())
    without.close()
    unbounded = PointGoal()
    unbounded.single_action_space = gymnasium.spaces.Box(-np.inf, np.inf, (2,))
    with pytest.raises(UserError, match="bounded vector"):
        ActorCritic(unbounded, ActorCriticConfig())
