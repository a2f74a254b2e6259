"""The framework's conformance checks, and that it learns."""

from framework.testing import check_experiment, check_plugin

SMALL = [
    "environment.num_envs=4",
    "environment.max_episode_steps=30",
    "model.hidden=8",
    "algorithm.updates=8",
    "evaluators.0.episodes=6",
    "evaluators.0.every=8",
]


def test_plugin():
    check_plugin("cartpole")


def test_experiment():
    check_experiment("cartpole", SMALL)


def test_learning(framework_run):
    result = framework_run("cartpole")
    assert result.metrics["mean_return/return"] > 150
