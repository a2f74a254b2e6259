"""Does a plugin do what the framework asks? Checks and pytest fixtures for plugin authors.

Each check takes components as a recipe writes them, a name or a section, and raises an
`AssertionError` that says what is wrong:

    from framework.testing import check_environment

    def test_environment():
        check_environment({"use": "cartpole/balance", "num_envs": 4})

The fixtures come with `addopts = ["-p", "framework.testing.fixtures"]` in the plugin's
pytest settings. Nothing heavy is imported until a check is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.lazy import lazily

if TYPE_CHECKING:
    from framework.testing.algorithm import check_algorithm
    from framework.testing.environment import check_environment
    from framework.testing.equality import assert_same
    from framework.testing.evaluator import check_evaluator
    from framework.testing.model import check_model
    from framework.testing.parameters import awkward_recipes, check_small_run
    from framework.testing.plugin import check_plugin
    from framework.testing.policy import check_policy
    from framework.testing.producer import check_producer
    from framework.testing.recipe import check_experiment, check_recipe

__all__ = [
    "assert_same",
    "awkward_recipes",
    "check_algorithm",
    "check_environment",
    "check_evaluator",
    "check_experiment",
    "check_model",
    "check_plugin",
    "check_policy",
    "check_producer",
    "check_recipe",
    "check_small_run",
]

__getattr__ = lazily(
    __name__,
    {
        "assert_same": "equality",
        "awkward_recipes": "parameters",
        "check_algorithm": "algorithm",
        "check_environment": "environment",
        "check_evaluator": "evaluator",
        "check_experiment": "recipe",
        "check_model": "model",
        "check_plugin": "plugin",
        "check_policy": "policy",
        "check_producer": "producer",
        "check_recipe": "recipe",
        "check_small_run": "parameters",
    },
)
