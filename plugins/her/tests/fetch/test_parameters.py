"""Parameters of the Fetch tasks, against the published classes with an edited model."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from framework.errors import UserError
from framework.testing import assert_same
from framework_her.fetch.config import FetchConfig
from framework_her.fetch.env import FetchEnv
from framework_her.fetch.tasks import TASKS


def make(task: str, num_envs: int, **parameters) -> FetchEnv:
    return FetchEnv(TASKS[task], FetchConfig(num_envs=num_envs, threads=1, **parameters))


def towards(observation, time):
    action = np.zeros(4)
    action[:3] = 8 * observation["observation"][6:9]
    action[2] += 0.16 * (time < 10)
    return action + 0.1 * np.sin(np.arange(4) + time)


@pytest.mark.parametrize("task", ["push", "pick_and_place"])
def test_physics_is_that_of_an_edited_model(stock, place, task):
    values = {"object_mass": [1, 4, 0.3], "friction": [1, 0.3, 2], "gravity": [1, 1.3, 0.6]}
    ours = make(task, 3)
    ours.reset(seed=0)
    ours.set_parameters(values)
    observation, _ = ours.reset()
    ends = []
    for env in range(3):
        published = stock(task)
        model = published.model
        for name in ("body_mass", "body_inertia"):
            getattr(model, name)[model.body("object0").id] *= values["object_mass"][env]
        model.geom_friction[:, 0] *= values["friction"][env]
        model.opt.gravity[2] *= values["gravity"][env]
        model.eq_data[0, 11] = 0
        mujoco.mj_setConst(model, mujoco.MjData(model))
        start, goal = ours.batch.bind("qpos")[env], observation["desired_goal"][env]
        expected = place(published, start, goal)
        ours_again = make(task, 3)
        ours_again.set_state(ours.get_state())
        for time in range(40):
            action = towards(expected, time)
            expected = published.step(action)[0]
            found = ours_again.step(np.tile(action, (3, 1)))[0]
            for key, value in expected.items():
                assert np.abs(found[key][env] - value).max() < 1e-9, (env, time, key)
        ends.append(expected["achieved_goal"])
    assert min(np.abs(ends[0] - ends[1]).max(), np.abs(ends[0] - ends[2]).max()) > 0.005


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_late_actions_are_the_actions_of_before(precision):
    late, twin = (make("pick_and_place", 3, max_episode_steps=20) for _ in range(2))
    late.reset(seed=0), twin.reset(seed=0)
    late.set_parameters({"action_delay": [0, 2, 1.6]})
    actions = np.random.default_rng(0).uniform(-1, 1, (30, 3, 4)).astype(precision)
    for time, action in enumerate(actions):
        now = action.copy()
        for env in (1, 2):
            now[env] = actions[time - 2, env] if time % 20 >= 2 else 0
        for one, other in zip(late.step(action)[:2], twin.step(now)[:2], strict=True):
            assert_same(one, other)


def test_a_recipe_randomises_episodes():
    env = make("slide", 50, randomise={"object_mass": (0.5, 2), "friction": (0.8, 0.8)})
    env.reset(seed=0)
    found = {name: parameter.values for name, parameter in env.parameters().items()}
    assert (found["friction"] == 0.8).all()
    assert (found["gravity"] == 1).all()
    assert 0.5 <= found["object_mass"].min() < 0.6 and 1.8 < found["object_mass"].max() <= 2
    np.testing.assert_array_equal(
        env.batch.expanded("body_mass")[:, env.robot.model.body("object0").id], 2 * found["object_mass"]
    )


def test_reach_has_no_object():
    assert list(make("reach", 1).parameters()) == ["friction", "gravity", "action_delay"]
    with pytest.raises(UserError, match="no parameter 'object_mass'"):
        make("reach", 1, randomise={"object_mass": (1, 2)})
