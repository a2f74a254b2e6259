"""Opponents: in some games one team plays as it did in the past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from framework.rl.batch import State
from framework.rl.heads import Distribution
from framework.rl.policy import Policy, Step
from framework.rl.selfplay.snapshots import restored, snapshot
from framework.rl.trees import Tree, tree_map


class Opponents(Policy):
    """A policy that acts for all agents but those of one team in some games, for which its past acts.

    Whenever one of these games begins, the team and the copy of the policy are drawn. A game is played
    to its end by who began it, even where the copy is no longer kept. Until there is a copy, and in all
    other games, the policy plays itself.

    Args:
        policy: what acts now; its weights may change between steps.
        teams: places of each team's agents.
        games: which environments play against the past, numbers from 0.
        kept: copies that games are begun with; the oldest are thrown away.
        seed: of the draws.

    Attributes:
        present: the policy.
        taken: how many copies were taken so far.
    """

    def __init__(
        self,
        policy: Policy,
        teams: Mapping[str, Sequence[int]],
        games: Sequence[int],
        *,
        kept: int,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.observation_space, self.action_space = policy.observation_space, policy.action_space
        self.present, self.games, self.kept = policy, list(games), kept
        self._teams = [list(places) for places in teams.values()]
        self._random = np.random.default_rng(seed)
        self._weights: dict[int, dict[str, Tensor]] = {}  # by the number of the copy, in the order taken
        self._past: dict[int, Policy] = {}
        self.taken = 0
        # Of each game: the number of the copy that plays, -1 for none, and the team that it plays for.
        self._who: NDArray[np.int64] = np.full(len(self.games), -1)
        self._side: NDArray[np.int64] = np.zeros(len(self.games), np.int64)

    def take(self) -> None:
        """Keep a copy of the policy as it is."""
        self._keep(self.taken, snapshot(self.present))
        self.taken += 1
        self._forget()

    def initial_state(self, *batch: int) -> State:
        return self.present.initial_state(*batch)

    def forward(
        self, observation: Tree, state: State | None = None, is_first: Tensor | None = None
    ) -> tuple[Distribution, Tensor | None, State]:
        """The present policy's alone."""
        return self.present(observation, state, is_first)  # type: ignore[no-any-return]

    def to_environment(self, action: Tree) -> Tree:
        return self.present.to_environment(action)

    def act(
        self,
        observation: Tree,
        state: State | None = None,
        is_first: Tensor | None = None,
        *,
        deterministic: bool = False,
        generator: Generator | None = None,
    ) -> Step:
        """See `Policy.act`; `own` says where it was not the past that chose."""
        if is_first is not None and self._weights:
            self._begin(is_first[self.games, 0].cpu().numpy())
        options: Any = {"deterministic": deterministic, "generator": generator}
        step = self.present.act(observation, state, is_first, **options)
        own = torch.ones_like(step.log_prob, dtype=torch.bool)
        action, log_prob, after = step.action, step.log_prob, step.state
        for who in np.unique(self._who[self._who >= 0]).tolist():
            here = np.flatnonzero(self._who == who)
            rows = torch.tensor([self.games[i] for i in here])
            theirs = self._places(here, own.shape[1])
            own[rows] = ~theirs
            held = None if state is None else tree_map(lambda x, at=rows: x[at], dict(state))
            first = None if is_first is None else is_first[rows]
            seen = tree_map(lambda x, at=rows: x[at], observation)
            other = self._past[who].act(seen, held, first, **options)
            put = _put(rows, theirs)
            action, log_prob = tree_map(put, action, other.action), put(log_prob, other.log_prob)
            # Copies have no critic, and its memory is of no use where they play.
            after = {**after, **{key: put(after[key], x) for key, x in other.state.items()}}
        return Step(action, log_prob, step.value, after, own)

    def save_games(self) -> dict[str, Any]:
        """All copies, who plays whom, and where the draws go on; not the present policy."""
        return {
            "weights": {who: dict(weights) for who, weights in self._weights.items()},
            "taken": self.taken,
            "who": self._who.copy(),
            "side": self._side.copy(),
            "random": self._random.bit_generator.state,
        }

    def load_games(self, state: Mapping[str, Any]) -> None:
        """Continue from what `save_games` returned."""
        self._weights, self._past = {}, {}
        for who, weights in state["weights"].items():
            self._keep(who, weights)
        self.taken = state["taken"]
        self._who, self._side = state["who"].copy(), state["side"].copy()
        self._random.bit_generator.state = state["random"]

    def _begin(self, first: NDArray[np.bool_]) -> None:
        """Draw who plays the games that begin."""
        count = int(first.sum())
        if not count:
            return
        newest = sorted(self._weights)[-self.kept :]
        self._who[first] = self._random.choice(newest, count)
        self._side[first] = self._random.integers(len(self._teams), size=count)
        self._forget()

    def _places(self, games: NDArray[np.int64], agents: int) -> Tensor:
        """For which agents the past acts in some games, `(len(games), agents)`."""
        of_team = torch.zeros(len(self._teams), agents, dtype=torch.bool)
        for team, places in enumerate(self._teams):
            of_team[team, places] = True
        return of_team[torch.from_numpy(self._side[games])]

    def _keep(self, who: int, weights: dict[str, Tensor]) -> None:
        self._weights[who] = weights
        self._past[who] = restored(self.present, weights)

    def _forget(self) -> None:
        """Throw away the old ones that play no more."""
        newest = sorted(self._weights)[-self.kept :]
        for who in set(self._weights) - set(newest) - set(self._who.tolist()):
            del self._weights[who], self._past[who]


def _put(rows: Tensor, where: Tensor) -> Any:
    """What puts values `(len(rows), agents, ...)` into these rows of `(n, agents, ...)`, for some agents."""

    def put(into: Tensor, value: Tensor) -> Tensor:
        mask = where.reshape(*where.shape, *[1] * (value.ndim - 2))
        return into.index_copy(0, rows, torch.where(mask, value, into[rows]))

    return put
