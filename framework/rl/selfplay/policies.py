"""TeamPolicies: a policy for each team, as one policy of all agents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Generator, Tensor, nn

from framework.errors import UserError
from framework.rl.batch import State
from framework.rl.heads import Distribution
from framework.rl.policy import Policy
from framework.rl.trees import Tree, space_tree, tree_map


class TeamPolicies(Policy):
    """Several policies, each of which acts for the agents of one team: separate networks, or two players.

    The last axis of its batches is that of the agents. Whatever learns or plays with one policy for all
    does so with this, too.

    Args:
        policies: by team; for the same spaces, and with hidden states of the same sizes. A policy that is
            itself made of several acts for a team by the one that it has for it.
        teams: places of each team's agents, which are 0 to `agents - 1` together.

    Raises:
        UserError: a team has no policy, or policies remember differently.
    """

    def __init__(self, policies: Mapping[str, Policy], teams: Mapping[str, Sequence[int]]) -> None:
        super().__init__()
        if set(policies) != set(teams):
            raise UserError(f"policies of {sorted(policies)} cannot play for teams {sorted(teams)}")
        members = {name: _of(policies[name], name) for name in teams}
        self.members = nn.ModuleDict(members)
        self.teams = {name: list(places) for name, places in teams.items()}
        first = next(iter(members.values()))
        self.observation_space, self.action_space = first.observation_space, first.action_space
        sizes = [tree_map(lambda x: x.shape, each.initial_state(1)) for each in members.values()]
        if any(size != sizes[0] for size in sizes):
            raise UserError("policies that remember differently cannot play together")
        self._back = _back(self.teams.values())
        self.agents = len(self._back)

    def initial_state(self, *batch: int) -> State:
        return self._first.initial_state(*batch)

    def forward(
        self, observation: Tree, state: State | None = None, is_first: Tensor | None = None
    ) -> tuple[Distribution, Tensor | None, State]:
        found: list[tuple[Distribution, Tensor | None, State]] = []
        for name, places in self.teams.items():
            held = None if state is None else {key: x[..., places, :] for key, x in state.items()}
            first = None if is_first is None else is_first[..., places]
            found.append(self.members[name](self._of_team(name, observation), held, first))
        distributions, values, states = zip(*found, strict=True)
        after = {
            key: torch.cat([each[key] for each in states], -2)[..., self._back, :]
            for key in states[0]
            if all(key in each for each in states)
        }
        together = Together(distributions, list(self.teams.values()))
        if any(value is None for value in values):
            return together, None, after
        return together, torch.cat(values, -1)[..., self._back], after

    def to_environment(self, action: Tree) -> Tree:
        return self._first.to_environment(action)

    def normalize_by(self, observation: Tree) -> None:
        for name in self.teams:
            self.members[name].normalize_by(self._of_team(name, observation))  # type: ignore[operator]

    def drop_critic(self) -> None:
        for member in self.members.values():
            member.drop_critic()  # type: ignore[operator]

    @property
    def _first(self) -> Policy:
        return next(iter(self.members.values()))  # type: ignore[return-value]

    def _of_team(self, name: str, observation: Tree) -> Tree:
        return select(space_tree(self.observation_space), observation, self.teams[name])


class Together(Distribution):
    """What the policies of several teams may do, along the axis of the agents.

    Args:
        each: their distributions.
        places: of each team's agents.
    """

    def __init__(self, each: Sequence[Distribution], places: Sequence[list[int]]) -> None:
        super().__init__([part for one in each for part in one.parts], each[0].tree)
        self.each, self.places, self.back = each, places, _back(places)

    def sample(self, generator: Generator | None = None) -> tuple[Tree, Tensor]:
        actions, log_probs = zip(*(one.sample(generator) for one in self.each), strict=True)
        return self._beside(actions), self._numbers(log_probs)

    def mode(self) -> Tree:
        return self._beside([one.mode() for one in self.each])

    def log_prob(self, action: Tree) -> Tensor:
        teams = zip(self.each, self.places, strict=True)
        return self._numbers([one.log_prob(select(self.tree, action, places)) for one, places in teams])

    def entropy(self) -> Tensor:
        return self._numbers([one.entropy() for one in self.each])

    def _beside(self, actions: Sequence[Tree]) -> Tree:
        joined = lambda space, *x: torch.cat(x, _axis(space, x[0]))  # noqa: E731
        return select(self.tree, tree_map(joined, self.tree, *actions), self.back)

    def _numbers(self, each: Sequence[Tensor]) -> Tensor:
        return torch.cat(list(each), -1)[..., self.back]


def select(tree: Tree, values: Tree, places: list[int]) -> Tree:
    """Elements `(*batch, agents, ...)` of a space, given as `space_tree` does, of some of the agents."""
    return tree_map(lambda space, x: x[(*[slice(None)] * _axis(space, x), places)], tree, values)


def _axis(space: Any, x: Tensor) -> int:
    """Which one is that of the agents."""
    return int(x.ndim - len(space.shape) - 1)


def _back(places: Iterable[Sequence[int]]) -> list[int]:
    """Where each agent is when those of all teams follow one another."""
    return torch.tensor([place for each in places for place in each]).argsort().tolist()


def _of(policy: Policy, team: str) -> Policy:
    return policy.members[team] if isinstance(policy, TeamPolicies) else policy  # type: ignore[return-value]
