"""The model `hide_seek/entities`."""

from __future__ import annotations

from typing import Any

from gymnasium import spaces
from torch import nn

from framework.errors import UserError
from framework.rl.encoders import Trunk
from framework.rl.policy import ActorCritic, Policy
from framework.rl.selfplay.policies import TeamPolicies
from framework.rl.selfplay.teams import agent_spaces, teams_of
from framework.runs.weights import load_weights
from framework_hide_seek.model.config import EntitiesConfig
from framework_hide_seek.model.encoder import EntityEncoder, kinds
from framework_hide_seek.model.normalizer import EntityNormalizer
from framework_hide_seek.model.tuning import start_from


def make_policy(environment: Any, config: EntitiesConfig) -> Policy:
    """Actors that act on what they see, and critics of the same shape that know all, with memories.

    Raises:
        UserError: the environment has other observations; the heads do not share out the embedding; the
            kernel has no middle; or the weights do not fit.
    """
    seen, done = agent_spaces(environment)
    kinds(seen)
    assert isinstance(seen, spaces.Dict)
    if config.embedding % config.heads:
        raise UserError(f"{config.heads} heads cannot share out an embedding of {config.embedding} units")
    if config.kernel % 2 == 0:
        raise UserError(f"a kernel of {config.kernel} rays has no middle: give it an odd number")
    policy: Policy
    if config.separate:
        teams = teams_of(environment)
        policy = TeamPolicies({name: _actor_critic(seen, done, config) for name in teams}, teams)
    else:
        policy = _actor_critic(seen, done, config)
    if config.renew and not isinstance(policy, ActorCritic):
        raise UserError("renew: one network for all is fine-tuned; leave separate: true out")
    if config.weights is not None and isinstance(policy, ActorCritic):
        start_from(policy, config.weights, config.renew)
    elif config.weights is not None:
        load_weights(policy, config.weights)
    return policy


def _actor_critic(seen: spaces.Dict, done: spaces.Space[Any], config: EntitiesConfig) -> ActorCritic:
    actor, critic = (
        Trunk(
            EntityEncoder(
                seen,
                embedding=config.embedding,
                heads=config.heads,
                filters=config.filters,
                kernel=config.kernel,
                omniscient=omniscient,
            ),
            [config.hidden],
            memory="lstm",
            units=config.units,
            activation=nn.ReLU,
            norm=config.layer_norm,
        )
        for omniscient in (False, True)
    )
    normalizer = EntityNormalizer(seen) if config.normalize else None
    return ActorCritic(seen, done, actor, critic, normalizer=normalizer)
