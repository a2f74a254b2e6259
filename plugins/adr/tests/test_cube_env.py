"""The cube in the hand: goals, rewards, the way to the solved cube, and how it is counted."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from framework.errors import UserError
from framework.rl.evaluate import Outcomes
from framework.sim.rotations import conjugate, matrix, product, turn
from framework_adr import CubeEnv, Solves
from framework_adr.cube import group
from framework_adr.cube.config import CUBE, CubeConfig, SolvesConfig
from framework_adr.cube.goals import shortest
from framework_dex_hand import MOTION, PLACE, TURNED

RECIPES = Path(__file__).parents[3] / "recipes"
KINDS = pytest.mark.parametrize("kind", ["layered", "exact"])
ALL = slice(None)
STILL = np.zeros((2, 20), np.float32)


def make(kind="layered", **parameters):
    env = CubeEnv(CubeConfig(**{"cube": kind, "num_envs": 2, "starts": 4, "threads": 1, **parameters}))
    env.reset(seed=0)
    return env


def lay(env, ids, up):
    """Put cubes so that a face of each is up, where they were, at rest."""
    cube = env.cube
    normal = np.einsum("nab,nb->na", matrix(cube.rotation(ids)), group.NORMALS[up].astype(float))
    env._qpos[ids, TURNED] = product(shortest(normal), env._qpos[ids, TURNED])
    env._qpos[ids, PLACE] = [1.0, 0.87, 0.6]  # in the air, where nothing disturbs it
    env._qvel[ids, MOTION] = 0.0


def reach(env):
    """Do what the goals ask for, as no hand could; returns what the next step does."""
    ids, cube, goals = np.arange(env.num_envs), env.cube, env.goals
    for i in ids:
        errors = goals.errors(np.array([i]))[0]
        face = int(np.abs(errors).argmax())
        quarters = int(np.round(errors[face] / (np.pi / 2)))
        if quarters and env.config.cube == "exact":
            state = group.moved(cube.state(np.array([i])), np.array([face]), np.array([-quarters]))
            cube.put(np.array([i]), state)
        elif quarters:
            env._qpos[i, cube._hinges[face // 3]] += errors[face]
    lay(env, ids, goals.face)
    env.world.forward(ids)
    return env.step(STILL)


@KINDS
def test_all_goals_on_the_way_solve_the_cube(kind):
    env = make(kind, scramble=3, max_successes=73)
    ways = env.goals.way.tolist()
    assert not group.is_solved(env.cube.state(ALL)).any()
    reached, finished = np.zeros(2, int), {}
    for _ in range(30):
        errors = np.linalg.norm(env.goals.errors(ALL), axis=1)
        flips = env.goals.face != env.goals.upper(ALL)
        # Either a flip, with nothing to turn, or a quarter turn of the face that is up.
        np.testing.assert_allclose(errors, np.where(flips, 0, np.pi / 2), atol=0.03)
        *_, terminated, truncated, info = reach(env)
        assert not terminated.any()
        final = info.get("final_info", info)
        reached += info["is_success"]
        for i in np.flatnonzero(truncated):
            finished.setdefault(
                int(i), (int(final["successes"][i]), bool(final["solved"][i]), int(final["way"][i]))
            )
        if len(finished) == 2:
            break
    assert [finished[i] for i in range(2)] == [(way, True, way) for way in ways]


def test_rewards_and_the_time_limit():
    env = make(goals="random", steps_per_goal=3, face_share=0.0)
    env.goals.target[:] = 0.0
    env.goals.face[:], env._angle[:] = 0, 1.0
    lay(env, np.arange(2), np.array([0, 1]))
    _, reward, terminated, truncated, info = env.step(STILL)
    assert info["is_success"].tolist() == [True, False]
    np.testing.assert_allclose(reward, [1 + 5, 1 - np.pi / 2], atol=0.05)
    np.testing.assert_allclose(info["angle"], [0, np.pi / 2], atol=0.05)
    assert info["way"].tolist() == [43, 43]
    assert not (terminated | truncated | info["solved"]).any()
    # Another face is wanted up where the goal was reached.
    assert env.goals.face[0] != 0
    for _ in range(2):
        lay(env, np.arange(2), np.array([env.goals.face[0] - 3, 1]))
        *_, truncated, info = env.step(STILL)
    assert truncated.tolist() == [False, True]
    env._qpos[0, PLACE.stop - 1] = 0.03
    _, reward, terminated, *_ = env.step(STILL)
    assert terminated.tolist() == [True, False]
    assert reward[0] < -15


@KINDS
def test_observations(kind):
    env = make(kind, goals="random", face_share=0.5, num_envs=4)
    seen = env.step(np.zeros((4, 20), np.float32))[0]
    policy, critic = seen["policy"].astype(float), seen["critic"].astype(float)
    np.testing.assert_allclose(policy[:, 15:18] + [1.0, 0.87, 0.16], env._qpos[:, PLACE], atol=1e-6)
    rotation = policy[:, 22:26]
    assert (rotation[:, 0] >= 0).all()
    np.testing.assert_allclose(matrix(rotation).reshape(4, 9), critic[:, 101:110], atol=1e-5)
    # What is left brings the face up, along the shortest way.
    wanted = group.NORMALS[env.goals.face].astype(float)
    up = np.einsum("nab,nb->na", matrix(product(policy[:, 18:22], rotation)), wanted)
    np.testing.assert_allclose(up, np.tile([0, 0, 1], (4, 1)), atol=1e-5)
    np.testing.assert_allclose(policy[:, 21], 0, atol=1e-6)
    np.testing.assert_allclose(policy[:, 26:32], env.goals.errors(ALL), atol=1e-6)
    np.testing.assert_allclose(critic[:, -6:], env.cube.speeds(ALL), atol=1e-4)


def test_the_shortest_way_up():
    down = np.array([[0.0, 0.0, -1.0], [0.0, 0.0, 1.0]])
    np.testing.assert_allclose(matrix(shortest(down)) @ down[:, :, None], [[[0], [0], [1]]] * 2, atol=1e-12)
    angle = np.array([0.3])
    one = turn(angle, np.array([[1.0, 2.0, 0.0]]))
    found = shortest(matrix(one) @ [0.0, 0.0, 1.0])
    np.testing.assert_allclose(found, conjugate(one), atol=1e-12)


def test_parameters():
    exact, layered = (tuple(make(kind).parameters()) for kind in ("exact", "layered"))
    assert set(layered) == set(CUBE)
    assert set(CUBE) - set(exact) == {"object_size"}
    env = make(randomise={"face_friction": (2.0, 2.0), "cube_noise": (0.1, 0.1)}, without=("noise",))
    model = env.batch.get_model(0)
    hinges = model.dof_frictionloss[[model.joint(name).dofadr[0] for name in env.cube.joints]]
    np.testing.assert_allclose(hinges, 2 * 9 * 5e-4)
    assert env.parameters()["cube_noise"].values.tolist() == [0, 0]


def test_without_kociemba_only_random_goals_are_to_be_had(monkeypatch, framework_command):
    monkeypatch.setitem(sys.modules, "kociemba", None)  # as if it were not installed
    refused = framework_command("check", str(RECIPES / "adr_cube.yaml"))
    assert refused.exit_code == 2
    # Of both evaluators on the way to the solved cube, before anything is trained.
    assert refused.stderr.count("pip install 'framework-adr[cube]' (goals: random does without)") == 2
    random = ["evaluators.1.environment.goals=random", "evaluators.2.environment.goals=random"]
    assert framework_command("check", str(RECIPES / "adr_cube.yaml"), *random).exit_code == 0
    make(goals="random").step(STILL)


def test_solves_are_counted_against_the_way():
    played = Outcomes(
        returns=np.zeros(4),
        lengths=np.ones(4, np.int64),
        success=np.zeros(4),
        info={
            "successes": np.array([0.0, 21, 22, 43]),
            "way": np.full(4, 43.0),
            "solved": np.array([0.0, 0, 0, 1]),
            "dropped": np.zeros(4),
            "waited": np.zeros(4),
            "angle": np.zeros(4),
        },
    )
    report = Solves(SolvesConfig())._report(played, make())
    assert (report.metrics["half"], report.metrics["full"], report.metrics["solved"]) == (0.5, 0.25, 0.25)
    assert report.metrics["mean"] == 21.5
    with pytest.raises(UserError, match="has no cube to solve"):
        Solves(SolvesConfig())(SimpleNamespace(player=lambda: None), SimpleNamespace())
