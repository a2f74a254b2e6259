"""Which agents an environment has, and who plays together.

An environment with an agent axis names its agents in an attribute `agents`. Its observations and actions
are `(num_envs, agents, ...)`, its rewards `(num_envs, agents)`, and its agents start and end together.

An attribute `teams` maps the name of each team to the places of its agents on that axis, `{"hiders":
(0, 1), "seekers": (2, 3)}`; without it they are one team, "agents". Where an agent's actions are without
effect for a while, an attribute `can_act`, `(num_envs, agents)` bool, says which of the next ones count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from framework.errors import UserError

Space: TypeAlias = gymnasium.Space[Any]


def teams_of(environment: Any) -> dict[str, tuple[int, ...]]:
    """The places of each team's agents by its name; empty where there is no agent axis.

    Where an environment names `agents` but no teams, they are one, called "agents".

    Raises:
        UserError: a place is in no team, or in two.
    """
    names = getattr(environment, "agents", None)
    everybody = {"agents": range(len(names))} if isinstance(names, Sequence) and names else {}
    teams: Mapping[str, Any] = getattr(environment, "teams", None) or everybody
    found = {name: tuple(int(place) for place in places) for name, places in teams.items()}
    taken = sorted(place for places in found.values() for place in places)
    if taken != list(range(len(taken))) or not all(found.values()):
        raise UserError(
            f"{type(environment).__name__} has teams {found}\n"
            "  each place of the agent axis, from 0, has to be in one of them, and each has to have one"
        )
    return found


def agents_of(environment: Any) -> int | None:
    """The size of the agent axis; None where there is none."""
    return sum(map(len, teams_of(environment).values())) or None


def can_act(environment: Any) -> NDArray[np.bool_] | None:
    """Whose next actions count, `(num_envs, agents)`, a copy; None where all do."""
    which = getattr(environment, "can_act", None)
    return None if which is None else np.array(which, np.bool_)


def agent_spaces(environment: Any) -> tuple[Space, Space]:
    """One observation and one action: of one agent, where there are many.

    Raises:
        UserError: the agents' are not alike, or are not one beside the other on a first axis.
    """
    both = environment.single_observation_space, environment.single_action_space
    agents = agents_of(environment)
    return both if agents is None else (agent_space(both[0], agents), agent_space(both[1], agents))


def agent_space(space: Space, agents: int) -> Space:
    """The space of one agent from that of all, whose parts are `(agents, ...)`.

    Raises:
        UserError: the agents' are not alike, or there is no such axis.
    """
    if isinstance(space, spaces.Dict):
        return spaces.Dict({key: agent_space(part, agents) for key, part in space.spaces.items()})
    if isinstance(space, spaces.Tuple):
        return spaces.Tuple([agent_space(part, agents) for part in space.spaces])
    if (space.shape or (0,))[0] != agents or isinstance(space, spaces.Discrete):
        raise UserError(f"of {agents} agents, a space has to be ({agents}, ...), not {space}")
    if isinstance(space, spaces.MultiBinary):
        shape = space.shape[1:]
        return spaces.MultiBinary(shape if len(shape) > 1 else shape[0]) if shape else spaces.Discrete(2)
    if isinstance(space, spaces.MultiDiscrete):
        parts = {"nvec": space.nvec, "start": space.start}
    elif isinstance(space, spaces.Box):
        parts = {"low": space.low, "high": space.high}
    else:
        raise UserError(f"agents take no {type(space).__name__} space")
    if any((part != part[:1]).any() for part in parts.values()):
        raise UserError(f"all agents need spaces that are alike, not {space}")
    one = {name: part[0] for name, part in parts.items()}
    if isinstance(space, spaces.Box):
        return spaces.Box(one["low"], one["high"], space.shape[1:], space.dtype)
    if one["nvec"].ndim == 0:
        return spaces.Discrete(int(one["nvec"]), start=int(one["start"]))
    return spaces.MultiDiscrete(one["nvec"], dtype=space.dtype, start=one["start"])
