"""What differs between hands: every parameter, what it does to the model and to observations; the state."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest
from omegaconf import OmegaConf

from framework.errors import UserError
from framework.sim import Field
from framework.sim.shadow_hand import HINGES
from framework.testing import assert_same
from framework_dex_hand.config import ReorientConfig
from framework_dex_hand.disturbances import LEFT, OBJECT
from framework_dex_hand.env import ReorientEnv
from framework_dex_hand.hand import ORIGIN
from framework_dex_hand.parameters import GROUPS

ROOT = Path(__file__).parents[3]
RECIPE = OmegaConf.load(ROOT / "recipes" / "dex_hand_randomised.yaml")
RANDOMISED = {name: tuple(ends) for name, ends in RECIPE.environment.randomise.items()}
STILL = np.zeros((3, 20), np.float32)


def make(**parameters: Any) -> ReorientEnv:
    env = ReorientEnv(ReorientConfig(**{"num_envs": 3, "threads": 1, "starts": 8, **parameters}))
    env.reset(seed=0)
    return env


def test_every_parameter_is_in_a_group_in_the_recipes_and_in_the_documentation():
    names = [name for group in GROUPS.values() for name in group]
    env = make(num_envs=1, starts=1)
    assert sorted(names) == sorted(env.parameters())
    # What this paper has not; `adr`'s has the last two.
    assert set(names) - set(RANDOMISED) == {"base_marker_noise", "adversary", "stuck"}
    page = (ROOT / "docs" / "plugins" / "dex_hand.md").read_text()
    assert [name for name in names if f"`{name}`" not in page] == []
    paper = OmegaConf.load(ROOT / "recipes" / "paper" / "dex_hand.yaml")
    assert paper.environment.randomise == RECIPE.environment.randomise


def test_groups_are_left_out():
    env = make(num_envs=2, starts=1, randomise=RANDOMISED, without=("noise", "physics"))
    drawn = {
        name
        for name, (_, high) in env.ranges().items()
        if name in RANDOMISED and high[0] == RANDOMISED[name][1]
    }
    assert drawn == set(GROUPS["unmodelled"]) & set(RANDOMISED)


def test_randomised_hands_are_separately_edited_models_bit_for_bit():
    env = make(randomise=RANDOMISED, max_successes=10**6)
    of, hinges = env.randomisation, slice(HINGES)
    twins = []
    for i in range(3):
        model = copy.copy(env.batch.model)
        value, own = (lambda name, i=i: of.value(name)[i]), (lambda name, i=i: of.noise(name)[i])
        block, links = model.body("object"), [model.body(b) for b in range(model.nbody)]
        links = [b for b in links if b.name.startswith("robot0:") and b.name != "robot0:hand mount"]
        for body, times in [(block, value("object_mass")), *zip(links, own("link_mass"), strict=True)]:
            body.mass[:] *= times
            body.inertia[:] *= times
        edge = value("object_size")
        model.geom("object").size[:] *= edge
        block.inertia[:] *= edge**2
        model.geom_friction[:, 0] *= value("friction")
        model.dof_damping[hinges] *= own("damping")
        model.actuator_gainprm[:, 0] *= own("gain")
        model.actuator_biasprm[:, 1] *= own("gain")
        model.jnt_range[hinges] += (value("joint_limits") * own("joint_limits"))[:, None]
        model.opt.gravity[:] += value("gravity") * own("gravity")
        mujoco.mj_setConst(model, mujoco.MjData(model))
        data = mujoco.MjData(model)
        mujoco.mj_setState(model, data, env.batch.state[i], mujoco.mjtState.mjSTATE_INTEGRATION)
        twins.append((model, data))
    pushed, step = env.batch.bind("xfrc_applied"), env.world.fields
    for action in np.random.default_rng(0).uniform(-1, 1, (10, 3, 20)).astype(np.float32):
        assert not env.step(action)[2].any()
        for i, (model, data) in enumerate(twins):
            data.ctrl[:], data.xfrc_applied[:] = env._ctrl[i], pushed[i]
            model.opt.timestep = step.read(Field("opt.timestep"))[i, 0]
            mujoco.mj_step(model, data, 10)
            assert data.qpos.tobytes() == env._qpos[i].tobytes()
    assert len(set(of.noise("link_mass")[0])) > 20


def test_randomised_hands_go_on_exactly_where_they_were_saved():
    env = make(randomise=RANDOMISED)
    rng = np.random.default_rng(0)
    actions = rng.uniform(-1, 1, (6, 3, 20)).astype(np.float32)
    env.step(actions[0])
    state = env.get_state()
    first = [env.step(action)[:4] for action in actions[1:]]
    other = make()
    other.set_state(state)
    assert_same([other.step(action)[:4] for action in actions[1:]], first)


def test_markers_turn_with_their_fingertips():
    env = make(randomise={"finger_markers": (0.003, 0.003)})
    seen = env.step(STILL)[0]["policy"][:, :15].reshape(3, 5, 3)
    data = mujoco.MjData(env.batch.model)
    for i, moved in enumerate(0.003 * env.randomisation.noise("finger_markers").reshape(3, 5, 3)):
        data.qpos[:] = env._qpos[i]
        mujoco.mj_forward(env.batch.model, data)
        for f, finger in enumerate(("ff", "mf", "rf", "lf", "th")):
            site = data.site(f"robot0:S_{finger}tip")
            where = site.xpos + site.xmat.reshape(3, 3) @ moved[f]
            # Both lag by a physics step.
            np.testing.assert_allclose(seen[i, f], where - ORIGIN, atol=5e-3)
            lag = env._xpos[i].take(env._sites[f], axis=0)
            np.testing.assert_allclose(
                np.linalg.norm(seen[i, f] + ORIGIN - lag), np.linalg.norm(moved[f]), atol=1e-6
            )


def test_noise_acts_on_choices_and_on_what_the_policy_sees_alone():
    env = make(bins=11, smoothing=0.0, control="relative")
    env.set_parameters({"action_bias": 0.1, "rotation_noise": 0.1, "object_bias": 0.01})
    before = env._qpos.take(env._joints, axis=1)
    seen, *_ = env.step(np.full((3, 20), 5))
    low, high = env.batch.model.actuator_ctrlrange.T
    moved = 0.1 * env.randomisation.noise("action_bias")
    np.testing.assert_allclose(env._ctrl, (before + (high - low) / 2 * moved).clip(low, high), atol=1e-12)
    place = 0.01 * env.randomisation.noise("object_bias")
    np.testing.assert_allclose(seen["policy"][:, OBJECT] - seen["critic"][:, 83:86], place, atol=1e-6)
    undisturbed = env._observe(slice(None))
    np.testing.assert_array_equal(seen["critic"], undisturbed["critic"])
    assert (seen["policy"][:, LEFT] != undisturbed["policy"][:, LEFT]).all()


def test_a_randomised_block_is_a_block_of_that_size_mass_and_friction():
    env = make()
    env.set_parameters({"object_size": 1.05, "object_mass": 1.5, "friction": 0.7}, np.array([1]))
    env.step(STILL)
    own, changed = env.batch.get_model(0), env.batch.get_model(1)
    mass = own.body("object").mass[0]
    edge = 0.05 * 1.05
    np.testing.assert_allclose(changed.geom("object").size, edge / 2)
    np.testing.assert_allclose(changed.body("object").mass, 1.5 * mass)
    np.testing.assert_allclose(changed.body("object").inertia, 1.5 * mass * edge**2 / 6, rtol=1e-6)
    np.testing.assert_allclose(changed.geom_friction[:, 0], 0.7 * own.geom_friction[:, 0])


def test_unknown_parameters_are_refused():
    with pytest.raises(UserError, match="no parameter 'fricton'\n  did you mean 'friction'"):
        make(randomise={"fricton": (0.7, 1.3)})
    with pytest.raises(UserError, match="no parameter 'object_size'"):
        make(object="prism", randomise={"object_size": (0.95, 1.05)})
