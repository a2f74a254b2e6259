"""What hiders earn when everybody plays at random, beside the released environment; run by hand.

python plugins/hide_seek/tests/random_play.py 200 fast
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from scipy import stats

from framework_hide_seek.config import GameConfig
from framework_hide_seek.game import Game

#: Hiders' returns of 10 episodes of random play in the released environment.
REFERENCE = (-36, -26, -2, 6, 4, -20, 4, -8, 16, -4)


def hiders_returns(episodes: int, **parameters: Any) -> np.ndarray:
    """Of so many games of the quadrant, at most 100 at a time, `(episodes,)`."""
    game = Game(GameConfig(num_envs=min(episodes, 100), **parameters))
    game.action_space.seed(0)
    found: list[np.ndarray] = []
    for seed in range(-(-episodes // game.num_envs)):
        game.reset(seed=seed)
        steps = [game.step(game.action_space.sample())[1][:, 0] for _ in range(game.config.steps)]
        found.append(np.sum(steps, axis=0))
    return np.concatenate(found)[:episodes]


def main(episodes: int, physics: Any) -> None:
    found = hiders_returns(episodes, physics=physics)
    for name, returns in ((f"here, {physics} physics", found), ("released", np.array(REFERENCE))):
        print(
            f"{name}: {len(returns)} episodes, mean {returns.mean():.1f}, deviation {returns.std(ddof=1):.1f}"
        )
    same = stats.ks_2samp(found, REFERENCE).pvalue, stats.mannwhitneyu(found, REFERENCE).pvalue
    print(f"of one distribution: Kolmogorov-Smirnov p = {same[0]:.2f}, Mann-Whitney p = {same[1]:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
