"""The model of on-policy algorithms: an actor and a critic for any spaces."""

from __future__ import annotations

from typing import Any

from torch import nn

from framework.rl.on_policy.config import PolicyConfig
from framework.rl.policy import ActorCritic, actor_critic
from framework.rl.selfplay.teams import agent_spaces
from framework.runs.weights import load_weights

_ACTIVATIONS = {"tanh": nn.Tanh, "relu": nn.ReLU, "elu": nn.ELU}


def make_policy(environment: Any, config: PolicyConfig) -> ActorCritic:
    """An actor and a critic, sized from the spaces of one environment, or of one agent in it.

    Raises:
        UserError: no policy takes such a space, a group names what is not there, or the weights
            do not fit.
    """
    policy = actor_critic(
        *agent_spaces(environment),
        groups=config.groups,
        normalize=config.normalize,
        head={"std": config.std, "state_std": config.state_std},
        hidden=config.hidden,
        memory=config.memory,
        units=config.units,
        activation=_ACTIVATIONS[config.activation],
    )
    if config.weights is not None:
        load_weights(policy, config.weights)
    return policy
