"""Learning by reward that belongs to no paper's plugin: the core's own components.

The core registers them itself, through the same hooks as any plugin's.
"""

from __future__ import annotations

from collections.abc import Iterator

from framework.component import Component
from framework.hookspecs import hookimpl

FRAMEWORK_API = 1


@hookimpl
def register_models() -> Iterator[Component]:
    """Policies for any spaces."""
    yield Component(
        "actor_critic",
        "framework.rl.on_policy.model:make_policy",
        parameters="framework.rl.on_policy.config:PolicyConfig",
        doc="Policy and value for any observations and actions, with or without memory",
    )


@hookimpl
def register_algorithms() -> Iterator[Component]:
    """Algorithms for any batched environment."""
    yield Component(
        "ppo",
        "framework.rl.on_policy.ppo:PPO",
        parameters="framework.rl.on_policy.config:PPOConfig",
        doc="Proximal policy optimisation",
        source="Schulman et al. 2017, Proximal Policy Optimization Algorithms",
    )


@hookimpl
def register_evaluators() -> Iterator[Component]:
    """Evaluators of any algorithm with a `player()`."""
    yield Component(
        "mean_return",
        "framework.rl.mean_return:MeanReturn",
        parameters="framework.rl.on_policy.config:MeanReturnConfig",
        doc="Mean return of whole episodes, and the learning curve",
        needs=("algorithm", "environment"),
    )
