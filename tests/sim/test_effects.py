"""Effects against what they are documented to do, worked out number by number for each simulation."""

from __future__ import annotations

from typing import Any

import gymnasium
import mujoco
import numpy as np
import pytest

from framework.errors import UserError
from framework.sim import (
    ActionDelay,
    ActionNoise,
    Adversary,
    Backlash,
    Dropout,
    Field,
    ObservationNoise,
    Parameter,
    RandomForces,
    Stuck,
    TimestepJitter,
    VectorEnv,
)
from framework.testing import assert_same

XML = """
<mujoco>
  <option timestep="0.004"/>
  <worldbody>
    <body name="arm"><joint name="a" axis="0 1 0" damping="1"/>
      <geom type="capsule" size=".02" fromto="0 0 0 .3 0 0"/>
      <body pos=".3 0 0"><joint name="b" axis="0 1 0" damping="1"/>
        <geom type="capsule" size=".02" fromto="0 0 0 .3 0 0"/><site name="tip" pos=".3 0 0"/></body></body>
    <body name="ball" pos="0 2 1"><freejoint/><geom type="ellipsoid" size=".1 .05 .03" mass=".5"/></body>
  </worldbody>
  <actuator>
    <position joint="a" kp="20" ctrlrange="-1 1"/><position joint="b" gear="2" kp="5" ctrlrange="-1 1"/>
  </actuator>
</mujoco>
"""
SUBSTEPS = 5


class Arm(VectorEnv):
    """Two servos and a falling ball; what arrives of actions is kept in `arrived`."""

    def __init__(self, num_envs: int = 3, **options: Any) -> None:
        box = gymnasium.spaces.Box
        super().__init__(
            mujoco.MjModel.from_xml_string(XML),
            num_envs,
            observation_space=gymnasium.spaces.Dict(
                {"points": box(-9, 9, (6,), np.float64), "turn": box(-1, 1, (4,), np.float32)}
            ),
            action_space=options.pop("action_space", box(-1, 1, (2,), np.float64)),
            substeps=SUBSTEPS,
            **{"threads": 1, "max_episode_steps": 40} | options,
        )
        self.qpos, self.ctrl, self._zero = (
            self.batch.bind("qpos"),
            self.batch.bind("ctrl"),
            self.batch.state[0].copy(),
        )
        self.arrived = np.zeros((num_envs, 2))

    def _start(self, ids: np.ndarray) -> None:
        self.batch.state[ids] = self._zero
        self.qpos[ids, :2] = self.streams.uniform(ids, -0.5, 0.5, 2)

    def _act(self, actions: np.ndarray, rows: Any) -> None:
        self.arrived[rows] = self.ctrl[rows] = actions

    def _observe(self, rows: Any) -> Any:
        q = self.qpos[rows]
        return {"points": np.tile(q[:, :2], 3) + q[:, [4]], "turn": q[:, 5:9].astype(np.float32)}

    def _judge(self, observation: Any, actions: np.ndarray) -> Any:
        self.judged = observation["points"].copy()
        return -np.abs(self.qpos[:, 0]), False, False, {}


def everything() -> list[Any]:
    return [
        ActionNoise(),
        ActionDelay(latest=2),
        Adversary(hidden=3),
        Stuck(),
        Backlash(up=[0.05, 0.2], down=0.1),
        RandomForces("ball"),
        TimestepJitter(),
        ObservationNoise("point", "points", unit="m"),
        ObservationNoise("base", "points", shared=3),
        ObservationNoise("turn", "turn", rotation=True),
        Dropout("marker", "points"),
    ]


RANGES = {
    "action_scale": (0.1, 0.2), "action_bias": (0.1, 0.2), "action_noise": (0, 0.2),
    "adversary": (0.1, 0.4), "stuck": (0, 2.999), "action_delay": (0.5, 1.5),
    "backlash": (0.5, 1), "backlash_spread": (0.1, 0.1),
    "ball_push": (0.1, 0.5), "timestep_jitter": (1e-4, 8e-4), "base_bias": (0.1, 0.1),
    "point_bias": (0, 0.1), "point_noise": (0, 0.1), "turn_bias": (0.1, 0.1), "turn_noise": (0.1, 0.1),
    "marker_dropout": (0.5, 2), "marker_dropout_time": (0.05, 0.3),
}  # fmt: skip


def ranges_of(start: str) -> dict[str, Any]:
    return {name: ends for name, ends in RANGES.items() if name.startswith(start)}


ACTIONS = np.random.default_rng(0).uniform(-1, 1, (100, 8, 2))


def make(effects: list[Any], ranges: dict[str, Any], num_envs: int = 3, **options: Any) -> Arm:
    env = Arm(num_envs, effects=effects, **options)
    env.set_ranges(ranges)
    env.reset(seed=0)
    return env


def test_nothing_happens_unless_asked() -> None:
    plain, env = make([], {}), make(everything(), {})
    generators = env.get_state()["effects/streams"]
    for action in ACTIONS[:50, :3]:
        assert_same(env.step(action)[:4], plain.step(action)[:4])
    assert_same(env.get_state()["effects/streams"], generators)
    assert env.batch.expanded("opt.timestep") is None


def test_an_episode_goes_on_exactly_where_it_was_saved() -> None:
    env = make(everything(), RANGES, num_envs=5)
    for action in ACTIONS[:25, :5]:
        env.step(action)
    state = env.get_state()
    future = [env.step(action)[:4] for action in ACTIONS[25:75, :5]]
    other = Arm(5, effects=everything(), threads=2)
    for target in (env, other):
        target.set_state(state)
        assert_same([target.step(action)[:4] for action in ACTIONS[25:75, :5]], future)


def test_what_happens_to_one_simulation_depends_on_no_other() -> None:
    few, many = (make(everything(), RANGES, num_envs=n) for n in (2, 6))
    for t, action in enumerate(ACTIONS[:60]):
        if t == 20:
            many.set_parameters({"point_noise": 0.5, "action_noise": 0}, np.arange(2, 6))
        assert_same(few.step(action[:2])[0], {k: v[:2] for k, v in many.step(action[:6])[0].items()})


@pytest.mark.parametrize("autoreset", ["NextStep", "SameStep"])
def test_who_waits_sees_the_first_observation_of_the_new_episode(autoreset: str) -> None:
    modes = gymnasium.vector.AutoresetMode
    env = make(everything(), RANGES, autoreset=modes(autoreset), max_episode_steps=4)
    seen = [env.step(action)[0]["points"] for action in ACTIONS[:5, :3]]
    assert (seen[4] != seen[3]).all()
    assert_same(env._last["points"], seen[4])


def test_actions_are_disturbed_and_late() -> None:
    effects = [ActionNoise(), ActionDelay(latest=2)]
    env = make(effects, ranges_of("action"), max_episode_steps=None)
    of, sent = env.randomisation, []
    for action in ACTIONS[:20, :3]:
        env.step(action)
        sent.append(np.zeros((3, 2)))
        for i, j in np.ndindex(3, 2):
            noisy = (1 + of.value("action_scale")[i] * of.noise("action_scale")[i, j]) * action[i, j]
            noisy += of.value("action_bias")[i] * of.noise("action_bias")[i, j]
            sent[-1][i, j] = noisy + of.value("action_noise")[i] * effects[0].normal[i, j]
            late = of.value("action_delay")[i] - (of.noise("action_delay")[i, j] + 1) / 2
            past = len(sent) - 1 - max(int(np.ceil(late)), 0)
            expected = np.clip(sent[past][i, j], -1, 1) if past >= 0 else 0.0
            assert env.arrived[i, j] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("mean", "shares"), [(0.5, {0: 0.5, 1: 0.5}), (1, {1: 1}), (1.25, {1: 0.75, 2: 0.25})]
)
def test_delays_are_whole_steps_with_the_mean_asked_for(mean: float, shares: dict[int, float]) -> None:
    env = make([ActionDelay(latest=2)], {"action_delay": (mean, mean)}, num_envs=300)
    for t in (1, 2, 3):
        env.step(np.full((300, 2), t / 10))
    late = np.round(3 - env.arrived * 10)
    for steps, share in shares.items():
        assert (late == steps).mean() == pytest.approx(share, abs=0.05)
    assert set(np.unique(late)) == set(shares)


def test_a_random_network_has_its_share_of_actions() -> None:
    env = make([Adversary(hidden=3)], {"adversary": (0.1, 0.9)}, max_episode_steps=None)
    of, weights = env.randomisation, env.randomisation.noise("adversary").copy()
    assert (weights[0] != weights[1]).all()
    for action in ACTIONS[:5, :3]:
        seen = np.concatenate([env.qpos, env.batch.bind("qvel")], axis=1)
        env.step(action)
        for i in range(3):
            first, second = np.split(weights[i], [3 * len(seen[i])])
            hidden = np.tanh(first.reshape(-1, 3).T @ seen[i] / np.sqrt(len(seen[i])))
            asked = np.tanh(second.reshape(3, 2).T @ hidden / np.sqrt(3))
            share = of.value("adversary")[i]
            assert env.arrived[i] == pytest.approx((1 - share) * action[i] + share * asked, abs=1e-12)
    env.reset()
    assert (of.noise("adversary") != weights).all()


def test_what_is_stuck_stays_where_it_was() -> None:
    env = make([Stuck()], {"stuck": (2, 2.999)}, max_episode_steps=None)
    env.step(ACTIONS[0, :3])
    assert_same(env.arrived, ACTIONS[0, :3] * [1, 0])  # from the start, where nothing was asked for
    env.set_parameters({"stuck": [0, 1.7, 2]})
    for action in ACTIONS[1:3, :3]:
        env.step(action)
        held = [action[0], [ACTIONS[0, 1, 0], action[1, 1]], [action[2, 0], 0.0]]
        assert_same(env.arrived, np.array(held))


def test_motion_is_lost_in_slack() -> None:
    env = make([Backlash(up=[0.05, 0.2], down=0.1)], ranges_of("backlash"), max_episode_steps=None)
    of, dt = env.randomisation, 0.004 * SUBSTEPS
    slack, lost = np.zeros((3, 2)), 0
    for action in ACTIONS[:40, :3]:
        held = env.qpos[:, :2] * [1, 2]  # the controls that would hold the arm: joint times gear
        env.step(action)
        for i, j in np.ndindex(3, 2):
            motion = action[i, j] - held[i, j]
            k = j if motion > 0 else 2 + j
            width = ([0.05, 0.2] if motion > 0 else [0.1, 0.1])[j] * of.value("backlash")[i]
            width *= np.exp(of.value("backlash_spread")[i] * of.noise("backlash_spread")[i, k])
            step = motion * dt / width
            share = min(max(abs(np.sign(motion) - slack[i, j]) / abs(step), 0), 1)
            assert env.ctrl[i, j] == pytest.approx(held[i, j] + (1 - share) * motion, abs=1e-12)
            slack[i, j] = np.clip(slack[i, j] + step, -1, 1)
            lost += 0 < share < 1
    assert lost > 10


def test_randomised_simulations_are_separately_edited_models_bit_for_bit() -> None:
    """With timesteps, pushes and physics that differ; a push fades, and is as the body is heavy."""
    parameters = [
        Parameter(name="mass", fields=(Field("body_mass", "ball"),), low=0.1, high=9),
        Parameter(
            name="damping", fields=(Field("dof_damping", ("a", "b")),), each=True, log=True, low=0.1, high=9
        ),
    ]
    effects = [RandomForces("ball"), TimestepJitter()]
    ranges = {"mass": (0.5, 2), "damping": (0.3, 3), "ball_push": (0.3, 0.3), "timestep_jitter": (1e-4, 8e-4)}
    env = make(effects, ranges, parameters=parameters, max_episode_steps=None)
    of = env.randomisation
    twins, push = [], np.zeros((3, 3))
    for i in range(3):
        model = mujoco.MjModel.from_xml_string(XML)
        model.body("ball").mass[0] *= of.value("mass")[i]
        model.dof_damping[:2] *= of.noise("damping")[i]
        mujoco.mj_setConst(model, mujoco.MjData(model))
        twins.append((model, mujoco.MjData(model)))
        mujoco.mj_setState(model, twins[i][1], env.batch.state[i], mujoco.mjtState.mjSTATE_INTEGRATION)
    for action in ACTIONS[:30, :3]:
        env.step(action)
        for i, (model, data) in enumerate(twins):
            normal, chance, unit = effects[0].normal[i], effects[0].uniform[i, 0], effects[1].uniform[i, 0]
            push[i] = normal if chance < 0.3 else 0.99 * push[i]
            data.xfrc_applied[model.body("ball").id, :3] = push[i] * model.body("ball").mass[0]
            model.opt.timestep = 0.004 - of.value("timestep_jitter")[i] * np.log1p(-unit)
            data.ctrl[:] = action[i]
            mujoco.mj_step(model, data, SUBSTEPS)
            assert data.qpos.tobytes() == env.qpos[i].tobytes()
    assert (of.noise("damping")[:, 0] != of.noise("damping")[:, 1]).all()
    env.reset()
    assert not env.batch.bind("xfrc_applied").any()
    assert (env.world.fields.read(Field("opt.timestep")) == 0.004).all()


def test_times_between_steps_are_exponential_with_uniform_rates() -> None:
    jitter = TimestepJitter()
    env = make([jitter], {"timestep_jitter": (1e-4, 8e-4)}, num_envs=400)
    rates = 1 / env.randomisation.value("timestep_jitter")
    assert 1250 <= rates.min() < 1350 and 9900 < rates.max() <= 10000
    assert rates.mean() == pytest.approx(5625, rel=0.05)
    extra = []
    for _ in range(5):
        env.step(np.zeros((400, 2)))
        extra.append((env.world.fields.read(Field("opt.timestep"))[:, 0] - 0.004) * rates)
    assert np.min(extra) >= 0
    assert np.mean(extra) == pytest.approx(1, abs=0.1)
    assert np.std(extra) == pytest.approx(1, abs=0.1)


def test_observations_are_noisy_and_rewards_are_not() -> None:
    effects = [ObservationNoise("point", "points"), ObservationNoise("base", "points", shared=3)]
    env = make(effects, {"point_bias": (0, 0.1), "point_noise": (0, 0.1), "base_bias": (0.1, 0.1)})
    of = env.randomisation
    for action in ACTIONS[:5, :3]:
        seen = env.step(action)[0]["points"]
        for i, j in np.ndindex(3, 6):
            expected = env.judged[i, j] + of.value("point_bias")[i] * of.noise("point_bias")[i, j]
            expected += of.value("point_noise")[i] * effects[0].normal[i, j]
            expected += of.value("base_bias")[i] * of.noise("base_bias")[i, j % 3]
            assert seen[i, j] == pytest.approx(expected, abs=1e-12)
        assert_same(env.judged, env._observe(slice(None))["points"])


def test_noise_turns_rotations_by_random_vectors() -> None:
    env = make([ObservationNoise("turn", "turn", rotation=True)], {"turn_noise": (0.1, 0.1)}, num_envs=400)
    env.step(np.zeros((400, 2)))
    error, back = np.zeros((400, 3)), np.zeros(4)
    for i, seen in enumerate(env._last["turn"].astype(np.float64)):
        mujoco.mju_negQuat(back, env.qpos[i, 5:9])
        mujoco.mju_mulQuat(seen, back, seen)
        mujoco.mju_quat2Vel(error[i], seen, 1.0)
    np.testing.assert_allclose(error, 0.1 * env._effects._effects[0].normal, atol=1e-6)
    np.testing.assert_allclose(error.std(axis=0), 0.1, rtol=0.1)
    np.testing.assert_allclose(np.linalg.norm(env._last["turn"], axis=1), 1, atol=1e-6)


def test_lost_markers_repeat_their_last_reading() -> None:
    def near(rows: Any) -> np.ndarray:
        return np.abs(env.qpos[rows, :2])

    dropout = Dropout("marker", "points", distance=near)
    env = Arm(3, effects=[dropout], max_episode_steps=None)
    env.set_ranges(
        {"marker_dropout": (1, 3), "marker_dropout_time": (0.1, 0.1), "marker_occlusion": (0, 0.1)}
    )
    kept = env.reset(seed=0)[0]["points"].reshape(3, 2, 3).copy()
    of, dt, lost, hidden = env.randomisation, 0.004 * SUBSTEPS, np.zeros((3, 2), int), 0
    for action in ACTIONS[:100, :3]:
        seen = env.step(action)[0]["points"].reshape(3, 2, 3)
        for i, m in np.ndindex(3, 2):
            if not lost[i, m] and dropout.uniform[i, m] < 1 - np.exp(-of.value("marker_dropout")[i] * dt):
                lost[i, m] = 5  # env steps of 0.1 s
            occluded = near(slice(None))[i, m] < of.value("marker_occlusion")[i]
            hidden += occluded
            if not lost[i, m] and not occluded:
                kept[i, m] = env.judged[i, 3 * m : 3 * m + 3]
            lost[i, m] = max(lost[i, m] - 1, 0)
            assert_same(seen[i, m], kept[i, m])
    assert 10 < hidden < 300


def test_effects_can_be_pinned_and_moved_while_episodes_run() -> None:
    env = make(everything(), RANGES)
    env.step(ACTIONS[0, :3])
    env.set_parameters({name: 0 for name in RANGES if name != "marker_dropout_time"}, np.array([1]))
    env.set_ranges({"point_noise": (1, 1)}, np.array([2]))
    for action in ACTIONS[1:60, :3]:
        seen = env.step(action)[0]
    assert_same(seen["points"][1], env.judged[1])
    assert env.parameters()["point_noise"].values.tolist()[1:] == [0, 1]
    found = env.parameters()["ball_push_size"]
    assert (found.low, found.high, found.unit, found.values[0]) == (0, 100, "m/s^2", 1)


@pytest.mark.parametrize(
    ("effect", "message"),
    [
        (
            ObservationNoise("tip", "pints"),
            r"tip_bias: the environment observes no 'pints'\n  did you mean 'points'",
        ),
        (ObservationNoise("tip", "points", slice(6, 9)), "'points' has 6 numbers, so none at slice"),
        (ObservationNoise("tip", "points", shared=4), "tip_bias: noise of 4 numbers does not fit 6"),
        (ObservationNoise("tip", "points", rotation=True), "a rotation is a quaternion, but 'points' has 6"),
        (Dropout("tip", "points", size=4), "tip_dropout: markers of 4 numbers do not make up 6"),
        (Backlash(up=0.0), "backlash is a positive number, or 2 of them"),
        (Backlash(up=[0.1, 0.1, 0.1]), "backlash is a positive number, or 2 of them"),
        (RandomForces("bal"), "no body 'bal' for body_subtreemass"),
    ],
)
def test_what_does_not_fit_is_named(effect: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Arm(effects=[effect])


def test_more_that_does_not_fit() -> None:
    with pytest.raises(UserError, match="longest delay is 0 env steps"):
        ActionDelay(latest=0)
    with pytest.raises(UserError, match="not for Discrete"):
        Arm(effects=[ActionNoise()], action_space=gymnasium.spaces.Discrete(3))
    choices = gymnasium.spaces.MultiDiscrete([11, 11])
    env = make([ActionNoise()], {"action_noise": (0.1, 0.1)}, action_space=choices)
    with pytest.raises(UserError, match=r"make them of choices in VectorEnv\._command"):
        env.step(np.zeros((3, 2), int))
    with pytest.raises(UserError, match="drawn by its reciprocal, so its range cannot start at 0"):
        make([TimestepJitter()], {"timestep_jitter": (0, 1e-4)})
    with pytest.raises(UserError, match=r"'point_noise' is within \[0.0, 1.0\] m, not -1"):
        make(everything(), {}).set_parameters({"point_noise": -1})


def test_a_diverged_simulation_disturbs_no_other() -> None:
    env = make(everything(), RANGES)
    env.step(ACTIONS[0, :3])
    env.batch.bind("qvel")[1, 0] = np.nan
    seen, _, _, truncated, info = env.step(ACTIONS[1, :3])
    assert info["diverged"].tolist() == truncated.tolist() == [False, True, False]
    assert all(np.isfinite(value).all() for value in seen.values())
    assert all(np.isfinite(value).all() for name, value in env.get_state().items() if "kept" not in name)
