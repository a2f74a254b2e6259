"""Speed of hide and seek, whole, and against the time that its physics and rays alone take.

    python -m benchmarks.hide_seek [--num-envs 64] [--rounds 7]

Episodes of random play on one thread, resets included. Physics and rays are timed where the game calls for
them, so that they are those of the very states it is in.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

from benchmarks.timing import Contender, Scores, Work, take_turns
from framework_hide_seek.config import GameConfig
from framework_hide_seek.game import Game

#: Games, and how many env steps per CPU-second each should reach; 0 for none set.
GAMES: dict[str, tuple[dict[str, Any], float]] = {
    "quadrant 2v2, fast": ({}, 6000),
    "quadrant 2v2, reference": ({"physics": "reference"}, 2900),
    "quadrant 3v3, fast": ({"hiders": 3, "seekers": 3}, 0),
    "full game, fast": (
        {
            "layout": "rooms", "hiders": 3, "seekers": 3, "fewest_hiders": 1, "fewest_seekers": 1, "boxes": 9,
            "ramps": 2, "fewest_boxes": 3, "elongated": 3, "lock_ramps": True, "steps": 240,
        },
        0,
    ),
}  # fmt: skip
#: Of the speed of physics and rays alone.
SHARE = 0.85


class Timed:
    """A game whose physics and rays are timed.

    Attributes:
        shares: which part of the CPU time of each call of `play` they took.
    """

    def __init__(self, num_envs: int, parameters: dict[str, Any]) -> None:
        self.game = Game(GameConfig(num_envs=num_envs, threads=1, **parameters))
        self.game.action_space.seed(0)
        self.game.reset(seed=0)
        self.shares: list[float] = []
        self._inside = 0.0
        for name in ("step", "ray"):
            setattr(self.game.batch, name, partial(self._time, getattr(self.game.batch, name)))

    def _time(self, call: Callable[..., Any], *given: Any) -> Any:
        start = time.process_time()
        result = call(*given)
        self._inside += time.process_time() - start
        return result

    def play(self) -> Work:
        """One episode; drawing the actions does not count."""
        game, self._inside = self.game, 0.0
        actions = [game.action_space.sample() for _ in range(game.config.steps)]
        start = time.process_time()
        for action in actions:
            game.step(action)
        took = time.process_time() - start
        self.shares.append(self._inside / took)
        return Work(len(actions) * game.num_envs, took)


def main(arguments: list[str] | None = None) -> int:
    """Print rates and shares; return 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--num-envs", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args(arguments)
    games = {name: Timed(options.num_envs, parameters) for name, (parameters, _) in GAMES.items()}
    contenders: dict[str, Contender] = {name: game.play for name, game in games.items()}
    rates = take_turns(contenders, options.rounds)
    scores = Scores()
    for name, (_, target) in GAMES.items():
        scores.at_least(f"{name}: env steps per CPU-second", rates.rate(name, "cpu"), target)
        share = median(games[name].shares)
        scores.at_least(f"{name}: speed / that of physics and rays alone", share, SHARE * bool(target))
    return scores.exit_code()


if __name__ == "__main__":
    raise SystemExit(main())
