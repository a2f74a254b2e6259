"""Teams of several times against each other: a matrix, and ratings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from framework.ratings import elo_scores
from framework.report import Report, Table
from framework.rl.heads import Head
from framework.rl.policy import Policy
from framework.rl.selfplay.policies import TeamPolicies
from framework.rl.selfplay.snapshots import restored, snapshot
from framework.rl.targets import frozen_copy
from framework_hide_seek.evaluation.config import CrossPlayConfig
from framework_hide_seek.evaluation.games import play

Floats = NDArray[np.float64]


class CrossPlay:
    """Lets copies of the policy that were kept during training play each other, its last one, and chance.

    Each plays each, itself too, in both roles, from the same first layouts. Who earned more in a game has
    won it; ratings are Elo's, with half a win added to both sides of every pair.

    Args:
        config: the parameters.

    Attributes:
        every: units of the budget between two copies.
        kept: copies so far, by the environment steps they had learnt from.
    """

    def __init__(self, config: CrossPlayConfig) -> None:
        self.config = config
        self.every = config.every
        self.kept: dict[int, dict[str, Tensor]] = {}

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        """Play all pairs."""
        players = self._players(algorithm)
        names, count = list(players), len(players)
        seen, returns = np.zeros((2, count, count))
        wins: Floats = np.zeros((count, count))
        for i, hiders in enumerate(players.values()):
            for j, seekers in enumerate(players.values()):
                both = TeamPolicies({"hiders": hiders, "seekers": seekers}, environment.teams)
                played = play(environment, both, self.config.games, self.config.seed)
                seen[i, j], returns[i, j] = np.nanmean(played.told["seen"]), played.hiders.mean()
                won = np.sign(played.hiders - played.seekers)
                wins[i, j] += float((1 + won).sum()) / 2
                wins[j, i] += float((1 - won).sum()) / 2
        np.fill_diagonal(wins, 0)
        ratings = elo_scores(wins, prior=0.5)
        report = Report(
            metrics={
                "seen_random_by_random": seen[0, 0],
                "seen_random_by_trained": seen[0, -1],
                "seen_trained_by_random": seen[-1, 0],
                "seen_trained_by_trained": seen[-1, -1],
                "rating_over_random": float(ratings[-1] - ratings[0]),
            }
        )
        heading = ["hiders \\ seekers", *names]
        report.tables["seen"] = Table(
            heading,
            [[name, *row.tolist()] for name, row in zip(names, seen, strict=True)],
            caption=f"Share of steps at which hiders are seen, {self.config.games} games each.",
        )
        report.tables["hiders' return"] = Table(
            heading, [[name, *row.tolist()] for name, row in zip(names, returns, strict=True)]
        )
        report.tables["ratings"] = Table(
            ["player", "Elo", "games won"],
            [
                [name, float(rating), float(won / played)]
                for name, rating, won, played in zip(
                    names, ratings, wins.sum(1), (wins + wins.T).sum(1), strict=True
                )
            ],
            caption="Both roles together.",
        )
        report.figures["seen"] = _matrix(seen, names)
        return report

    def monitor(self, algorithm: Any, environment: Any) -> dict[str, float]:
        """Keep a copy."""
        self.kept[int(algorithm.counters.env_steps)] = snapshot(algorithm.policy)
        return {"copies": float(len(self.kept))}

    def state_dict(self) -> dict[str, Any]:
        return {"kept": dict(self.kept)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.kept = dict(state["kept"])

    def _players(self, algorithm: Any) -> dict[str, Policy]:
        """Chance first, then from old to new."""
        policy, last = algorithm.policy, int(algorithm.counters.env_steps)
        found = {"random": chance(policy)}
        for steps, weights in self.kept.items():
            if steps < last:
                found[f"{steps:,}"] = restored(policy, weights)
        return {**found, f"{last:,}": restored(policy, snapshot(policy))}


@torch.no_grad()
def chance(policy: Policy) -> Policy:
    """A policy like this one, to which all choices are alike."""
    random = frozen_copy(policy).cpu().eval()
    random.drop_critic()
    for module in random.modules():
        if isinstance(module, Head):
            module.linear.weight.zero_()
            module.linear.bias.zero_()
    return random


def _matrix(seen: Floats, names: list[str]) -> Figure:
    figure = Figure(figsize=(1.5 + 0.8 * len(names), 1 + 0.8 * len(names)), layout="constrained")
    axes = figure.subplots()
    axes.imshow(seen, vmin=0, vmax=1, cmap="viridis")
    for (i, j), value in np.ndenumerate(seen):
        axes.text(j, i, f"{value:.2f}", ha="center", va="center", color="white" if value < 0.6 else "black")
    axes.set(xlabel="seekers", ylabel="hiders", xticks=range(len(names)), yticks=range(len(names)))
    axes.set_xticklabels(names, rotation=45, ha="right")
    axes.set_yticklabels(names)
    return figure
