"""A student against its teacher: what it is asked for, step by step, and that it comes to do it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from framework.errors import UserError
from framework.rl.budget import Budget
from framework.rl.on_policy.config import DistillationConfig, PolicyConfig
from framework.rl.on_policy.distillation import Distillation
from framework.rl.on_policy.model import make_policy
from framework.rl.policy import Player
from framework.testing import check_algorithm
from framework.testing.point_goal import PointGoal
from framework.testing.sections import build

CARTPOLE = {"use": "gymnasium/make", "id": "CartPole-v1", "num_envs": 2}


def saved(policy, folder):
    path = folder / "teacher.ckpt"
    torch.save({"state_dict": {f"model.{name}": value for name, value in policy.state_dict().items()}}, path)
    return path


def make(folder, student=None, **config):
    """A student without memory, a teacher with one, who says something else at each step."""
    torch.manual_seed(0)
    environment = PointGoal(4, horizon=(3, 5, 8, 13))
    known = PolicyConfig(hidden=(8,), memory="lstm", units=4, std=0.5)
    teacher = make_policy(environment, known)
    for weight in teacher.head.parameters():
        torch.nn.init.normal_(weight, std=0.5)
    path = saved(teacher, folder)
    blank = make_policy(environment, known)
    model = make_policy(environment, student or PolicyConfig(hidden=(32,)))
    settings = {"budget": Budget(env_steps=320), "steps": 20, "teacher": blank, "checkpoint": path, **config}
    return Distillation(environment, model, DistillationConfig(**settings)), teacher


@pytest.mark.parametrize("student", [PolicyConfig(hidden=(8,)), PolicyConfig(hidden=(8,), memory="gru")])
def test_the_loss_is_the_divergence_from_what_the_teacher_would_have_done(tmp_path, student):
    algorithm, teacher = make(tmp_path, student, sequence_length=5, value_weight=0.7)
    fragments = [algorithm.collect() for _ in range(2)]
    for each in fragments:
        algorithm.absorb(each)
    batch = algorithm.buffer.batch
    (everything,) = algorithm.buffer.minibatches(1)
    loss, parts = algorithm.loss(everything)

    # The teacher plays along, one step at a time, through both fragments.
    state, asked = None, []
    with torch.no_grad():
        for fragment, _ in fragments:
            for t in range(20):
                row = {name: value[t : t + 1] for name, value in fragment.observation.items()}
                mine, worth, state = teacher(row, state, fragment.is_first[t : t + 1])
                asked.append((mine.parts[0].loc[0], mine.parts[0].scale[0], worth[0]))
        mean, std, worth = (torch.stack(each[20:]).double().numpy() for each in zip(*asked, strict=True))
        mine, value, _ = algorithm.model(batch.observation, batch.state_in and _first(batch), batch.is_first)
    own, spread, value = (x.double().numpy() for x in (mine.parts[0].loc, mine.parts[0].scale, value))
    kl = np.log(spread / std) + (std**2 + (mean - own) ** 2) / (2 * spread**2) - 0.5
    kl = kl.sum(-1).mean()
    assert float(parts["kl"]) == pytest.approx(kl, rel=1e-4)
    assert float(loss.detach()) == pytest.approx(kl + 0.7 * ((value - worth) ** 2).mean(), rel=1e-4)


def _first(batch):
    """The student's hidden states before the fragment."""
    return {name: held[0] for name, held in batch.state_in.items() if not name.startswith("teacher/")}


def test_a_student_comes_to_act_as_its_teacher(tmp_path, framework_fit):
    torch.manual_seed(1)
    algorithm, teacher = make(
        tmp_path,
        PolicyConfig(hidden=(32,), memory="gru", units=16),
        budget=Budget(env_steps=800),
        sequence_length=10,
        learning_rate=0.01,
    )
    before = difference(algorithm, teacher)
    framework_fit(algorithm)
    assert difference(algorithm, teacher) < 0.1 * before


def difference(algorithm, teacher):
    """Of the likeliest actions of both, where the student comes to."""
    environment, players = PointGoal(8), [algorithm.player(), Player(teacher)]
    observation, _ = environment.reset(seed=3)
    squared = []
    for _ in range(19):
        mine, asked = (player(observation) for player in players)
        squared.append(np.square(mine - asked).mean())
        observation = environment.step(mine)[0]
    return np.mean(squared)


@pytest.mark.parametrize("memory", ["lstm", None])
def test_a_resumed_training_goes_on_the_same(tmp_path, memory):
    known = {"use": "rl/actor_critic", "hidden": [8], "memory": memory, "units": 4}
    environment = build("environment", CARTPOLE)
    path = saved(build("model", known, environment), tmp_path)
    algorithm = {
        "use": "rl/distillation",
        "budget": {"env_steps": 160},
        "steps": 8,
        "sequence_length": 4,
        "teacher": known,
        "checkpoint": str(path),
    }
    model = {"use": "rl/actor_critic", "hidden": [8], "memory": "gru", "units": 8, "normalize": True}
    check_algorithm(algorithm, environment=CARTPOLE, model=model)


def test_a_teacher_that_does_not_fit_is_refused(tmp_path):
    algorithm, _ = make(tmp_path)
    other = make_policy(algorithm.environment, PolicyConfig(hidden=(8,)))
    with pytest.raises(UserError, match="is not like this one"):
        make(tmp_path, teacher=other)
    with pytest.raises(UserError, match="Linear is no policy"):
        make(tmp_path, teacher=torch.nn.Linear(2, 2))
