from __future__ import annotations

from types import SimpleNamespace

import gymnasium
import numpy as np
import pytest

from framework.errors import UserError
from framework.rl.cycle import Counters
from framework.testing.point_goal import PointGoal
from framework_her.config import SuccessRateConfig
from framework_her.success_rate import SuccessRate


def straight(observation):
    return np.clip((observation["desired_goal"] - observation["observation"]) / 0.2, -1, 1)


def algorithm(act=straight, **counters):
    return SimpleNamespace(act=act, counters=Counters(**counters))


def test_it_reports_success_and_the_curve(tmp_path):
    evaluator = SuccessRate(SuccessRateConfig(episodes=30, every=100, monitor_episodes=10))
    for steps, act in ((100, lambda o: -straight(o)), (200, straight)):
        found = evaluator.monitor(
            algorithm(act, env_steps=steps, wall_seconds=steps / 10, cpu_seconds=steps / 25), PointGoal(4)
        )
        assert found["rate"] == (1.0 if steps == 200 else 0.0)
    report = evaluator(algorithm(), PointGoal(4))
    assert report.metrics["rate"] == 1.0
    assert report.tables["success"].rows[0][:3] == [30, 30, 1.0]
    assert [row[0] for row in report.tables["learning curve"].rows] == [100, 200]
    assert [row[-1] for row in report.tables["learning curve"].rows] == [0.0, 1.0]
    panels = {axis.get_xlabel(): axis.lines[0] for axis in report.figures["success rate"].axes}
    assert list(panels) == ["environment steps", "training time (s)", "CPU time of training (s)"]
    assert panels["CPU time of training (s)"].get_xdata().tolist() == [4, 8]
    assert any(path.suffix == ".png" for path in report.save(tmp_path))


def test_without_a_look_there_is_no_curve():
    evaluator = SuccessRate(SuccessRateConfig(episodes=3, every=0))
    assert evaluator.every == 0
    report = evaluator(algorithm(), PointGoal(2))
    assert set(report.figures) == {"success by goal"}
    assert set(report.tables) == {"success"}


def test_looks_and_final_evaluation_see_the_same_episodes_every_time():
    config = SuccessRateConfig(episodes=20, monitor_episodes=20, seed=7)
    slow = algorithm(lambda observation: 0.2 * straight(observation))
    rates = {SuccessRate(config)(slow, PointGoal(4)).metrics["return"] for _ in range(3)}
    assert len(rates) == 1
    other = SuccessRate(SuccessRateConfig(episodes=20, seed=8))(slow, PointGoal(4))
    assert other.metrics["return"] not in rates


def test_the_final_evaluation_is_of_episodes_that_no_look_has_seen():
    evaluator = SuccessRate(SuccessRateConfig(episodes=20, monitor_episodes=20, seed=7))
    slow = algorithm(lambda observation: 0.2 * straight(observation))
    seen = {evaluator.monitor(slow, PointGoal(4))["return"] for _ in range(2)}
    assert len(seen) == 1
    assert evaluator(slow, PointGoal(4)).metrics["return"] not in seen


def test_its_state_is_restored():
    one, other = SuccessRate(SuccessRateConfig()), SuccessRate(SuccessRateConfig())
    one.monitor(algorithm(env_steps=5), PointGoal(4))
    other.load_state_dict(one.state_dict())
    one.monitor(algorithm(env_steps=9), PointGoal(4))
    assert other.curve.points["env_steps"] == [5]


def test_an_environment_that_does_not_tell_success_is_the_users_error():
    environment = gymnasium.make_vec("CartPole-v1", 2)
    evaluator = SuccessRate(SuccessRateConfig(episodes=2))
    with pytest.raises(UserError, match="is_success"):
        evaluator(algorithm(lambda observation: np.zeros(2, np.int64)), environment)
    environment.close()
