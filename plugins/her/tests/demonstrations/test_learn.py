"""What is learned from demonstrations: the losses of the paper, and policies that reach goals."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from framework.errors import UserError
from framework.rl.budget import Budget
from framework.rl.evaluate import evaluate_policy
from framework.rl.off_policy.learner import Transitions
from framework.testing import awkward_recipes, check_algorithm, check_small_run
from framework.testing.point_goal import PointGoal
from framework_her.actor_critic import ActorCritic
from framework_her.config import ActorCriticConfig
from framework_her.demonstrations.cloning import BehaviourCloning
from framework_her.demonstrations.config import CloningConfig, LearningConfig
from framework_her.demonstrations.files import Demonstration, write

SEEN = ("observation", "achieved_goal", "desired_goal")


def played(number: int, dims: int = 3, steps: int = 20) -> list[Demonstration]:
    """Straight to the goal, a fifth of the box at most in a step."""
    environment = PointGoal(number, dims=dims, horizon=steps + 1)
    seen, actions = [environment.reset(seed=0)[0]], []
    for _ in range(steps):
        way = seen[-1]["desired_goal"] - seen[-1]["achieved_goal"]
        actions.append(np.clip(way / environment.speed, -1, 1).astype(np.float32))
        seen.append(environment.step(actions[-1])[0])
    columns = {key: np.stack([one[key] for one in seen], axis=1) for key in SEEN}
    columns["action"] = np.stack(actions, axis=1)
    return [
        Demonstration(**{key: value[i] for key, value in columns.items()}, success=True)
        for i in range(number)
    ]


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    path = tmp_path_factory.mktemp("shown") / "points.parquet"
    write(path, played(24), "")
    return path


def success(algorithm) -> float:
    return float(evaluate_policy(PointGoal(8, dims=3), algorithm.act, 100, seed=1).success.mean())


@pytest.mark.parametrize("q_filter", [True, False])
def test_the_policys_loss_is_the_papers(make, shown, q_filter):
    """Against autograd: λ1 times DDPG's loss, and λ2 times the squared distances of those that pass."""
    guide = LearningConfig(path=shown, per_batch=6, q_filter=q_filter, policy_weight=0.25, cloning_weight=0.5)
    algorithm = make(demonstrations=guide, batch_size=16, action_l2=0.3).double()
    random = torch.Generator().manual_seed(1)
    draw = lambda *shape: torch.randn(*shape, generator=random, dtype=torch.double)  # noqa: E731
    batch = Transitions(draw(16, 6), draw(16, 6), draw(16, 3).tanh(), draw(16, 1), 0 * draw(16, 1))
    found = {}
    algorithm.learner.update(
        batch, 0, lambda _, parameters, gradients, __: found.update(zip(parameters, gradients, strict=True))
    )
    model = copy.deepcopy(algorithm.model)
    q = lambda action: model.critic(torch.cat([batch.inputs, action], 1))  # noqa: E731
    action = model.actor(batch.inputs).tanh()
    policy = 0.3 * action.square().mean() - q(action).mean()
    passes = (q(batch.action) > q(action)).squeeze(1)[:6]
    assert 0 < passes.sum() < 6
    distance = (action - batch.action)[:6].square().sum(1)
    loss = 0.25 * policy + 0.5 * (distance * passes if q_filter else distance).sum()
    expected = torch.autograd.grad(loss, list(model.actor.parameters()))
    for parameter, gradient in zip(algorithm.model.actor.parameters(), expected, strict=True):
        torch.testing.assert_close(found[parameter], gradient)


def test_they_are_the_first_of_each_minibatch(make, shown, framework_fit):
    guide = LearningConfig(path=shown, per_batch=32)
    algorithm = make(demonstrations=guide, budget={"env_steps": 320}, k=0)
    framework_fit(algorithm)
    known = np.concatenate([one.action for one in played(24)]).astype(np.float32)
    for batch in algorithm.minibatches():
        theirs = (batch.action.numpy()[:, None] == known).all(-1).any(1)
        assert theirs[:32].all() and len(theirs) == 128 and theirs[32:].mean() < 0.5


def test_sparse_rewards_alone_do_not_teach_what_they_do(make, shown, framework_fit):
    """Without hindsight the goal is never reached by chance, as test_hindsight shows."""
    guide = LearningConfig(path=shown, per_batch=32)
    algorithm = make(k=0, demonstrations=guide, budget={"env_steps": 4800}, overlap=False)
    framework_fit(algorithm)
    assert success(algorithm) >= 0.7


def clone(shown, **parameters) -> BehaviourCloning:
    torch.manual_seed(0)
    environment = PointGoal(8, dims=3)
    config = CloningConfig(**{"demonstrations": shown, "budget": Budget(updates=600), **parameters})
    return BehaviourCloning(environment, ActorCritic(environment, ActorCriticConfig(hidden=(32,))), config)


def test_behaviour_cloning(shown, framework_fit):
    algorithm = clone(shown)
    framework_fit(algorithm)
    assert success(algorithm) >= 0.8
    assert (algorithm.counters.updates, algorithm.counters.env_steps) == (600, 0)
    one = played(8)[3]
    acted = algorithm.act({key: getattr(one, key)[:-1] for key in SEEN})
    assert np.abs(acted - one.action).mean() < 0.15


REACH = {"use": "her/fetch_reach", "num_envs": 2, "max_episode_steps": 10, "threads": 1}
MODEL = {"use": "her/actor_critic", "hidden": [16]}


@pytest.fixture(scope="module")
def reached(tmp_path_factory):
    """What `her/demonstrations` would write, but for the states."""
    path = tmp_path_factory.mktemp("reached") / "reach.parquet"
    random = np.random.default_rng(0)
    one = Demonstration(
        random.normal(size=(11, 10)), *random.normal(size=(2, 11, 3)), random.uniform(-1, 1, (10, 4)), True
    )
    write(path, [one, replace(one, success=False)], "")
    return str(path)


def test_both_are_algorithms(reached):
    """Resumed is as uninterrupted, and all else that the framework asks of an algorithm."""
    common = {"budget": {"updates": 8}, "updates_per_cycle": 2, "batch_size": 8}
    cloning = {"use": "her/behaviour_cloning", "demonstrations": reached}
    check_algorithm({**common, **cloning}, environment=REACH, model=MODEL)
    guided = {"use": "her/hindsight", "demonstrations": {"path": reached, "per_batch": 3}}
    small = {"steps_per_cycle": 10, "capacity": 1000}
    check_algorithm({**common, **guided, **small}, environment=REACH, model=MODEL)


def test_its_parameters_run_or_say_why_not(reached):
    small = {"budget": {"env_steps": 40}, "updates_per_cycle": 2, "steps_per_cycle": 10, "batch_size": 8}
    guided = {"use": "her/hindsight", "demonstrations": {"path": reached, "per_batch": 3}, "capacity": 100}
    recipe = {"environment": REACH, "model": MODEL, "algorithm": {**small, **guided}}
    tried = {name: changed for name, changed in awkward_recipes(recipe) if "demonstrations" in name}
    assert len(tried) == 7
    for name, changed in tried.items():
        refusal = check_small_run(changed)
        assert ("they have no states" in refusal) if name.endswith("{'starts': 1}") else not refusal


WRONG = {
    "nothing of one's own": (
        {"per_batch": 128},
        {},
        "demonstrations.per_batch: 128 leave nothing of batch_size: 128\n  give fewer",
    ),
    "a learner that does not clone": (
        {"per_batch": 8},
        {"learner": "sac"},
        "actions are cloned by DDPG's policy, not by that of learner: sac\n  give learner: ddpg, or",
    ),
    "nowhere to start from": (
        {"starts": 0.5, "per_batch": 8},
        {},
        "PointGoal cannot start from demonstrated states\n  give demonstrations.starts: 0, or take",
    ),
    "nothing there": (
        {"path": Path("nowhere.parquet"), "per_batch": 8},
        {},
        "no demonstrations at nowhere.parquet",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_go_together_is_said(make, shown, framework_fit, case):
    guide, parameters, message = WRONG[case]
    with pytest.raises(UserError, match=message):
        framework_fit(make(demonstrations=LearningConfig(**{"path": shown, **guide}), **parameters))


def test_cloning_takes_no_env_steps(shown):
    with pytest.raises(UserError, match=r"takes no env steps\n  give budget: \{updates: 10_000\}"):
        clone(shown, budget=Budget(env_steps=100))
