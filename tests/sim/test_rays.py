from __future__ import annotations

import mujoco
import numpy as np
import pytest

from framework.errors import UserError
from framework.sim import Field, World, rays

XML = """
<mujoco>
  <worldbody>
    <camera name="above" pos="0 0 2" fovy="60"/>
    <camera name="flat" pos="0 0 2" projection="orthographic"/>
    <geom name="floor" type="plane" size="5 5 1"/>
    <geom name="wall" type="box" pos="0 2 .5" size="3 .1 .5"/>
    <body name="ball" pos="0 0 .5"><freejoint/><geom name="ball" size=".3" group="1"/></body>
    <body name="eye" pos="0 -1 .5">
      <joint name="turn" axis="0 0 1"/><geom size=".05" group="2"/>
      <camera name="eye" xyaxes="1 0 0 0 0 1" fovy="45"/>
    </body>
  </worldbody>
</mujoco>
"""


@pytest.fixture
def world():
    world = World(mujoco.MjModel.from_xml_string(XML), 3, threads=2)
    world.batch.bind("cam_xpos"), world.batch.bind("cam_xmat")
    world.batch.qpos[:, 0] = [0, 0.2, 3]
    world.batch.qpos[:, 7] = [0, 0.3, -0.3]
    world.forward()
    return world


@pytest.mark.parametrize("ids", [None, np.array([0, 2])])
@pytest.mark.parametrize("static", [True, False])
@pytest.mark.parametrize("groups", [None, (1, 2)])
def test_rays_are_those_of_mujoco(world, ids, static, groups):
    origins = np.random.default_rng(0).uniform([-1, -1, 0.1], [1, 1, 1], (60, 3))
    directions = np.array([0, 0, 0.5]) - origins + np.random.default_rng(1).normal(0, 0.3, size=(60, 3))
    far, eye = 1.5, world.batch.model.body("eye").id
    hits = rays.cast(world, origins, directions, ids=ids, far=far, groups=groups, static=static, exclude=eye)
    mask = None if groups is None else np.array([0, 1, 1, 0, 0, 0], np.uint8)
    for row, i in enumerate(range(3) if ids is None else ids):
        data = world.batch.get_data(i)
        mujoco.mj_forward(world.batch.model, data)
        for ray in range(60):
            geom = np.zeros(1, np.int32)
            there = mujoco.mj_ray(
                world.batch.model, data, origins[ray], directions[ray], mask, static, eye, geom
            )
            if there < 0 or there > far:
                assert (hits.distance[row, ray], hits.geom[row, ray]) == (far, -1)
            else:
                assert (hits.distance[row, ray], hits.geom[row, ray]) == (there, geom[0])
    assert (hits.geom >= 0).any() and (hits.geom < 0).any()


def test_a_fan_turns_from_x_to_y():
    np.testing.assert_allclose(rays.fan(4), [[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]], atol=1e-15)
    np.testing.assert_allclose(rays.fan(3, np.pi, -np.pi / 2), [[0, -1, 0], [1, 0, 0], [0, 1, 0]], atol=1e-15)


def test_a_lidar_turns_with_its_body(world):
    xmat, xpos = world.batch.bind("xmat"), world.batch.bind("xpos")
    world.forward()
    eye = world.batch.model.body("eye").id
    ahead = rays.turned(rays.fan(1, 0, np.pi / 2), xmat[:, eye])
    angle = world.batch.qpos[:, 7]
    expected = np.stack([-np.sin(angle), np.cos(angle), 0 * angle], axis=-1)
    np.testing.assert_allclose(ahead[:, 0], expected, atol=1e-15)
    hits = rays.cast(world, xpos[:, eye, None], ahead, exclude=eye)
    # The ball of the first is ahead, 0.3 m thick; the others look past it at the wall.
    np.testing.assert_allclose(hits.distance[:, 0], [0.7, 2.9 / np.cos(0.3), 2.9 / np.cos(0.3)], rtol=1e-12)


def test_what_hides_and_what_does_not(world):
    model = world.batch.model
    eye, ball = model.body("eye").id, model.body("ball").id
    at = world.batch.bind("xpos")
    world.forward()
    behind = np.array([0, 1, 0.5])
    seen = rays.visible(world, at[:, eye, None], at[:, ball, None], viewers=eye, bodies=ball)
    assert seen[:, 0].tolist() == [True, True, True]
    seen = rays.visible(world, at[:, eye, None], behind, viewers=eye, bodies=-1)
    assert seen[:, 0].tolist() == [False, False, True]
    seen = rays.visible(world, at[:, eye, None], behind, viewers=eye, bodies=-1, groups=(0,))
    assert seen.all()
    seen = rays.visible(world, behind, [0, 3, 0.5], viewers=-1, bodies=[[model.body("world").id]])
    assert seen.all(), "the wall is the world's"
    assert not rays.visible(world, behind, [0, 3, 0.5], viewers=-1, bodies=ball).any()


def ball_seen_from_above(x, fovy, size, height=2.0, radius=0.3, z=0.5):
    """Depth of a ball on a floor, pixel by pixel, by the quadratic formula."""
    rows, columns = size
    half = np.tan(np.radians(fovy) / 2)
    v, u = np.meshgrid(
        (1 - (np.arange(rows) + 0.5) * 2 / rows) * half,
        ((np.arange(columns) + 0.5) * 2 / columns - 1) * half * columns / rows,
        indexing="ij",
    )
    d = np.stack([u, v, -np.ones_like(u)], -1)
    o = np.array([0, 0, height]) - np.array([x, 0, z])
    a, b, c = (d * d).sum(-1), (d * o).sum(-1), o @ o - radius**2
    inside = b * b - a * c
    ball = (-b - np.sqrt(np.maximum(inside, 0))) / a
    return np.where(inside >= 0, ball, height), inside >= 0


@pytest.mark.parametrize("size", [(24, 24), (10, 31)])
def test_depth_is_that_of_the_geometry(world, size):
    fovy = [60, 60, 90]
    world.fields.write(Field("cam_fovy", "above"), [[f] for f in fovy])
    camera = rays.DepthCamera(world, "above", size, far=1.95, groups=(0, 1))
    everyone, some = camera(), camera(np.array([1]))
    assert everyone.distance.shape == everyone.geom.shape == (3, *size)
    model = world.batch.model
    for i, x in enumerate(world.batch.qpos[:, 0]):
        depth, ball = ball_seen_from_above(x, fovy[i], size)
        wall = everyone.geom[i] == model.geom("wall").id
        np.testing.assert_allclose(everyone.distance[i][~wall], np.minimum(depth, 1.95)[~wall], rtol=1e-12)
        assert ((everyone.geom[i] == model.geom("ball").id) == ball).all()
        assert not wall.any() or wall[0].any(), "the wall, at y = 2, is at the upper edge"
    assert not (everyone.geom == model.geom("floor").id).any()  # beyond far
    np.testing.assert_array_equal(some.distance, everyone.distance[1:2])


def test_a_camera_moves_with_its_body(world):
    camera = rays.DepthCamera(world, "eye", (9, 9), groups=(0, 1))
    world.forward()
    middle = camera().distance[:, 4, 4]
    np.testing.assert_allclose(middle, [0.7, 2.9 / np.cos(0.3), 2.9 / np.cos(0.3)], rtol=1e-12)


def test_fields_written_before_are_seen(world):
    hits = [rays.cast(world, [0, -0.5, 0.5], [0, 1, 0]).distance[0, 0]]
    world.fields.write(Field("geom_size", "ball", 0), 0.1)
    hits.append(rays.cast(world, [0, -0.5, 0.5], [0, 1, 0]).distance[0, 0])
    np.testing.assert_allclose(hits, [0.2, 0.4])


def test_cameras_that_there_are_not(world):
    with pytest.raises(UserError, match=r"no camera 'eyes'\n  there are: above, flat, eye"):
        rays.DepthCamera(world, "eyes", (2, 2))
    with pytest.raises(UserError, match="'flat' is orthographic"):
        rays.DepthCamera(world, "flat", (2, 2))
