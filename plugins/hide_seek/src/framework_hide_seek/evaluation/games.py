"""Playing games, and what happened in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from framework.errors import UserError
from framework.progress import tell
from framework.rl.evaluate import quotas
from framework.rl.policy import Player, Policy
from framework.rl.vector import final_info, final_observation
from framework_hide_seek.game import Game
from framework_hide_seek.tally import COUNTED

Floats = NDArray[np.float64]
#: What is told of the time after the preparation: the share of its steps at which it was so.
SHARES = ("seen", "seeker_on_box")
#: What is told as it was when the preparation ended.
PREPARED = tuple(name for name in COUNTED if name not in SHARES)


class Games(NamedTuple):
    """What happened in n games.

    Attributes:
        hiders, seekers: returns of each team, the mean of its agents', `(n)`.
        told: by name, `(n)` each, `SHARES` of the steps after the preparation, which are no numbers if there
            were none, and `PREPARED`.
    """

    hiders: Floats
    seekers: Floats
    told: dict[str, Floats]


def play(environment: Any, policy: Policy, games: int, seed: int) -> Games:
    """Play games whose actions are drawn, as they are in training.

    Args:
        environment: a `Game`.
        policy: of all agents.
        games: how many; the same seed, number and policy give the same games.
        seed: of the first layouts and of the draws.

    Raises:
        UserError: it is another environment.
    """
    if not isinstance(environment, Game):
        raise UserError(f"{type(environment).__name__} is no game of hide and seek: use hide_seek/game")
    n, hides = environment.num_envs, environment.hides
    quota, over = quotas(games, n), np.zeros(n, np.int64)
    player = drawing(environment, policy, seed)
    observation, _ = environment.reset(seed=seed)
    returns, shares, steps = np.zeros((n, len(hides))), np.zeros((n, len(SHARES))), np.zeros(n)
    found: list[list[Floats]] = [[] for _ in range(n)]  # one row for each game that is over
    while (over < quota).any():
        observation, reward, terminated, truncated, info = environment.step(player(observation))
        done = terminated | truncated
        player.ended(done)
        after = ~_told(info, ["preparation"], n)[:, 0].astype(np.bool_)
        returns += reward
        shares += _told(info, SHARES, n) * after[:, None]
        steps += after
        if not done.any():
            continue
        playing = np.asarray(final_observation(observation, info)["active"], np.bool_)
        teams = [(returns * (playing & team)).sum(1) / (playing & team).sum(1) for team in (hides, ~hides)]
        with np.errstate(invalid="ignore"):
            each = shares / steps[:, None]
        prepared = _told(info, [f"{name}_preparation" for name in PREPARED], n)
        rows = np.concatenate([np.stack(teams, 1), each, prepared], 1)
        for i in np.flatnonzero(done & (over < quota)):
            found[i].append(rows[i])
        over += done
        returns[done], shares[done], steps[done] = 0, 0, 0
        tell(int(np.minimum(over, quota).sum()), games, "games")
    hiders, seekers, *others = np.array([row for each in found for row in each]).T
    return Games(hiders, seekers, dict(zip((*SHARES, *PREPARED), others, strict=True)))


def _told(info: Mapping[str, Any], names: Sequence[str], n: int) -> Floats:
    """What a step's `info` says, `(n, names)`: of the games that were played, not of those that begin."""
    return np.stack([final_info(name, info, np.zeros(n)) for name in names], 1)


def drawing(environment: Any, policy: Policy, seed: int) -> Player:
    """One who draws actions: in games like this one the likeliest are easy to foresee."""
    generator = torch.Generator(next(policy.parameters()).device).manual_seed(seed)
    return Player(policy, len(environment.hides), generator)
