from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete, Text
from torch import nn

from framework.errors import UserError
from framework.rl.encoders import Encoder, Trunk
from framework.rl.policy import ActorCritic, actor_critic
from framework.testing.policy import check_policy
from tests.rl.spaces import ACTIONS, OBSERVATIONS

SMALL = Box(-1, 1, (2,))


@pytest.mark.parametrize("space", OBSERVATIONS)
def test_any_observation(space):
    check_policy(actor_critic(OBSERVATIONS[space], SMALL, hidden=[8], memory="gru", units=5))


@pytest.mark.parametrize("space", ACTIONS)
def test_any_action(space):
    check_policy(actor_critic(SMALL, ACTIONS[space], hidden=[8]))


@pytest.mark.parametrize("kind", ["gaussian", "squashed", "deterministic"])
@pytest.mark.parametrize("memory", [None, "lstm"])
def test_every_kind_of_head_with_and_without_memory(kind, memory):
    head = {"kind": kind, "state_std": memory is None}
    check_policy(actor_critic(SMALL, SMALL, hidden=[8], memory=memory, units=5, head=head, normalize=True))


def test_a_shared_trunk_a_memory_on_one_side_and_no_critic():
    trunk = Trunk(Encoder(SMALL), [8], memory="lstm", units=4)
    shared = ActorCritic(SMALL, Discrete(3), trunk, trunk)
    check_policy(shared)
    assert set(shared.initial_state(7)) == {"actor"}
    remembering = ActorCritic(SMALL, SMALL, Trunk(Encoder(SMALL), [8]), Trunk(Encoder(SMALL), memory="gru"))
    check_policy(remembering)
    assert {name: tuple(held.shape) for name, held in remembering.initial_state(2, 3).items()} == {
        "critic": (2, 3, 64)
    }
    actor = ActorCritic(SMALL, SMALL, Trunk(Encoder(SMALL), [8]), None)
    check_policy(actor)
    assert actor.value(torch.zeros(2)) is None


def test_each_network_sees_its_group_only():
    space = Dict(position=Box(-1, 1, (2,)), force=Box(-1, 1, (3,)))
    groups = {"actor": ["position"], "critic": ["force", "position"]}
    policy = actor_critic(space, SMALL, groups=groups, hidden=[8])
    check_policy(policy)
    here = {"position": torch.zeros(1, 2), "force": torch.zeros(1, 3)}
    pushed = here | {"force": torch.ones(1, 3)}
    before, after = (policy.act(seen, deterministic=True) for seen in (here, pushed))
    assert torch.equal(before.action, after.action)
    assert not torch.equal(before.value, after.value)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({"critic": ["forse"]}, "groups.critic: unknown observation 'forse'\n  did you mean 'force'?"),
        ({"actr": ["force"]}, "groups: unknown network 'actr'\n  did you mean 'actor'?"),
        ({"actor": ["xyz"]}, "groups.actor: unknown observation 'xyz'\n  known: force"),
        ({"actor": []}, "groups.actor is empty"),
    ],
)
def test_wrong_groups_are_refused(groups, message):
    with pytest.raises(UserError, match=re.escape(message)):
        actor_critic(Dict(force=SMALL), SMALL, groups=groups)


def test_what_cannot_be_is_refused():
    with pytest.raises(UserError, match="no Text space"):
        actor_critic(Dict(words=Text(5)), SMALL)
    with pytest.raises(UserError, match="names in a Dict space only"):
        actor_critic(SMALL, SMALL, groups={"actor": ["force"]})
    with pytest.raises(UserError, match="squashed policy needs actions that are bounded"):
        actor_critic(SMALL, Box(-np.inf, np.inf, (2,)), head={"kind": "squashed"})
    with pytest.raises(UserError, match=r"unknown memory 'lsmt'\n  did you mean 'lstm'"):
        actor_critic(SMALL, SMALL, memory="lsmt")


def test_bounded_actions_are_scaled_and_clipped_and_others_are_not():
    policy = actor_critic(SMALL, ACTIONS["box"])
    taken = policy.to_environment(torch.tensor([[-1.0, -1.0, 7.0], [9.0, 0.5, -7.0]]))
    assert taken.tolist() == [[-2, 0, 7], [2, 0.75, -7]]
    counted = actor_critic(SMALL, ACTIONS["bytes"]).to_environment(torch.tensor([[-1.0, -0.005]]))
    assert counted.tolist() == [[0, 127]]  # 126.86, rounded
    assert counted.dtype == np.uint8
    assert actor_critic(SMALL, ACTIONS["discrete"]).to_environment(torch.tensor([0, 3])).tolist() == [3, 6]


def test_the_order_of_names_does_not_matter():
    policy = actor_critic(OBSERVATIONS["dict"], ACTIONS["dict"])
    other_way = {
        "grip": {"fingers": torch.ones(3), "close": torch.tensor(1)},
        "move": torch.tensor([0.5, -0.5]),
    }
    taken = policy.to_environment(other_way)
    assert taken["move"].tolist() == [0.5, -0.5]
    assert taken["grip"]["fingers"].tolist() == [1, 1, 1]
    assert ACTIONS["dict"].contains(taken)


def test_what_encoders_see():
    encoder = Encoder(OBSERVATIONS["dict"])
    image = torch.tensor([[255, 0], [51, 0]], dtype=torch.uint8)
    seen = {"image": image, "hand": {"angle": torch.tensor([0.5, -0.5]), "on": torch.tensor(1)}}
    np.testing.assert_allclose(encoder(seen).sort().values, [-0.5, 0, 0, 0, 0.2, 0.5, 1, 1])
    assert encoder(seen).shape == (encoder.features,) == (8,)
    assert Encoder(OBSERVATIONS["discrete"])(torch.tensor([-2, 2])).argmax(-1).tolist() == [0, 4]


class Leak(Encoder):
    def forward(self, observation):
        return super().forward(observation) + observation.mean(-2, keepdim=True)


class Broken(ActorCritic):
    """A policy with a fault of a given kind."""

    def __init__(self, fault: str) -> None:
        trunk = Trunk(Encoder(SMALL), [8], memory="lstm", units=4)
        encoder = Leak(SMALL) if fault == "leak" else Encoder(SMALL)
        super().__init__(SMALL, SMALL, trunk, Trunk(encoder, [8]))
        self.fault = fault
        self.unused = nn.Parameter(torch.zeros(1), requires_grad=fault == "unused")

    def act(self, observation, state=None, is_first=None, *, deterministic=False, generator=None):
        if self.fault == "no reset":
            is_first = None
        step = super().act(
            observation,
            state,
            is_first,
            deterministic=deterministic and self.fault != "never deterministic",
            generator=None if self.fault == "own dice" else generator,
        )
        if self.fault == "forgets":
            step = step._replace(state={"actor": torch.zeros_like(step.state["actor"])})
        if self.fault == "log_prob":
            step = step._replace(log_prob=step.log_prob + 1)
        if self.fault == "shape":
            step = step._replace(value=step.value.unsqueeze(-1))
        return step

    def to_environment(self, action):
        return super().to_environment(action) + (2 if self.fault == "outside" else 0)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("no reset", "log_prob"),
        ("leak", "value of a row after a change of another row"),
        ("never deterministic", "deterministic actions"),
        ("own dice", "drawn from a generator"),
        ("forgets", "log_prob of a sequence"),
        ("log_prob", "log_prob of an action, evaluated"),
        ("shape", "value is"),
        ("outside", "outside Box"),
        ("unused", "no gradient reaches unused"),
    ],
)
def test_faults_are_found(fault, message):
    with pytest.raises(AssertionError, match=message):
        check_policy(Broken(fault))


def test_the_faultless_one_passes():
    check_policy(Broken(""))
