from __future__ import annotations

import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Text, Tuple
from gymnasium.vector.utils import batch_space

from framework.errors import UserError
from framework.rl.selfplay.teams import agent_space, agent_spaces, agents_of, teams_of
from tests.rl.spaces import ACTIONS, OBSERVATIONS
from tests.rl.worlds import Counting, Duel

SPACES = [*OBSERVATIONS.values(), *ACTIONS.values()]


def beside(space, agents):
    """The space of several agents; gymnasium makes bounded integers of choices."""
    if isinstance(space, Dict):
        return Dict({key: beside(part, agents) for key, part in space.spaces.items()})
    if isinstance(space, Tuple):
        return Tuple([beside(part, agents) for part in space.spaces])
    if isinstance(space, Discrete):
        return MultiDiscrete([space.n] * agents, start=[space.start] * agents)
    if isinstance(space, MultiDiscrete):
        return MultiDiscrete(np.stack([space.nvec] * agents), start=np.stack([space.start] * agents))
    if isinstance(space, MultiBinary):
        return MultiBinary((agents, *space.shape))
    return batch_space(space, agents)


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_one_agents_space_is_what_all_of_theirs_were_made_of(space):
    assert agent_space(beside(space, 3), 3) == space


def test_flags_and_numbers_of_one_agent_stand_alone():
    assert agent_space(MultiBinary(3), 3) == Discrete(2)
    assert agent_space(MultiDiscrete([4, 4], start=[1, 1]), 2) == Discrete(4, start=1)


@pytest.mark.parametrize(
    ("space", "said"),
    [
        (Box(-1, 1, (2, 5)), r"has to be \(3, \.\.\.\), not Box"),
        (Discrete(3), r"has to be \(3, \.\.\.\), not Discrete"),
        (Dict(a=Tuple([Box(-1, 1)])), r"has to be \(3"),
        (Box(np.float32([0, 0, 0]), np.float32([1, 1, 2])), "need spaces that are alike"),
        (MultiDiscrete([[3, 2], [3, 2], [3, 1]]), "need spaces that are alike"),
        (Text(3), "Text"),
    ],
)
def test_agents_that_differ_are_refused(space, said):
    with pytest.raises(UserError, match=said):
        agent_space(space, 3)


def test_an_environment_says_who_plays_together():
    assert teams_of(Duel()) == {"evens": (0, 2), "odds": (1, 3)}
    assert agents_of(Duel()) == 4
    assert agent_spaces(Duel()) == (Dict(sees=Box(-np.inf, np.inf, (3,))), MultiDiscrete([3]))


def test_without_teams_there_is_no_agent_axis():
    environment = Counting()
    assert teams_of(environment) == {}
    assert agents_of(environment) is None
    assert agent_spaces(environment) == (
        environment.single_observation_space,
        environment.single_action_space,
    )


@pytest.mark.parametrize("teams", [{"a": (0, 1), "b": (1,)}, {"a": (0,), "b": (2,)}, {"a": (0,), "b": ()}])
def test_teams_that_do_not_share_out_the_agents_are_refused(teams):
    environment = Duel()
    environment.teams = teams
    with pytest.raises(UserError, match="each place of the agent axis"):
        teams_of(environment)
