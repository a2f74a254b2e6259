"""Rewards, preparation, bounds, food, errors, and going on from a saved state."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from framework.errors import UserError
from framework.rl.film import film
from framework_hide_seek.config import GameConfig
from framework_hide_seek.game import Game
from framework_hide_seek.spaces import keyed

from .playing import drive, look, new, number, put, scatter, still, turn_to, where
from .random_play import REFERENCE, hiders_returns

FULL = {
    "layout": "rooms", "hiders": 3, "seekers": 3, "fewest_hiders": 1, "fewest_seekers": 1, "boxes": 9,
    "ramps": 2, "fewest_boxes": 3, "elongated": 3, "lock_ramps": True, "steps": 240,
}  # fmt: skip


def test_teams_earn_opposite_rewards() -> None:
    game = new()
    scatter(game)
    put(game, "hider_0", 1.0, 1.0)
    assert game.step(still(game))[1].tolist() == [[1, 1, -1, -1]]
    put(game, "seeker_1", 1.0, 2.0, turn_to(0, -1))
    _, reward, _, _, info = game.step(still(game))
    assert reward.tolist() == [[-1, -1, 1, 1]]
    assert info["seen"].tolist() == [True]


def test_seekers_wait_until_the_preparation_is_over() -> None:
    game = new(preparation=0.4, steps=10)
    put(game, "seeker_0", 1.0, 1.0)
    put(game, "hider_0", 2.0, 1.0)
    push = drive(game, {"seeker_0": (0, 1), "hider_0": (0, 1)})
    found = [game.step(push) for _ in range(10)]
    assert [bool(step[4]["preparation"][0]) for step in found] == [True] * 4 + [False] * 6
    assert [bool((step[1] != 0).all()) for step in found] == [False] * 4 + [True] * 6
    assert not np.concatenate([step[1] for step in found[:4]]).any()
    y = [step[0]["self"][0, number(game, "seeker_0"), 1] for step in found]
    assert y[3] == pytest.approx(1.0, abs=0.01)
    assert y[5] > 1.2
    assert found[1][0]["self"][0, 0, 1] > 1.1, "hiders do not wait"
    left = np.array([step[0]["self"][0, 0, -2:] for step in found])
    np.testing.assert_allclose(left[:9, 0], [0.75, 0.5, 0.25, 0, 0, 0, 0, 0, 0], atol=1e-6)
    np.testing.assert_allclose(left[:9, 1], np.arange(9, 0, -1) / 10, atol=1e-6)
    assert found[9][3].all(), "an episode is truncated"


def test_who_is_out_of_bounds_loses_ten() -> None:
    game = new(layout="rooms", outer_walls=0.0, rooms=1)
    scatter(game)
    put(game, "seeker_1", -6.2, 1.0)
    reward = game.step(still(game))[1]
    assert reward[0, 3] == -10
    assert (np.abs(reward[0, :3]) == 1).all()
    game = new()
    scatter(game)
    put(game, "ramp0", 3.0, 6.5)
    assert game.step(still(game))[1].tolist() == [[-10] * 4]


def test_food() -> None:
    game = new(hiders=2, seekers=1, food=1, boxes=0, ramps=0)
    put(game, "seeker_0", 5.5, 5.5, turn_to(1, 0))
    put(game, "hider_1", 0.5, 5.5, turn_to(0, 1))
    x, y = game.food.where[0, 0, :2]
    side = 1 if x < 3 else -1
    put(game, "hider_0", x + 0.3 * side, y, turn_to(-side, 0))
    look(game)  # now it sees the food, and in the next step eats of it
    before = game.food.health[0, 0]
    _, reward, _, _, _ = game.step(still(game))
    assert game.food.health[0, 0] == before - 1
    assert reward.tolist() == [[1.5, 1.5, -1.0]], "means over the team"
    for _ in range(before - 1):
        observation = game.step(still(game))[0]
    assert game.food.health[0, 0] == 0
    assert not observation["food_exists"].any()
    assert not observation["food_mask"].any()
    gone = 0
    while not observation["food_exists"].any():
        observation = game.step(still(game))[0]
        gone += 1
    assert gone == 5
    # Who is seen eats nothing.
    put(game, "seeker_0", x + 1.0 * side, y, turn_to(-side, 0))
    look(game)
    before = game.food.health.copy()
    reward = game.step(still(game))[1]
    assert (game.food.health == before).all()
    assert reward.tolist() == [[0.0, 0.0, 1.0]], "one of two hiders is seen"


def test_what_happened_is_counted() -> None:
    game = new(preparation=0.003)  # 3 steps
    scatter(game)
    door = game.tally.doors[0]
    assert not look_info(game)["doors_blocked"]
    for i, (x, y, _) in enumerate(door):
        if not np.isnan(x):
            put(game, f"box{i}", x, y)
    found = look_info(game)
    assert found["doors_blocked"]
    assert found["box_moved"] > 1.0
    look(game)
    put(game, "box0", 1.0, 1.0)
    put(game, "seeker_0", 1.0, 1.0, turn_to(1, 0), z=0.65)
    put(game, "box1", 1.0, 2.0)
    put(game, "hider_0", 1.45, 2.0, turn_to(-1, 0))
    look(game)
    game.step(drive(game, {}, lock=("hider_0",)))
    info = game.step(drive(game, {}, lock=("hider_0",)))[4]
    assert info["seeker_on_box"][0]
    assert info["boxes_locked"][0] == 1
    assert info["boxes_locked_preparation"][0] == 0
    assert info["doors_blocked_preparation"][0]


def look_info(game: Game) -> dict[str, float]:
    return {key: value[0] for key, value in game.step(still(game))[4].items()}


def test_errors_name_the_agent() -> None:
    game = new(2)
    with pytest.raises(ValueError, match=r"\(2, 3, 5\).*\(2, 4, 5\).*hider_0, hider_1, seeker_0, seeker_1"):
        game.step(np.zeros((2, 3, 5), int))
    actions = still(game)
    actions[1, 2, 0] = 11
    with pytest.raises(ValueError, match=r"actions of seeker_0 in environments \[1\].*\[11 +5 +5 +0 +0\]"):
        game.step(actions)
    with pytest.raises(ValueError, match="choices are integers"):
        game.step(still(game) * 1.0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"fewest_hiders": 3}, "fewest_hiders: 3"),
        ({"elongated": 3}, "elongated: 3"),
        ({"boxes": 5}, "layout: rooms"),
    ],
)
def test_wrong_parameters(wrong: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GameConfig(**wrong)


def test_too_much_for_the_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framework_hide_seek.layouts.placing.GAP", 5.0)
    with pytest.raises(UserError, match=r"no room .* \[0\]"):
        new()


def test_a_game_goes_on_from_the_middle() -> None:
    """With things held and locked, in another object; and other actions lead elsewhere."""
    make = lambda: Game(GameConfig(num_envs=6, **FULL, food=1))  # noqa: E731
    game = make()
    game.reset(seed=3)
    game.action_space.seed(0)
    for _ in range(120):
        actions = game.action_space.sample()
        actions[..., 3:] = np.random.default_rng(0).random(actions[..., 3:].shape) < 0.9
        game.step(actions)
    assert game.hands.locked.any()
    assert (game.hands.held >= 0).any()
    state = game.get_state()
    actions = [game.action_space.sample() for _ in range(10)]
    future = [game.step(action) for action in actions]
    other = make()
    other.reset(seed=4)
    other.set_state(state)
    for action, (observation, reward, *_) in zip(actions, future, strict=True):
        again, earned, *_ = other.step(action)
        assert all((again[key] == observation[key]).all() for key in observation)
        assert (earned == reward).all()


def test_random_play_earns_what_it_does_in_the_released_environment() -> None:
    hiders = hiders_returns(64)
    assert np.abs(hiders).max() <= 48
    assert stats.ks_2samp(hiders, REFERENCE).pvalue > 0.05
    assert stats.mannwhitneyu(hiders, REFERENCE).pvalue > 0.05


def test_pictures_show_who_is_where() -> None:
    game = new(render_size=96)
    scatter(game)
    put(game, "seeker_0", 1.0, 1.0)
    (frame,) = game.render()
    assert frame.shape == (96, 96, 3)
    assert frame.dtype == np.uint8
    side = 6.6 / 96
    red = np.argwhere((frame[..., 0] > 200) & (frame[..., 1:] < 80).all(axis=2))
    rows = red[(red[:, 0] > 48)]
    np.testing.assert_allclose(6.3 - side * (rows[:, 0].mean() + 0.5), 1.0, atol=0.1)
    np.testing.assert_allclose(side * (rows[:, 1].mean() + 0.5) - 0.3, 1.0, atol=0.1)
    np.testing.assert_allclose(where(game, "seeker_0")[0, :2], 1.0)


def test_films_need_no_opengl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mujoco.Renderer", None)
    game = new(2, steps=6, render_size=32)
    report = film(game, lambda observation: game.action_space.sample(), episodes=3, seed=0)
    assert len(report.videos) == 3
    assert all(video.frames.shape == (6, 32, 32, 3) for video in report.videos.values())
    assert {video.fps for video in report.videos.values()} == {13}


def test_keys() -> None:
    assert keyed(set()).tolist() == [5, 5, 5, 0, 0]
    assert keyed({"left", "up", "q", "space"}).tolist() == [0, 10, 10, 1, 0]
    assert keyed({"right", "down", "e", "l", "x"}).tolist() == [10, 0, 0, 0, 1]
    assert keyed({"left", "right"}).tolist() == [5, 5, 5, 0, 0]
    game = new()
    assert game.keyed({"up"}).tolist() == [5, 10, 5, 0, 0]
