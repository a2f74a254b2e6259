"""Model fields per simulation, against models that were edited one by one."""

from __future__ import annotations

import copy

import mujoco
import numpy as np
import pytest

from framework.errors import UserError
from framework.sim import Field, World
from framework.sim.fields import mass, size

XML = """
<mujoco>
  <option timestep="0.005"/>
  <worldbody>
    <geom name="floor" type="plane" size="5 5 1"/>
    <body name="box" pos="0 0 0.3"><freejoint/><geom name="box" type="box" size=".1 .05 .04" mass="1"/></body>
    <body name="arm" pos="1 0 1">
      <joint name="shoulder" type="ball" damping=".1"/>
      <geom name="upper" type="capsule" size=".03" fromto="0 0 0 .3 0 0"/>
      <body name="fore" pos=".3 0 0">
        <joint name="elbow" axis="0 1 0" armature=".01"/>
        <geom name="lower" type="capsule" size=".03" fromto="0 0 0 .3 0 0"/>
        <geom name="knob" type="sphere" pos=".35 0 0" size=".06"/>
        <site name="tip" pos=".4 0 0"/>
      </body>
    </body>
  </worldbody>
  <actuator><position name="bend" joint="elbow" kp="5"/></actuator>
</mujoco>
"""

#: A field, where its numbers lie in the model's array, and bounds to draw them from.
ALL = [
    (Field("body_mass", "fore"), np.s_[3], (0.1, 5)),
    (Field("body_inertia", ("box", "fore")), np.s_[[1, 3]], (0.5, 1)),
    (Field("geom_friction", at=0), np.s_[:, 0], (0.1, 2)),
    (Field("geom_size", "box"), np.s_[1], (0.05, 0.15)),
    (Field("dof_damping", "shoulder"), np.s_[6:9], (0.01, 2)),
    (Field("dof_armature", "elbow"), np.s_[9], (0.001, 0.1)),
    (Field("actuator_gainprm", "bend", 0), np.s_[0, 0], (1, 9)),
    (Field("opt.gravity", at=2), np.s_[2], (-15, -5)),
    (Field("opt.timestep"), None, (0.002, 0.006)),
    (Field("site_pos", "tip", 0), np.s_[0, 0], (0.3, 0.5)),
]


@pytest.fixture(scope="module")
def model():
    return mujoco.MjModel.from_xml_string(XML)


def test_simulations_move_as_separately_edited_models(model):
    world = World(model, 6, threads=2)
    drawn = np.random.default_rng(0)
    site = world.batch.bind("site_xpos")
    models = [copy.copy(model) for _ in range(6)]
    for field, place, (low, high) in ALL:
        values = drawn.uniform(low, high, (6, len(world.fields.places(field))))
        world.fields.write(field, values)
        np.testing.assert_array_equal(world.fields.read(field), values)
        for one, value in zip(models, values, strict=True):
            if field.name == "opt.timestep":
                one.opt.timestep = value[0]
            else:
                array = one.opt.gravity if field.name == "opt.gravity" else getattr(one, field.name)
                array[place] = value.reshape(np.shape(array[place]))
    assert world.step(substeps=200) is None
    for i, one in enumerate(models):
        data = mujoco.MjData(one)
        mujoco.mj_setConst(one, data)
        mujoco.mj_resetData(one, data)
        mujoco.mj_step(one, data, nstep=200)
        np.testing.assert_array_equal(world.batch.qpos[i], data.qpos)
        np.testing.assert_array_equal(site[i], data.site_xpos)
    assert len(np.unique(world.batch.qpos[:, 2])) == 6


def test_only_what_was_written_is_derived_anew(model, monkeypatch):
    world = World(model, 4)
    calls = []
    monkeypatch.setattr(world.batch, "set_const", lambda ids: calls.append(ids.tolist()))
    friction, weight = Field("geom_friction", "box", 0), Field("body_mass", "box")
    world.fields.write(friction, 0.3)
    world.step()
    assert calls == []
    world.fields.write(weight, [[2], [3]], np.array([1, 3]))
    world.step(), world.step()
    assert calls == [[1, 3]]
    world.fields.write(weight, [[1], [3], [3]], np.array([0, 2, 3]))
    world.forward(), world.forward()
    assert calls == [[1, 3], [2]]
    world.fields.write(weight, 9, np.array([0]))
    world.get_state()
    assert calls[2:] == [[0]]


def test_what_the_model_has_is_not_written(model):
    world = World(model, 2)
    for field, *_ in ALL:
        world.fields.write(field, world.fields.read(field))
        assert world.batch.expanded(field.name) is None
    assert not any(name.startswith("field/") for name in world.get_state())


@pytest.mark.parametrize("number", [1, 2.5, 0.3])
def test_size_and_mass_scale_what_a_body_so_made_would_have(number):
    """The oracle is the compiler: a box of these sizes and this mass."""

    def box(scale, weight):
        return mujoco.MjModel.from_xml_string(
            f'<mujoco><worldbody><body name="b"><freejoint/><geom type="box" mass="{weight}" '
            f'size="{0.1 * scale} {0.05 * scale} {0.04 * scale}" pos="0 0 0"/></body></worldbody></mujoco>'
        )

    model = box(1, 1)
    for fields, compiled in ((size(model, "b"), box(number, 1)), (mass("b"), box(1, number))):
        world = World(model, 1)
        for field in fields:
            world.fields.write(field, world.fields.read(field) * number**field.power)
        world.forward()
        mine = world.batch.get_model(0)
        for name in ("body_mass", "body_inertia", "geom_size", "geom_rbound", "dof_M0", "body_invweight0"):
            np.testing.assert_allclose(getattr(mine, name), getattr(compiled, name), rtol=1e-12, err_msg=name)


def test_meshes_have_one_size():
    model = mujoco.MjModel.from_xml_string(
        '<mujoco><asset><mesh name="m" vertex="0 0 0 1 0 0 0 1 0 0 0 1"/></asset>'
        '<worldbody><body name="b"><geom type="mesh" mesh="m"/></body></worldbody></mujoco>'
    )
    with pytest.raises(UserError, match="'b' has meshes"):
        size(model, "b")


@pytest.mark.parametrize(
    ("field", "message"),
    [
        (Field("geom_frictoin"), r"no model field 'geom_frictoin'[\s\S]*did you mean 'geom_friction'"),
        (Field("qvel"), "no model field 'qvel'"),
        (Field("mesh_vert"), "no model field 'mesh_vert'"),
        (Field("body_mass", "boks"), r"no body 'boks' for body_mass[\s\S]*'arm', 'box'"),
        (Field("geom_pos", 7), "no geom 7 for geom_pos"),
        (Field("geom_friction", "box", 3), "rows of 3 numbers, so none at 3"),
        (Field("opt.timestep", at=0), "rows of 0 numbers"),
        (Field("opt.gravity", "box"), "no named objects"),
    ],
)
def test_what_is_not_there_is_named(model, field, message):
    with pytest.raises(UserError, match=message):
        World(model, 1).fields.write(field, 1)


def test_a_simple_body_says_how_to_be_compiled(model):
    world = World(model, 2)
    world.fields.write(Field("body_ipos", "box", 0), 0.01, np.array([1]))
    with pytest.raises(UserError, match=r"compiled as simple[\s\S]*simple='false'"):
        world.step()
    spec = mujoco.MjSpec.from_string(XML)
    spec.body("box").simple = 0
    world = World(spec.compile(), 2)
    world.fields.write(Field("body_ipos", "box", 0), 0.01, np.array([1]))
    assert world.step() is None


def test_a_model_that_deriving_would_undo_is_refused():
    """As of a weld whose pose is written after compilation: mj_setConst computes it again."""
    model = mujoco.MjModel.from_xml_string(
        '<mujoco><worldbody><body name="a"><freejoint/><geom size=".1"/></body>'
        '<body name="b" pos="1 0 0"><freejoint/><geom size=".1"/></body></worldbody>'
        '<equality><weld body1="a" body2="b"/></equality></mujoco>'
    )
    model.eq_data[0, 3:6] = 0
    world = World(model, 1)
    world.fields.write(Field("body_mass", "a"), 2)
    with pytest.raises(UserError, match=r"would change eq_data[\s\S]*eq_data\[:, 11\] = 0"):
        world.step()
    model.eq_data[0, 11] = 0
    world = World(model, 1)
    world.fields.write(Field("body_mass", "a"), 2)
    assert world.step() is None


def test_own_models_exclude_fields(model):
    world = World(model, 1)
    world.batch.set_models(copy.copy(model))
    with pytest.raises(UserError, match="body_mass cannot differ between simulations"):
        world.fields.write(Field("body_mass", "box"), 2)
