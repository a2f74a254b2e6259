"""REINFORCE on a cart and pole: what this plugin offers. Imports nothing heavy."""

from framework import Component, hookimpl

FRAMEWORK_API = 1


@hookimpl
def register_environments():
    yield Component(
        "balance",
        "framework_cartpole.balance:make",
        parameters="framework_cartpole.config:BalanceConfig",
        doc="Keep a pole upright on a cart",
        source="Barto, Sutton and Anderson 1983",
    )


@hookimpl
def register_models():
    yield Component(
        "policy",
        "framework_cartpole.policy:Policy",
        parameters="framework_cartpole.config:PolicyConfig",
        doc="A small network that scores each action",
    )


@hookimpl
def register_algorithms():
    yield Component(
        "reinforce",
        "framework_cartpole.reinforce:Reinforce",
        parameters="framework_cartpole.config:ReinforceConfig",
        doc="Monte Carlo policy gradient",
        source="Williams 1992, section 4",
    )


@hookimpl
def register_evaluators():
    yield Component(
        "mean_return",
        "framework_cartpole.mean_return:MeanReturn",
        parameters="framework_cartpole.config:MeanReturnConfig",
        doc="Average return of the most probable actions",
    )
