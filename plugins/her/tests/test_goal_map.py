"""Where goals are reached: which episode had which goal, in what quantities, in which cell."""

from __future__ import annotations

from types import SimpleNamespace

import gymnasium
import numpy as np
import pytest

from framework.errors import UserError
from framework.rl.cycle import Counters
from framework.rl.evaluate import evaluate_policy
from framework.testing.point_goal import PointGoal
from framework_her.config import SuccessRateConfig
from framework_her.fetch.config import FetchConfig
from framework_her.fetch.tasks import make_push
from framework_her.goal_map import Witness, draw, success_by
from framework_her.hand.config import BlockConfig, HandReachConfig, PenConfig
from framework_her.hand.tasks import make_block, make_pen, make_reach
from framework_her.success_rate import SuccessRate


def to_the_right_only(observation):
    """Reaches goals with a positive first coordinate; runs from the others."""
    way = np.clip((observation["desired_goal"] - observation["observation"]) / 0.2, -1, 1)
    return np.where(observation["desired_goal"][:, :1] > 0, way, -way)


@pytest.mark.parametrize("episodes", [3, 23])
@pytest.mark.parametrize("ends_at_goal", [False, True])
def test_every_outcome_gets_the_goal_of_its_episode(episodes, ends_at_goal):
    environment = PointGoal(4, ends_at_goal=ends_at_goal)
    witness = Witness(to_the_right_only, 4)
    played = evaluate_policy(environment, witness, episodes, seed=3)
    first, desired = witness.goals(episodes)
    assert first.shape == desired.shape == (episodes, 2)
    # Who started at the goal may be there by chance.
    far = np.linalg.norm(first - desired, axis=1) > 0.5
    np.testing.assert_array_equal(played.success[far] == 1, desired[far, 0] > 0)


def test_it_passes_on_which_episodes_ended():
    told = []
    policy = type(
        "Memory", (), {"__call__": lambda s, o: to_the_right_only(o), "ended": lambda s, w: told.append(w)}
    )
    evaluate_policy(PointGoal(2), Witness(policy(), 2), 4, seed=0)
    assert [which.tolist() for which in told if which.any()] == [[True, True]] * 3


def test_shares_of_success_by_cell():
    x = np.repeat([0.0, 1.0], 16)
    y = np.tile([0.0, 0.0, 0.0, 3.0], 8)
    success = (x == 1) & (y == 3)
    success[0] = True
    rates, across, up = success_by(x, y, success.astype(float))
    np.testing.assert_allclose(rates, [[1 / 12, 0], [0, 1]])
    np.testing.assert_allclose(across, [0, 0.5, 1])
    np.testing.assert_allclose(up, [0, 1.5, 3])


def test_cells_without_an_episode_are_empty():
    x = np.arange(32.0)
    rates, _, _ = success_by(x, x, np.ones(32))
    np.testing.assert_array_equal(rates, [[1, np.nan], [np.nan, 1]])


def test_one_quantity_is_drawn_as_bars():
    angle = np.repeat([10.0, 90.0, 170.0], 20)
    figure = draw({"angle (degrees)": angle}, np.repeat([1.0, 0.5, 0.0], 20).round() * (angle < 90))
    (axes,) = figure.axes
    assert [bar.get_height() for bar in axes.patches] == [1, 0, 0]
    assert axes.get_xlabel() == "angle (degrees)"


def test_a_single_goal_can_be_drawn():
    assert draw({"x": np.ones(30), "y": np.zeros(30)}, np.ones(30)).axes


def test_the_report_has_the_map():
    algorithm = SimpleNamespace(act=to_the_right_only, counters=Counters())
    report = SuccessRate(SuccessRateConfig(episodes=32))(algorithm, PointGoal(4))
    axes = report.figures["success by goal"].axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("goal[0]", "goal[1]")


def test_an_environment_without_goals_has_no_map():
    environment = gymnasium.make_vec("CartPole-v1", 2)
    witness = Witness(lambda observation: np.zeros(2, np.int64), 2)
    evaluate_policy(environment, witness, 2, seed=0)
    assert witness.goals(2) is None
    environment.close()


def test_quantities_of_the_tasks():
    push = make_push(FetchConfig(num_envs=1, threads=1))
    first, goal = np.zeros((2, 3)), np.array([[1.3, 0.7, 0.4], [1.4, 0.8, 0.4]])
    found = push.goal_quantities(first, goal)
    assert {name: values.tolist() for name, values in found.items()} == {
        "goal's x (m)": [1.3, 1.4],
        "goal's y (m)": [0.7, 0.8],
    }
    push.close()
    # A quarter turn about z, written as either of its quaternions, 3 cm away.
    half = np.sqrt(0.5)
    first = np.array([[0, 0, 0, 1, 0, 0, 0.0]] * 2)
    goal = np.array([[0, 0.03, 0, half, 0, 0, half], [0, 0.03, 0, -half, 0, 0, -half]])
    expected = {"angle to turn (degrees)": [90, 90], "distance to move (m)": [0.03, 0.03]}
    for make, config, names in (
        (make_block, BlockConfig(num_envs=1, threads=1), [*expected]),
        (make_block, BlockConfig(num_envs=1, threads=1, task="rotate_z"), ["angle to turn (degrees)"]),
    ):
        block = make(config)
        found = block.goal_quantities(first, goal)
        assert list(found) == names
        for name in names:
            np.testing.assert_allclose(found[name], expected[name])
        block.close()
    pen = make_pen(PenConfig(num_envs=1, threads=1, task="rotate"))
    np.testing.assert_allclose(pen.goal_quantities(first, goal)["angle to turn (degrees)"], 0, atol=1e-5)
    pen.close()
    reach = make_reach(HandReachConfig(num_envs=1, threads=1))
    (moved,) = reach.goal_quantities(np.zeros((1, 15)), np.full((1, 15), 0.1)).values()
    np.testing.assert_allclose(moved, 0.1 * np.sqrt(15))
    reach.close()


class Pictures(PointGoal):
    """Draws every point's environment in a shade of its own."""

    def render(self, envs):
        return [np.full((16, 16, 3), 40 * i, np.uint8) for i in envs]


def test_it_films_what_it_judged():
    algorithm = SimpleNamespace(act=to_the_right_only, counters=Counters())
    report = SuccessRate(SuccessRateConfig(episodes=4, film=2))(algorithm, Pictures(2))
    assert [video.frames.shape for video in report.videos.values()] == [(20, 16, 16, 3)] * 2
    assert not report.notes


def test_where_nothing_can_be_drawn_the_judgement_stays():
    algorithm = SimpleNamespace(act=to_the_right_only, counters=Counters())

    class Blind(PointGoal):
        def render(self, envs):
            raise UserError("no OpenGL here")

    report = SuccessRate(SuccessRateConfig(episodes=4, film=1))(algorithm, Blind(2))
    assert "rate" in report.metrics
    assert report.notes == ["Not filmed: no OpenGL here"]
