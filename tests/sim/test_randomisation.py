from __future__ import annotations

import numpy as np
import pytest

from framework.contracts import Parametrised
from framework.errors import UserError
from framework.sim import Field, Parameter
from framework.testing import assert_same

JOINTS = (Field("dof_frictionloss"),)
PARAMETERS = [
    Parameter(name="weight", fields=(Field("body_mass", 1),), low=0.1, high=10, log=True),
    Parameter(name="gravity", fields=(Field("opt.gravity", at=0),), mode="add", low=-5, high=5, unit="m/s^2"),
    Parameter(name="drag", fields=(Field("dof_damping", "x"),), mode="set", low=0, high=3),
    Parameter(name="grip", fields=JOINTS, mode="add", noise="uniform", each=True, low=0, high=1),
    Parameter(name="gear", fields=(Field("actuator_gear", at=0),), mode="exp", noise="normal", low=0, high=1),
    Parameter(name="delay", low=0, high=4, unit="env steps"),
]


@pytest.fixture
def make(make_cart):
    return lambda n=4, **options: make_cart(n, **{"parameters": PARAMETERS} | options)


def rows(env, name, **where):
    return env.world.fields.read(Field(name, **where))[:, 0]


def test_nothing_happens_unless_asked(make, make_cart, play):
    env, plain = make(), make_cart(4)
    env.reset(seed=0), plain.reset(seed=0)
    for one, other in zip(play(env, 40), play(plain, 40), strict=True):
        assert_same(one[:4], other[:4])
    assert all(env.batch.expanded(field.name) is None for p in PARAMETERS for field in p.fields)


def test_it_is_described(make):
    env = make()
    assert isinstance(env, Parametrised)
    found = env.parameters()
    assert list(found) == ["weight", "gravity", "drag", "grip", "gear", "delay"]
    assert [p.values.tolist() for p in found.values()] == [[v] * 4 for v in (1, 0, 0.1, 0, 0, 0)]
    assert found["gravity"][1:] == (-5, 5, "m/s^2", "")
    found["weight"].values[:] = 7
    assert env.parameters()["weight"].values[0] == 1


def test_values_are_set_in_some_simulations_and_stay(make, play):
    env = make()
    env.reset(seed=0)
    env.set_parameters({"weight": [2, 4], "gravity": -1}, np.array([3, 1]))
    env.set_parameters({"drag": 2})
    for _ in range(2):
        assert rows(env, "body_mass", of=1).tolist() == [1, 4, 1, 2]
        assert rows(env, "opt.gravity", at=0).tolist() == [0, -1, 0, -1]
        assert rows(env, "dof_damping", of="x").tolist() == [2] * 4
        play(env, 30)  # further than an episode
    env.set_parameters({"weight": 1, "gravity": 0, "drag": 0.1})
    assert rows(env, "body_mass", of=1).tolist() == [1] * 4


def test_physics_follows_in_the_next_step(make):
    """Free of everything but drag, a cart slows down by exp(-drag t / m)."""
    env = make(3)
    env.reset(seed=0)
    env.set_parameters({"drag": [0, 1, 1], "weight": [1, 1, 4]})
    env.qvel[:, 0] = 1
    env.step(np.zeros((3, 1)))
    np.testing.assert_allclose(env.qvel[:, 0], np.exp(-0.05 * np.array([0, 1, 0.25])), rtol=5e-4)


def test_noise_acts_as_documented(make):
    env = make(200)
    env.reset(seed=0)
    env.set_ranges({"grip": (0.5, 0.5), "gear": (0.3, 0.3)})
    env.reset()
    friction = env.world.fields.read(Field("dof_frictionloss"))
    assert (np.abs(friction) <= 0.5).all()
    assert friction.min() < -0.4 and friction.max() > 0.4
    assert abs(np.corrcoef(friction.T)[0, 1]) < 0.2  # each joint its own
    logs = np.log(rows(env, "actuator_gear", at=0) / 20)
    assert abs(logs.mean()) < 0.07 and abs(logs.std() - 0.3) < 0.05
    before = friction
    env.reset()
    assert (env.world.fields.read(Field("dof_frictionloss")) != before).all()


def test_setting_a_parameter_to_what_it_is_keeps_what_was_drawn_with_it(make):
    env = make()
    env.set_ranges({"grip": (0.5, 0.5), "gear": (0.3, 0.3)})
    env.reset(seed=0)
    state = env.get_state()
    env.set_parameters({"grip": 0.5, "gear": [0.3] * 4})
    assert_same(env.get_state(), state)
    env.set_parameters({"gear": [0.3, 0.4]}, np.array([0, 1]))
    changed = rows(env, "actuator_gear") != state["field/actuator_gear"][:, 0, 0]
    assert changed.tolist() == [False, True, False, False]
    assert_same(env.get_state()["field/dof_frictionloss"], state["field/dof_frictionloss"])


def test_objects_have_values_of_their_own(make_cart):
    rough = Parameter(name="rough", fields=JOINTS, mode="set", each=True, log=True, low=0.1, high=9)
    env = make_cart(400, parameters=[rough])
    env.set_ranges({"rough": (0.3, 3)})
    env.reset(seed=0)
    friction = env.world.fields.read(JOINTS[0])
    assert_same(env.randomisation.noise("rough"), friction)
    assert 0.3 <= friction.min() < 0.305 and 2.95 < friction.max() <= 3
    assert abs(np.log(friction / np.sqrt(0.9)).mean()) < 0.07  # uniform in the logarithm
    assert abs(np.corrcoef(friction.T)[0, 1]) < 0.15
    np.testing.assert_allclose(env.parameters()["rough"].values, friction.mean(axis=1))
    env.set_parameters({"rough": [1, 2]}, np.array([0, 1]))
    env.set_ranges({"rough": (0.7, 0.7)}, np.array([2]))
    assert env.world.fields.read(JOINTS[0])[:3].tolist() == [[1, 1], [2, 2], friction[2].tolist()]
    env.reset()
    assert env.world.fields.read(JOINTS[0])[:3].tolist() == [[1, 1], [2, 2], [0.7, 0.7]]
    assert (env.world.fields.read(JOINTS[0])[3:] != friction[3:]).all()


def test_ranges_are_drawn_from_per_episode(make, play):
    env = make(300)
    env.set_ranges({"weight": (0.5, 2), "delay": (1, 3)})
    env.reset(seed=0)
    weight, delay = env.parameters()["weight"].values, env.randomisation.value("delay")
    np.testing.assert_array_equal(rows(env, "body_mass", of=1), weight)
    assert 0.5 <= weight.min() < 0.53 and 1.9 < weight.max() <= 2
    assert abs(np.log(weight).mean()) < 0.08  # uniform in the logarithm
    assert 1 <= delay.min() < 1.05 and 2.95 < delay.max() <= 3 and abs(delay.mean() - 2) < 0.1
    assert abs(np.corrcoef(weight, delay)[0, 1]) < 0.15
    play_one = env.step(np.zeros((300, 1)))
    np.testing.assert_array_equal(env.parameters()["weight"].values, weight)
    for _ in range(11):
        play_one = env.step(np.zeros((300, 1)))
    assert play_one[3].all()
    assert (env.parameters()["weight"].values != weight).all()
    recorded = play_one[4]["final_info"]["parameters"]
    np.testing.assert_array_equal(recorded[:, 0], weight)


def test_ranges_move_while_episodes_run(make, play):
    env = make(2)
    env.reset(seed=0)
    env.set_ranges({"weight": (3, 3), "gravity": ([-1, 0], [1, 0])}, np.array([0, 1]))
    env.set_ranges({"drag": (0, 1)}, np.array([1]))
    assert env.parameters()["weight"].values.tolist() == [1, 1]
    env.reset(options={"reset_mask": np.array([True, False])})
    assert env.parameters()["weight"].values.tolist() == [3, 1]
    assert env.parameters()["gravity"].values[0] != 0 == env.parameters()["gravity"].values[1]
    env.reset()
    found = env.parameters()
    assert found["weight"].values.tolist() == [3, 3]
    assert found["drag"].values[0] == 0.1 != found["drag"].values[1]
    assert {name: (low.tolist(), high.tolist()) for name, (low, high) in env.ranges().items()} == {
        "weight": ([3, 3], [3, 3]),
        "gravity": ([-1, 0], [1, 0]),
        "drag": ([0.1, 0], [0.1, 1]),
        "grip": ([0, 0], [0, 0]),
        "gear": ([0, 0], [0, 0]),
        "delay": ([0, 0], [0, 0]),
    }
    env.set_parameters({"drag": 0.5})
    assert env.ranges()["drag"][1].tolist() == [0.5, 0.5]


def test_draws_leave_first_states_and_each_other_alone(make):
    plain, one, both = make(5), make(5), make(7)
    one.set_ranges({"weight": (1, 2)})
    both.set_ranges({"weight": (1, 2), "gravity": (-1, 1), "gear": (0.1, 0.1)})
    for env in (plain, one, both):
        env.reset(seed=3), env.reset()
    assert_same(one.goal, plain.goal)
    assert_same(both.goal[:5], plain.goal)
    np.testing.assert_array_equal(both.parameters()["weight"].values[:5], one.parameters()["weight"].values)


def test_an_interval_draws_within_episodes(make_cart):
    wind = Parameter(name="wind", fields=(Field("opt.gravity", at=0),), mode="add", low=-9, high=9, every=5)
    still = Parameter(name="still", low=0, high=1)
    env = make_cart(2, parameters=[wind, still])
    env.set_ranges({"wind": (-1, 1), "still": (0, 1)})
    env.reset(seed=0)
    seen = []
    for _ in range(12):
        env.step(np.zeros((2, 1)))
        seen.append(env.randomisation.values.copy())
    changes = [i for i in range(1, 12) if (seen[i][:, 0] != seen[i - 1][:, 0]).all()]
    assert changes == [5, 10, 11]  # after 5 and 10 steps, and for the new episode
    assert [i for i in range(1, 12) if (seen[i][:, 1] != seen[i - 1][:, 1]).any()] == [11]


def test_everything_is_in_the_state(make, play):
    env = make(5, max_episode_steps=7)
    ranges = {"weight": (0.5, 2), "gravity": (-1, 1), "grip": (0, 1), "gear": (0.2, 0.4), "delay": (0, 2)}
    env.set_ranges(ranges)
    env.reset(seed=0)
    env.set_parameters({"drag": 0.7}, np.array([2]))
    play(env, 10)
    state = env.get_state()
    expected = play(env, 30, seed=1)
    after = env.get_state()
    fresh = make(5, max_episode_steps=7, threads=2)
    fresh.set_ranges({"drag": (0, 1)})
    fresh.reset(seed=1)
    for target in (env, fresh):
        target.set_state(state)
        assert_same(target.get_state(), state)
        assert_same(play(target, 30, seed=1), expected)
        assert_same(target.get_state(), after)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda e: e.set_parameters({"wieght": 1}), r"no parameter 'wieght'[\s\S]*did you mean 'weight'"),
        (lambda e: e.set_parameters({"zzz": 1}), r"there are: weight, gravity"),
        (lambda e: e.set_parameters({"drag": 1, "weight": 11}), r"'weight' is within \[0.1, 10\], not 11"),
        (lambda e: e.set_parameters({"drag": 1, "weight": np.nan}), "'weight' is within"),
        (lambda e: e.set_parameters({"drag": 1, "weight": [1, 2]}), "'weight' takes a number, or 4 of them"),
        (lambda e: e.set_parameters({"drag": 1, "weight": "much"}), "'weight' takes a number"),
        (lambda e: e.set_parameters({"drag": 1}, np.array([4])), r"simulations 0 to 3; \[4\]"),
        (lambda e: e.set_parameters({"drag": 1}, np.array([-1])), r"simulations 0 to 3"),
        (lambda e: e.set_parameters({"drag": 1}, np.array([0.5])), "list of their indices"),
        (lambda e: e.set_parameters({"drag": 1}, 2), "list of their indices"),
        (lambda e: e.set_ranges({"drag": (0, 1), "weight": (3, 2)}), "'weight' is from 3.0 down to 2.0"),
        (lambda e: e.set_ranges({"drag": (0, 1), "weight": (0, 2)}), "'weight' is within"),
        (lambda e: e.set_ranges({"drag": (0, 1), "weight": 2}), "'weight' is from a low to a high number"),
    ],
)
def test_what_cannot_be_set_changes_nothing(make, call, message):
    env = make()
    env.reset(seed=0)
    state = env.get_state()
    with pytest.raises(UserError, match=message):
        call(env)
    assert_same(env.get_state(), state)
