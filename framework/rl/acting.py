"""From observations as a program has them, one or a batch, to actions."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from framework.errors import UserError
from framework.report import Report
from framework.rl.film import film
from framework.rl.keyboard import play_by_keys
from framework.rl.policy import Player, Policy
from framework.rl.trees import Tree
from framework.runs.weights import load_weights


class Plays:
    """What an algorithm can do with its `Policy`: act, play, be watched.

        class PPO(Plays, CycleAlgorithm): ...

    Attributes:
        policy: what it has learned.
        agents: size of the agent axis; None for no such axis.
    """

    policy: Policy
    agents: int | None = None

    def act(self, observation: Tree) -> Tree:
        """The policy's likeliest action, as the environment takes it.

        Args:
            observation: one, or a batch `(n, ...)`; an array, or a dict of arrays, of any
                numbers. One observation gives one action, a batch a batch.

        Raises:
            UserError: it is no observation of the environment's; or the policy remembers, and what
                it remembers belongs to one game: see `player`.
        """
        player = self.player()
        if player.remembers:
            raise UserError(
                "this policy has a memory\n  player = algorithm.player(); then player(observation) at each "
                "step, and player.ended() at the end of each episode"
            )
        return player(observation)

    def player(self) -> Player:
        """One who acts step by step and remembers, as a policy with a memory has to be asked."""
        return Player(self.policy, self.agents)

    def play(self, environment: Any, episodes: int = 3, seed: int = 0, keys: str = "") -> Report:
        """Film a few episodes, or let a person play an agent in them.

        Args:
            environment: one with `render`.
            episodes: how many.
            seed: of the first states.
            keys: the agent that a person plays, where there is a display; see `play_by_keys`.
        """
        if keys:
            return play_by_keys(environment, self.player(), keys, episodes, seed)
        return film(environment, self.player(), episodes, seed)


def rivals(algorithm: Any, name: str, against: Mapping[str, Path]) -> dict[str, Player]:
    """The algorithm's own policy, `name`, and those of other trainings of the same model, at play.

    Args:
        algorithm: a `Plays` with a `model`.
        name: what its own policy is called.
        against: checkpoints of the others, by name.

    Raises:
        UserError: a checkpoint does not fit.
    """
    players = {name: algorithm.player()}
    for other, path in against.items():
        model = copy.deepcopy(algorithm.model)
        load_weights(model, path)
        players[other] = Player(model.eval(), algorithm.agents)
    return players
