"""The framework's conformance checks, and that it learns."""

from pathlib import Path

import framework_cartpole

from framework.testing import (
    check_algorithm,
    check_environment,
    check_evaluator,
    check_model,
    check_plugin,
    check_recipe,
)

RECIPE = Path(framework_cartpole.__file__).parent / "recipes" / "cartpole.yaml"
ENVIRONMENT = {"use": "cartpole/balance", "num_envs": 4, "max_episode_steps": 30}
MODEL = {"use": "cartpole/policy", "hidden": 8}
ALGORITHM = {"use": "cartpole/reinforce", "updates": 8}


def test_plugin():
    check_plugin("cartpole")


def test_environment():
    check_environment(ENVIRONMENT)


def test_model():
    check_model(MODEL, environment=ENVIRONMENT)


def test_algorithm():
    check_algorithm(ALGORITHM, environment=ENVIRONMENT, model=MODEL)


def test_evaluator():
    evaluator = {"use": "cartpole/mean_return", "episodes": 6, "every": 8}
    check_evaluator(evaluator, environment=ENVIRONMENT, model=MODEL, algorithm=ALGORITHM)


def test_recipe(framework_run):
    check_recipe(RECIPE)
    result = framework_run(RECIPE)
    assert result.metrics["mean_return/return"] > 150
