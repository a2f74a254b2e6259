from __future__ import annotations

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.errors import UserError
from framework.sim import Field, World
from framework.testing import assert_same


@pytest.mark.parametrize("mode", ["SameStep", "NextStep"])
def test_a_restored_environment_continues_bit_for_bit(make_cart, play, mode):
    @settings(max_examples=15, deadline=None)
    @given(before=st.integers(0, 30), seed=st.integers(0, 2**64 - 1))
    def check(before, seed):
        env = make_cart(5, autoreset=mode)
        env.reset(seed=seed)
        play(env, before)
        state = env.get_state()
        expected = play(env, 30, seed=1)
        after = env.get_state()
        env.set_state(state)
        assert_same(play(env, 30, seed=1), expected)
        fresh = make_cart(5, autoreset=mode, threads=2)
        fresh.set_state(state)
        assert_same(play(fresh, 30, seed=1), expected)
        assert_same(fresh.get_state(), after)

    check()


def test_a_state_is_arrays_that_nothing_changes(make_cart, play):
    env = make_cart(2)
    env.reset(seed=0)
    state = env.get_state()
    assert all(isinstance(value, np.ndarray) and value.dtype != object for value in state.values())
    kept = {key: value.copy() for key, value in state.items()}
    play(env, 15)
    env.set_state(state)
    play(env, 15)
    assert_same(state, kept)


def test_the_number_of_threads_changes_nothing(make_cart, play):
    results = []
    for threads in (1, 2, 3, 0):
        env = make_cart(6, threads=threads)
        env.reset(seed=4)
        results.append((play(env, 40), env.get_state()))
    for result in results[1:]:
        assert_same(result, results[0])


def test_the_state_of_something_else_is_refused(make_cart):
    env = make_cart(2)
    with pytest.raises(UserError, match="of these 2 simulations: 'physics' is"):
        env.set_state(make_cart(3).get_state())
    with pytest.raises(UserError, match="'goal' is missing"):
        env.set_state({key: value for key, value in env.get_state().items() if key != "goal"})


def lighten(env):
    """Randomise fields of two kinds, of which one has constants derived from it."""
    width = env.num_envs
    env.batch.expand("body_mass")[:, 1] = np.linspace(0.5, 2, width)
    env.batch.expand("dof_damping")[:, 0] = np.linspace(0.1, 3, width)
    env.batch.expand("opt.gravity")[:, 0] = np.linspace(-1, 1, width)
    env.batch.set_const()


def burden(env):
    env.batch.expand("dof_frictionloss")[:] = 0.3
    env.batch.expand("body_gravcomp")[:] = 1
    env.batch.set_const()


@pytest.mark.parametrize("before", [lighten, burden, None])
@pytest.mark.parametrize("other", [lighten, burden, None])
def test_model_fields_belong_to_the_state(make_cart, play, before, other):
    env = make_cart(5)
    env.reset(seed=0)
    play(env, 3)
    if before:
        before(env)
    play(env, 4)
    state = env.get_state()
    expected = play(env, 30, seed=1)
    after = env.get_state()
    fresh = make_cart(5, threads=2)
    fresh.reset(seed=1)
    if other:
        other(fresh)
    for target in (fresh, env):
        if other:
            other(target)
        target.set_state(state)
        assert_same(target.get_state(), state)
        assert_same(play(target, 30, seed=1), expected)
        assert_same(target.get_state(), after)


def test_derived_fields_belong_to_the_state(make_cart):
    env = make_cart(3)
    env.reset(seed=0)
    lighten(env)
    fresh = make_cart(3)
    fresh.set_state(env.get_state())
    for name in ("body_mass", "body_invweight0", "dof_invweight0", "body_subtreemass"):
        np.testing.assert_array_equal(fresh.batch.expanded(name), env.batch.expanded(name))
    assert (env.batch.expanded("dof_invweight0")[0] != env.batch.expanded("dof_invweight0")[1]).any()


def test_fields_of_another_model_are_refused(make_cart):
    env = make_cart(2)
    for name, shape in (("body_mass", (2, 9)), ("body_colour", (2, 3))):
        with pytest.raises(UserError, match=f"not a state of this model: {name}"):
            env.set_state(env.get_state() | {f"field/{name}": np.zeros(shape)})


def test_a_switch_that_no_field_shows_is_restored(make_cart, play):
    """Whether any body compensates gravity is derived, and kept where no field shows it."""
    model = mujoco.MjModel.from_xml_string(
        "<mujoco><worldbody><body><joint type='slide'/><geom size='.1'/></body></worldbody></mujoco>"
    )
    world = World(model, 3)
    world.fields.write(Field("body_gravcomp", 1), [[0], [0.5], [1]])
    state = world.get_state()
    world.step(substeps=100)
    np.testing.assert_allclose(world.batch.qvel[:, 0], [-1.962, -0.981, 0], atol=1e-12)
    fresh = World(model, 3)
    fresh.set_state(state)
    fresh.step(substeps=100)
    np.testing.assert_array_equal(fresh.batch.qvel, world.batch.qvel)
