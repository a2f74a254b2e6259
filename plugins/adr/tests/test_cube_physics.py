"""Both cubes without a hand: faces turn as one, snap in, block, and end where the group says."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from framework.sim import World
from framework_adr.cube import group
from framework_adr.cube.cube import wrapped
from framework_adr.cube.env import build
from framework_adr.cube.exact import ExactCube
from framework_adr.cube.layered import LayeredCube

QUARTER = np.pi / 2
UP, RIGHT = 0, 1


def floating(kind, count, timestep=0.008):
    """Solved cubes without gravity, whose middle is held in place by its inertia."""
    spec = mujoco.MjSpec()
    spec.option.timestep, spec.option.gravity = timestep, [0, 0, 0]
    kind.add(spec)
    spec.joint("object:joint").armature = 100.0
    world = World(spec.compile(), count, 1)
    cube = kind(world)
    cube.put(np.arange(count), group.solved(count))
    return world, cube


def turn(world, cube, face, target, torque, seconds=0.8):
    """Turn a face of each cube to a target, rad, with no more than a torque, N m; then let go."""
    rows, applied = np.arange(len(world)), world.batch.bind("qfrc_applied")
    cube.release(rows, face)
    dof = cube._speeds[face] if isinstance(cube, ExactCube) else cube._speeds[face // 3]
    everyone = slice(None)
    for i in range(round((seconds + 0.2) / 0.008)):
        left = wrapped(target - cube.angles(everyone)[rows, face])
        push = np.clip(0.5 * left - 0.02 * cube.speeds(everyone)[rows, face], -torque, torque)
        applied[rows, dof] = push if i < seconds / 0.008 else 0.0
        assert world.step() is None


@pytest.mark.parametrize("kind", [ExactCube, LayeredCube])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_face_turns_as_one(kind, sign):
    world, cube = floating(kind, 6)
    faces = np.arange(6)
    turn(world, cube, faces, np.full(6, sign * QUARTER), torque=0.05)
    found = np.degrees(sign * cube.angles(slice(None)))
    np.testing.assert_allclose(found[faces, faces], 90, atol=2)
    others = found[~np.eye(6, dtype=bool)]
    assert np.abs(others).max() <= 1
    np.testing.assert_array_equal(
        cube.state(slice(None)), group.moved(group.solved(6), faces, np.full(6, -sign))
    )


def test_a_small_misalignment_snaps_in_and_a_large_one_blocks():
    # Ten degrees the other way are pushed back in line, but slowly.
    tilted = np.array([0, 5, -5, -10, 15, -15, 20, -20])
    world, cube = floating(ExactCube, len(tilted))
    quaternion = np.zeros((len(tilted), 4))
    half = np.radians(tilted) / 2
    quaternion[:, 0], quaternion[:, 1:] = np.cos(half), np.sin(half)[:, None] * group.NORMALS[RIGHT]
    model, qpos = world.batch.model, world.batch.bind("qpos")
    for i, place in enumerate(group.PLACES):
        start = int(model.joint(f"cubelet:{i}:joint").qposadr[0])
        if i == RIGHT:
            qpos[:, start] = 2 * half
        elif i >= 6 and place @ group.NORMALS[RIGHT] == 1:
            qpos[:, start : start + 4] = quaternion
    # Little more than what turns a face that is in line.
    turn(world, cube, np.full(len(tilted), UP), np.full(len(tilted), QUARTER), torque=0.015, seconds=1.2)
    found = np.degrees(cube.angles(slice(None)))
    free = np.abs(tilted) <= 5
    np.testing.assert_allclose(found[free, UP], 90, atol=6)
    assert np.abs(found[free, RIGHT]).max() <= 1
    assert (found[~free, UP] < 10).all()


@pytest.mark.parametrize(("kind", "count", "moves"), [(ExactCube, 8, 4), (LayeredCube, 16, 8)])
def test_moves_end_in_the_state_that_the_group_says(kind, count, moves):
    world, cube = floating(kind, count)
    random, state = np.random.default_rng(0), group.solved(count)
    for _ in range(moves):
        face, quarters = random.integers(6, size=count), random.choice([1, -1], size=count)
        cube.release(np.arange(count), face)
        now = cube.angles(slice(None))[np.arange(count), face]
        turn(world, cube, face, wrapped(QUARTER * ((now / QUARTER).round() - quarters)), torque=0.05)
        state = group.moved(state, face, quarters)
    np.testing.assert_array_equal(cube.state(slice(None)), state)
    # What was read can be set, and read again.
    rotation = cube.rotation(slice(None)).copy()
    other = floating(kind, count)[1]
    other.put(np.arange(count), state)
    np.testing.assert_array_equal(other.state(slice(None)), state)
    np.testing.assert_allclose(np.abs((rotation * other.rotation(slice(None))).sum(axis=1)), 1, atol=1e-3)


def test_other_faces_are_let_go_without_turning_the_cube():
    world, cube = floating(LayeredCube, 6)
    rows = np.arange(6)
    random = np.random.default_rng(0)
    quaternion = random.normal(size=(6, 4))
    quaternion /= np.linalg.norm(quaternion, axis=1, keepdims=True)
    qpos, qvel, xaxis = (world.batch.bind(name) for name in ("qpos", "qvel", "xaxis"))
    qpos[:, 3:7], qvel[:, 3:6] = quaternion, random.normal(size=(6, 3))
    world.forward()
    before, spin = cube.rotation(slice(None)).copy(), spins(world)
    cube.release(rows, rows)
    np.testing.assert_allclose(np.abs((before * cube.rotation(slice(None))).sum(axis=1)), 1, atol=1e-12)
    world.forward()
    np.testing.assert_allclose(spins(world), spin, atol=1e-12)
    # The layers lie along the normals of the faces.
    normals = np.einsum("nab,nb->na", matrices(before), group.NORMALS)
    axis = xaxis[:, world.batch.model.joint("layer:0:joint").id]
    np.testing.assert_allclose(np.abs((normals * axis).sum(axis=1)), 1, atol=1e-12)
    np.testing.assert_allclose((normals * axis).sum(axis=1)[:3], 1, atol=1e-12)


def spins(world):
    """Angular velocities in the world's frame, `(n, 3)`."""
    qpos, qvel = world.batch.bind("qpos"), world.batch.bind("qvel")
    return np.einsum("nab,nb->na", matrices(qpos[:, 3:7]), qvel[:, 3:6])


def matrices(quaternion):
    found = np.zeros((len(quaternion), 9))
    for row, one in zip(found, quaternion, strict=True):
        mujoco.mju_quat2Mat(row, one)
    return found.reshape(-1, 3, 3)


@pytest.mark.parametrize(("kind", "freedom"), [("exact", 72), ("layered", 8)])
def test_sizes_and_masses(kind, freedom):
    model = build(kind, 0.008)
    assert model.nv == 24 + freedom
    number = model.body("object").id
    assert model.body_subtreemass[number] == pytest.approx(0.09)
    first = int(model.body_geomadr[number])
    assert first > 0
