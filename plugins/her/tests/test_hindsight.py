from __future__ import annotations

import lightning.pytorch as pl
import numpy as np
import pytest
import torch

from framework.rl.evaluate import evaluate_policy
from framework.rl.off_policy.learner import Transitions
from framework.testing import assert_same
from framework.testing.point_goal import PointGoal


def success(algorithm) -> float:
    return float(evaluate_policy(PointGoal(8, dims=3), algorithm.act, 100, seed=1).success.mean())


@pytest.mark.parametrize("strategy", ["future", pytest.param("episode", marks=pytest.mark.slow)])
def test_it_learns_from_sparse_rewards_in_hindsight(make, framework_fit, strategy):
    algorithm = make(strategy=strategy, overlap=False)
    trainer = framework_fit(algorithm)
    assert success(algorithm) >= 0.9
    assert trainer.global_step == algorithm.counters.cycles == 40
    assert algorithm.counters.updates == 800
    assert algorithm.counters.episodes == 320


def test_without_hindsight_it_does_not(make, framework_fit):
    algorithm = make(k=0, overlap=False)
    framework_fit(algorithm)
    assert success(algorithm) < 0.2


@pytest.mark.parametrize(
    "learner", ["sac", *(pytest.param(name, marks=pytest.mark.slow) for name in ("td3", "tqc"))]
)
def test_other_learners_learn_in_hindsight(make, framework_fit, learner):
    algorithm = make(learner=learner, overlap=False, learning_rate=2e-3, temperature=0.05)
    framework_fit(algorithm)
    assert success(algorithm) >= 0.9


@pytest.mark.parametrize("clip", [False, True])
def test_the_target_of_a_terminal_transition_is_its_reward(make, clip):
    algorithm = make(clip_targets=clip)
    random = torch.Generator().manual_seed(0)
    batch = Transitions(
        inputs=torch.randn(4, 6, generator=random),
        next_inputs=torch.randn(4, 6, generator=random),
        action=torch.randn(4, 3, generator=random),
        reward=torch.tensor([[-1.0], [-0.25], [0.0], [-0.25]]),
        discount=0.98 * torch.tensor([[0.0], [0.0], [0.0], [1.0]]),
    )
    target = algorithm.target
    worth = target.q(batch.next_inputs, target.mode(batch.next_inputs))[3].item()
    expected = -0.25 + 0.98 * worth
    found = algorithm.learner.targets(batch)[:, 0].tolist()
    assert found[:3] == [-1.0, -0.25, 0.0]
    assert found[3] == pytest.approx(min(expected, 0.0) if clip else expected, rel=1e-5)


def test_terminal_states_are_stored_and_learned_as_such(make, framework_fit):
    """Reaching the goal ends an episode here, with a reward of 0: nothing more can follow."""
    algorithm = make(PointGoal(8, dims=3, ends_at_goal=True), budget={"env_steps": 320}, clip_targets=False)
    framework_fit(algorithm)
    batch = algorithm._sample(algorithm.replay, 500)
    ended = batch.discount[:, 0] == 0
    assert 0 < ended.sum() < 500
    assert (algorithm.learner.targets(batch)[ended] == batch.reward[ended]).all()
    assert (batch.reward[ended] == 0).all()


def test_overlapped_training_is_the_same_every_time(make, framework_fit):
    one, other = (make(budget={"env_steps": 1600}, updates_per_cycle=4) for _ in range(2))
    for each in (one, other):
        framework_fit(each)
    assert_same(one.state_dict(), other.state_dict())
    assert_same(one.cycle_state(), other.cycle_state())


@pytest.mark.parametrize("overlap", [False, True])
def test_resumed_equals_uninterrupted(make, framework_fit, tmp_path, overlap):
    # Episodes of many lengths, some of them running when a cycle ends.
    parameters = {"budget": {"env_steps": 1600}, "overlap": overlap, "capacity": 700, "updates_per_cycle": 4}
    environment = lambda: PointGoal(8, dims=3, horizon=(3, 5, 7, 11, 13, 17, 19, 50))  # noqa: E731

    class Save(pl.Callback):
        def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
            if batch_idx == 6:
                trainer.save_checkpoint(tmp_path / "cut.ckpt")

    whole = make(environment(), **parameters)
    framework_fit(whole, callbacks=[Save()])
    resumed = make(environment(), **parameters)
    framework_fit(resumed, resume=tmp_path / "cut.ckpt")
    assert resumed.counters.cycles == 10
    assert_same(resumed.state_dict(), whole.state_dict())
    assert_same(resumed.optimizers().state_dict(), whole.optimizers().state_dict())
    assert_same(resumed.cycle_state(), whole.cycle_state())


@pytest.mark.parametrize("k", [0, 10**9])
def test_the_normaliser_is_fed_what_the_networks_will_be(make, k):
    """Every transition once: its observation, and its own goal or, nearly always, the one it is given."""
    algorithm = make(PointGoal(4, dims=3, horizon=(3, 5, 7, 11)), k=k, strategy="final")
    episodes = algorithm.collect()
    algorithm.absorb(episodes)
    rows = []
    for episode in episodes:
        steps = episode.steps
        goal = steps["achieved_goal"][-1:].repeat(len(episode), 0) if k else steps["desired_goal"][:-1]
        rows.append(np.concatenate([steps["observation"][:-1], goal], 1))
    fed = np.concatenate(rows).astype(np.float64)
    normalizer = algorithm.model.normalizer
    assert normalizer.count == len(fed) == len(algorithm.replay)
    np.testing.assert_allclose(normalizer.mean, fed.mean(0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(normalizer.std, fed.std(0), rtol=1e-5)


def test_cycles_without_the_end_of_an_episode_feed_it_nothing(make):
    algorithm = make(steps_per_cycle=7)
    assert algorithm.absorb(algorithm.collect()) == {}
    assert algorithm.model.normalizer.count == 0
    assert not algorithm.ready()


def test_every_process_has_streams_of_its_own(make):
    algorithm = make()
    seen = []
    for process in (0, 1, 0):
        algorithm._seed(process)
        actions = algorithm.explorer.exploration(
            {name: np.zeros((4, 3)) for name in ("observation", "desired_goal")}
        )
        seen.append((actions, algorithm.random.random(4), algorithm.collector._seed))
    for part in range(3):
        first, other, again = (each[part] for each in seen)
        assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_episodes_in_which_the_goal_moved_are_replayed_more_often(make):
    class Stuck(PointGoal):
        """Every other point does not move."""

        def step(self, actions):
            return super().step(actions * (np.arange(self.num_envs) % 2)[:, None])

    algorithm = make(Stuck(8, dims=3), moved_weight=11.0)
    algorithm.absorb(algorithm.collect())
    rows = algorithm.replay.sample(50_000, np.random.default_rng(0)).row
    moved = (algorithm.replay["achieved_goal"][rows] != algorithm.replay["achieved_goal"][rows + 1]).any(1)
    assert moved.sum() / (~moved).sum() == pytest.approx(11, rel=0.1)


@pytest.mark.parametrize("learner", ["ddpg", "sac"])
def test_the_served_policy_is_the_policy(make, learner):
    algorithm = make(learner=learner)
    algorithm.model.normalizer.update(torch.randn(100, 6) * 2 + 1)
    module, example = algorithm.served()
    assert {name: array.shape for name, array in example.items()} == {
        "observation": (2, 3),
        "desired_goal": (2, 3),
    }
    random = np.random.default_rng(0)
    observation = {"observation": random.normal(size=(5, 3)), "desired_goal": random.normal(size=(5, 3))}
    inputs = {name: torch.from_numpy(array.astype(np.float32)) for name, array in observation.items()}
    answer = module(**inputs).detach().numpy()
    np.testing.assert_allclose(answer, algorithm.act(observation), atol=1e-6)


def test_it_plays_episodes(make):
    class Filmed(PointGoal):
        def render(self):
            return tuple(np.full((4, 4, 3), i, np.uint8) for i in range(self.num_envs))

    report = make().play(Filmed(3, dims=3, horizon=(6, 2, 9)), episodes=4)
    # The first environment plays twice, the others once; each ends when it ends.
    assert [len(video.frames) for video in report.videos.values()] == [2, 6, 9, 6]
    assert [video.frames.max() for video in report.videos.values()] == [1, 0, 2, 0]
    assert list(report.videos) == [f"episode {number}" for number in (1, 2, 3, 4)]
