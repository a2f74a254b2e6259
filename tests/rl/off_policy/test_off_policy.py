"""Off-policy algorithms as trainings: resumed, overlapped, bounded, and in any environment."""

from __future__ import annotations

import gymnasium
import lightning.pytorch as pl
import numpy as np
import psutil
import pytest
import torch

from framework.errors import UserError
from framework.rl.budget import Budget
from framework.rl.off_policy.config import ActorQConfig, DDPGConfig, SACConfig
from framework.rl.off_policy.ddpg import DDPG
from framework.rl.off_policy.model import ActorQ
from framework.rl.off_policy.sac import SAC
from framework.testing import check_algorithm
from framework.testing.point_goal import PointGoal

PENDULUM = {"use": "gymnasium/make", "id": "Pendulum-v1", "num_envs": 2, "max_episode_steps": 15}
MODEL = {"use": "rl/actor_q", "hidden": [8], "normalize": True}
SHORT = {
    "budget": {"env_steps": 1000},
    "steps_per_cycle": 10,
    "updates_per_cycle": 3,
    "batch_size": 8,
    "capacity": 100,
    "random_steps": 30,
}


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("ddpg", {"n_step": 3}), ("td3", {"overlap": True}), ("sac", {}), ("tqc", {"overlap": True})],
)
def test_a_resumed_training_equals_an_uninterrupted_one(name, parameters):
    algorithm = {"use": f"rl/{name}", **SHORT, **parameters}
    check_algorithm(algorithm, environment=PENDULUM, model=MODEL)


def make(kind=DDPG, config=DDPGConfig, environment=None, model=None, **parameters):
    torch.manual_seed(0)
    environment = environment or PointGoal(4, horizon=5)
    policy = ActorQ(environment, ActorQConfig(hidden=(8,), **(model or {})))
    given = {"budget": Budget(env_steps=10_000), "capacity": 1000, "random_steps": 0, **parameters}
    return kind(environment, policy, config(**given))


def test_time_limits_end_no_value_and_lead_to_the_true_last_observation():
    algorithm = make(steps_per_cycle=10, batch_size=500, updates_per_cycle=1)
    algorithm.absorb(algorithm.collect())
    (batch,) = algorithm.minibatches()
    assert (batch.discount == np.float32(0.99)).all()
    # Observations are achieved goal, desired goal and the same point again: a step moves by its action.
    moved = (batch.inputs[:, :2] + 0.2 * batch.action).clamp(-1, 1)
    torch.testing.assert_close(batch.next_inputs[:, :2], moved, atol=1e-5, rtol=0)
    assert torch.equal(batch.next_inputs[:, 2:4], batch.inputs[:, 2:4])  # no goal of another episode


def test_terminal_states_are_worth_nothing():
    algorithm = make(
        environment=PointGoal(4, ends_at_goal=True, radius=0.6), batch_size=500, updates_per_cycle=1
    )
    algorithm.absorb(algorithm.collect())
    (batch,) = algorithm.minibatches()
    assert 0 < (batch.reward == 0).sum() < 500
    assert torch.equal(batch.discount == 0, batch.reward == 0)


def test_rewards_of_several_steps_are_added_up():
    algorithm = make(
        n_step=3,
        discount=0.5,
        batch_size=300,
        updates_per_cycle=1,
        environment=PointGoal(4, radius=0, horizon=50),
    )
    algorithm.absorb(algorithm.collect())
    (batch,) = algorithm.minibatches()
    found = {(round(r, 4), round(d, 4)) for r, d in torch.cat([batch.reward, batch.discount], 1).tolist()}
    assert found == {(-1.75, 0.125), (-1.5, 0.25), (-1.0, 0.5)}


def test_what_does_not_fit_into_memory_is_refused_before_the_first_step(monkeypatch, framework_fit):
    class Memory:
        available = 50_000

    algorithm = make(capacity=10_000)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: Memory)
    with pytest.raises(
        UserError, match=r"for 10000 transitions takes .* are free\n  a capacity of \d+ would fit"
    ):
        framework_fit(algorithm)
    assert algorithm.counters.env_steps == 0


def test_the_first_actions_are_uniform_and_no_update_is_made_meanwhile(framework_fit):
    algorithm = make(
        SAC,
        SACConfig,
        random_steps=300,
        steps_per_cycle=50,
        updates_per_cycle=2,
        budget=Budget(env_steps=1000),
    )
    taken, explore = [], algorithm.explorer.exploration.explore
    algorithm.explorer.exploration.explore = lambda action: taken.append(explore(action)) or taken[-1]
    framework_fit(algorithm)
    # 4 environments: 400 steps before there are 300, then cycles of 200.
    assert algorithm.counters.updates == 2 * 4
    first = np.concatenate(taken[:100])
    assert np.abs(first).max() <= 1 and first.var() == pytest.approx(1 / 3, abs=0.05)


def test_a_checkpoint_holds_what_is_stored_and_no_more():
    algorithm = make(capacity=100_000)
    algorithm.absorb(algorithm.collect())
    fields = algorithm.cycle_state()["replay"]["fields"]
    held = fields["reward"].untyped_storage()
    assert held.nbytes() == fields["reward"].nbytes < algorithm.replay.fields["reward"].nbytes
    assert held.data_ptr() == algorithm.replay.fields["reward"].data_ptr()  # and takes no memory


def test_observations_and_actions_of_any_shape():
    class Grid(gymnasium.Env):
        observation_space = gymnasium.spaces.Dict(
            picture=gymnasium.spaces.Box(0, 255, (2, 3), np.uint8), kind=gymnasium.spaces.Discrete(3)
        )
        action_space = gymnasium.spaces.Box(-2, 4, (2, 2), np.float32)

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            self.observation_space.seed(0)
            return self.observation_space.sample(), {}

        def step(self, action):
            assert self.action_space.contains(action)
            return self.observation_space.sample(), 0.0, False, False, {}

    mode = gymnasium.vector.AutoresetMode.SAME_STEP
    environment = gymnasium.vector.SyncVectorEnv([Grid] * 2, autoreset_mode=mode)
    algorithm = make(SAC, SACConfig, environment, steps_per_cycle=5, batch_size=7, updates_per_cycle=1)
    algorithm.absorb(algorithm.collect())
    (batch,) = algorithm.minibatches()
    assert [x.shape for x in batch] == [(7, 9), (7, 9), (7, 4), (7, 1), (7, 1)]
    assert algorithm.act(Grid().reset()[0]).shape == (2, 2)


def test_unbounded_actions_are_refused():
    environment = PointGoal()
    environment.single_action_space = gymnasium.spaces.Box(-np.inf, np.inf, (2,))
    with pytest.raises(UserError, match="a bounded Box of actions is needed"):
        make(environment=environment)


def test_a_model_starts_from_weights_of_its_own_kind_only(tmp_path):
    trained = make(SAC, SACConfig)
    file = tmp_path / "a.ckpt"
    torch.save({"state_dict": {f"model.{k}": v for k, v in trained.model.state_dict().items()}}, file)
    again = make(SAC, SACConfig, model={"weights": file})
    for name, value in trained.model.state_dict().items():
        assert torch.equal(again.model.state_dict()[name], value)
    with pytest.raises(
        UserError, match="draws its actions and 2 critics of 1 quantiles; this algorithm needs a det"
    ):
        make(model={"weights": file})


@pytest.mark.parametrize("kind", [(DDPG, DDPGConfig), (SAC, SACConfig)])
def test_the_learning_rate_falls_in_the_last_third_of_the_budget(kind, framework_fit):
    rates = []

    class Rates(pl.Callback):
        def on_before_optimizer_step(self, trainer, module, optimizer):
            rates.append(optimizer.param_groups[0]["lr"])

    budget = {"budget": Budget(env_steps=360), "steps_per_cycle": 10, "updates_per_cycle": 1}
    algorithm = make(*kind, **budget, learning_rate=0.4, final_learning_rate=0.1)
    framework_fit(algorithm, callbacks=[Rates()])
    steps = len(rates) // 9
    assert len(rates) == 9 * steps
    assert rates[::steps] == pytest.approx([0.4] * 7 + [0.3, 0.2]) and sorted(rates, reverse=True) == rates
