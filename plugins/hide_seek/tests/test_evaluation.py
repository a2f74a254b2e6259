"""What the evaluators count, against games whose every move is known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from framework.errors import UserError
from framework.rl.policy import Policy
from framework.testing.point_goal import PointGoal
from framework_hide_seek.config import GameConfig
from framework_hide_seek.evaluation.config import CrossPlayConfig, StrategiesConfig
from framework_hide_seek.evaluation.cross_play import CrossPlay, chance
from framework_hide_seek.evaluation.games import play
from framework_hide_seek.evaluation.strategies import Strategies
from framework_hide_seek.game import Game
from framework_hide_seek.model.config import EntitiesConfig
from framework_hide_seek.model.policy import make_policy

SMALL = EntitiesConfig(filters=1, embedding=4, heads=1, hidden=4, units=4)


def game(num_envs: int = 2, steps: int = 10) -> Game:
    return Game(GameConfig(num_envs=num_envs, steps=steps))


def policy(environment: Any) -> Policy:
    torch.manual_seed(0)
    return make_policy(environment, SMALL)


class Recorded(Game):
    """A game that keeps what was earned and told, and in which boxes move by themselves."""

    def __init__(self, config: GameConfig) -> None:
        super().__init__(config)
        self.rows: list[tuple[Any, Any, Any]] = []

    def step(self, actions: Any) -> Any:
        self.qpos[:, len(self.hides), 0] += 0.02 * np.arange(self.num_envs)
        found = super().step(actions)
        told = {key: np.array(value) for key, value in found[4].items() if not key.startswith(("_", "final"))}
        self.rows.append((found[1].copy(), found[0]["active"].copy(), told))
        return found


@pytest.mark.parametrize("fewest", [None, 1])
def test_games_are_counted_from_their_beginning_to_their_end(fewest: int | None) -> None:
    environment = Recorded(GameConfig(num_envs=3, steps=10, fewest_hiders=fewest, fewest_seekers=fewest))
    played = play(environment, policy(environment), 5, seed=3)
    rewards, active, told = zip(*environment.rows, strict=True)
    rewards, active = np.array(rewards), np.array(active)
    # Five games in three environments: two each in the first two.
    where = [(0, slice(0, 10)), (0, slice(10, 20)), (1, slice(0, 10)), (1, slice(10, 20)), (2, slice(0, 10))]
    assert len(played.hiders) == len(where)
    for k, (i, rows) in enumerate(where):
        playing = active[rows, i][0] > 0  # the last one is of the next game
        assert played.hiders[k] == pytest.approx(rewards[rows, i, :2].sum(0)[playing[:2]].mean())
        assert played.seekers[k] == pytest.approx(rewards[rows, i, 2:].sum(0)[playing[2:]].mean())
        for name in ("seen", "seeker_on_box"):
            assert played.told[name][k] == pytest.approx(np.mean([step[name][i] for step in told[rows]][4:]))
        for name in ("box_moved", "ramp_moved", "boxes_locked", "ramps_locked", "doors_blocked"):
            assert played.told[name][k] == told[rows.stop - 1][f"{name}_preparation"][i]
    assert max(played.told["box_moved"]) > 0


def test_chance_takes_every_choice_alike() -> None:
    environment = game()
    observation, _ = environment.reset(seed=0)
    random = chance(policy(environment))
    seen = {key: torch.from_numpy(np.array(value)) for key, value in observation.items()}
    step = random.act(seen)
    expected = -3 * np.log(11) - 2 * np.log(2)
    np.testing.assert_allclose(step.log_prob.detach(), expected, rtol=1e-5)


def test_cross_play_is_of_all_pairs_and_ratings_follow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was kept later is made to win, as hiders and as seekers."""
    environment = game()
    trained = policy(environment)
    algorithm = SimpleNamespace(policy=trained, counters=SimpleNamespace(env_steps=0))
    judge = CrossPlay(CrossPlayConfig(every=10, games=4))

    def mark(level: float) -> None:
        with torch.no_grad():
            trained.head.linear.bias[0] = level  # type: ignore[union-attr,operator]

    for steps in (10, 20):
        mark(steps)
        algorithm.counters.env_steps = steps
        assert judge.monitor(algorithm, environment) == {"copies": steps / 10}
    again = CrossPlay(judge.config)
    again.load_state_dict(judge.state_dict())
    mark(30)
    algorithm.counters.env_steps = 30
    pairs = []

    def known(environment: Any, both: Any, games: int, seed: int) -> Any:
        levels = [float(member.head.linear.bias[0]) for member in both.members.values()]
        pairs.append(tuple(levels))
        hiders = np.full(games, float(np.sign(levels[0] - levels[1])))
        return SimpleNamespace(hiders=hiders, seekers=-hiders, told={"seen": (1 - hiders) / 2})

    monkeypatch.setattr("framework_hide_seek.evaluation.cross_play.play", known)
    report = again(algorithm, environment)
    assert pairs == [(hiders, seekers) for hiders in (0, 10, 20, 30) for seekers in (0, 10, 20, 30)]
    ratings = report.tables["ratings"].rows
    assert [row[0] for row in ratings] == ["random", "10", "20", "30"]
    assert [row[2] for row in ratings] == [0, pytest.approx(1 / 3), pytest.approx(2 / 3), 1]
    assert sorted(row[1] for row in ratings) == [row[1] for row in ratings]
    assert report.metrics["seen_random_by_trained"] == 1
    assert report.metrics["seen_trained_by_random"] == 0
    report.check()


def test_strategies_are_told_and_drawn() -> None:
    environment = game()
    algorithm = SimpleNamespace(
        policy=policy(environment),
        counters=SimpleNamespace(env_steps=5, updates=1, wall_seconds=1.0, cpu_seconds=1.0),
    )
    judge = Strategies(StrategiesConfig(games=4, monitor_games=2))
    watched = judge.monitor(algorithm, environment)
    again = Strategies(judge.config)
    again.load_state_dict(judge.state_dict())
    report = again(algorithm, environment)
    names = ["hiders_return", "seekers_return", "seen", "seeker_on_box"]
    names += ["box_moved", "ramp_moved", "boxes_locked", "ramps_locked", "doors_blocked"]
    assert list(report.metrics) == list(watched) == names
    assert len(report.figures) == len(names)


def test_other_environments_are_refused() -> None:
    with pytest.raises(UserError, match="PointGoal is no game of hide and seek"):
        play(PointGoal(2), policy(game()), 2, 0)
