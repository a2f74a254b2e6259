"""Learning by reward that belongs to no paper's plugin: the core's own components.

The core registers them itself, through the same hooks as any plugin's.
"""

from __future__ import annotations

from collections.abc import Iterator

from framework.component import Component
from framework.hookspecs import hookimpl

FRAMEWORK_API = 1

_OFF_POLICY = (
    (
        "ddpg",
        "Deep deterministic policy gradients",
        "Lillicrap et al. 2015, Continuous Control with Deep Reinforcement Learning",
    ),
    (
        "td3",
        "Twin delayed deep deterministic policy gradients",
        "Fujimoto et al. 2018, Addressing Function Approximation Error in Actor-Critic Methods",
    ),
    ("sac", "Soft actor-critic", "Haarnoja et al. 2018, Soft Actor-Critic Algorithms and Applications"),
    (
        "tqc",
        "Truncated quantile critics",
        "Kuznetsov et al. 2020, Controlling Overestimation Bias with Truncated Mixture of Quantile Critics",
    ),
)


@hookimpl
def register_models() -> Iterator[Component]:
    """Policies for any spaces."""
    yield Component(
        "actor_critic",
        "framework.rl.on_policy.model:make_policy",
        parameters="framework.rl.on_policy.config:PolicyConfig",
        doc="Policy and value for any observations and actions, with or without memory",
    )
    yield Component(
        "actor_q",
        "framework.rl.off_policy.model:ActorQ",
        parameters="framework.rl.off_policy.config:ActorQConfig",
        doc="Policy and action values for any observations and bounded actions",
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
    yield Component(
        "self_play",
        "framework.rl.selfplay.ppo:SelfPlay",
        parameters="framework.rl.selfplay.config:SelfPlayConfig",
        doc="Proximal policy optimisation of teams that play each other, as they are and as they were",
        source="Baker et al. 2019, Emergent Tool Use From Multi-Agent Autocurricula, appendix B",
    )
    yield Component(
        "distillation",
        "framework.rl.on_policy.distillation:Distillation",
        parameters="framework.rl.on_policy.config:DistillationConfig",
        doc="Teach a policy what another knows, where the learner comes to (DAgger)",
        source="OpenAI et al. 2019, Solving Rubik's Cube with a Robot Hand, section 6",
    )
    yield Component(
        "curious",
        "framework.rl.curiosity.ppo:Curious",
        parameters="framework.rl.curiosity.config:CuriousConfig",
        doc="Proximal policy optimisation for what is new: counted visits, or random network distillation",
        source="Tang et al. 2017, #Exploration; Burda et al. 2019, Random Network Distillation",
    )
    for name, doc, source in _OFF_POLICY:
        yield Component(
            name,
            f"framework.rl.off_policy.{name}:{name.upper()}",
            parameters=f"framework.rl.off_policy.config:{name.upper()}Config",
            doc=doc,
            source=source,
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
    yield Component(
        "transfer",
        "framework.rl.transfer:Transfer",
        parameters="framework.rl.transfer_config:TransferConfig",
        doc="A policy where it was trained and where not: a table over sets of the environment's parameters",
        needs=("algorithm", "environment"),
    )
