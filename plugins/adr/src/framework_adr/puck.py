"""A puck to be pushed from goal to goal by a controller who does not know its physics."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from gymnasium import spaces

from framework.sim import Camera, Field, Flags, Floats, Ids, Info, Observation, Parameter, Rows, VectorEnv
from framework.sim.engine import mujoco
from framework.sim.fields import mass
from framework_adr.config import PUCK, PuckConfig

#: Half the side of the square that goals are in, and of the walled one that the puck is in; m.
GOALS, WALLS = 1.0, 1.3
#: Physics steps of 10 ms in a step.
SUBSTEPS = 5

_XML = f"""
<mujoco model="puck">
  <option timestep="0.01" gravity="0 0 0" integrator="implicitfast"/>
  <visual><headlight ambient=".5 .5 .5"/></visual>
  <worldbody>
    <geom name="table" type="plane" size="{WALLS} {WALLS} .1" rgba=".85 .87 .9 1" contype="0"/>
    <geom name="goal" type="cylinder" size=".1 .002" rgba=".2 .7 .3 .6" contype="0" conaffinity="0"/>
    <body name="puck">
      <joint name="x" type="slide" axis="1 0 0" limited="true" range="-{WALLS} {WALLS}" damping="1"/>
      <joint name="y" type="slide" axis="0 1 0" limited="true" range="-{WALLS} {WALLS}" damping="1"/>
      <geom type="cylinder" size=".06 .02" mass="1" rgba=".8 .2 .2 1" contype="0" conaffinity="0"/>
    </body>
  </worldbody>
  <actuator><motor joint="x" gear="4"/><motor joint="y" gear="4"/></actuator>
</mujoco>
"""


@cache
def model() -> Any:
    """The `MjModel`: a puck of 1 kg on a table, with forces of up to 4 N along each axis."""
    return mujoco.MjModel.from_xml_string(_XML)


def parameters() -> list[Parameter]:
    """What can differ between pucks, and is not observed; each leaves it as it is unless set."""
    factor: dict[str, Any] = {"low": 0.1, "high": 10.0, "log": True}
    tilt: dict[str, Any] = {"mode": "add", "low": -3.0, "high": 3.0, "unit": "m/s^2"}
    doc = "acceleration along {}, as on a tilted table"
    return [
        Parameter(
            name="turn",
            low=-np.pi,
            high=np.pi,
            unit="rad",
            doc="from where an action points to where the force does",
        ),
        Parameter(
            name="gain", fields=(Field("actuator_gainprm", at=0),), **factor, doc="force, times its own"
        ),
        Parameter(name="mass", fields=mass("puck"), **factor, doc="mass, times its own"),
        Parameter(name="damping", fields=(Field("dof_damping"),), **factor, doc="friction, times its own"),
        Parameter(name="tilt_x", fields=(Field("opt.gravity", at=0),), **tilt, doc=doc.format("x")),
        Parameter(name="tilt_y", fields=(Field("opt.gravity", at=1),), **tilt, doc=doc.format("y")),
    ]


class PuckEnv(VectorEnv):
    """A batch of pucks, each of which is to reach one goal after another.

    Actions, `(num_envs, 2)` in [-1, 1], are forces: of 4 N at most along each axis, turned by `turn`. An
    episode is truncated after `steps` steps of 50 ms.

    Observations are float32: `policy`, `(num_envs, 8)`, position (m), velocity (m/s), what is left to the
    goal (m) and the last action; `hidden`, `(num_envs, 6)`, the parameters, for a critic to see.

    A step's reward is `progress_reward` times by how much the goal came nearer (m), plus `goal_reward` if it
    was reached. `info` has,
    `(num_envs,)` each: `is_success`, whether it was reached in this step, whereupon a new one is drawn;
    and `goals`, how many were so far.

    Args:
        config: its parameters.
        options: passed on to `framework.sim.VectorEnv`.

    Attributes:
        goal: where the goals are, `(num_envs, 2)`; m.
    """

    camera = Camera(lookat=(0.0, 0.0, 0.0), distance=3.6, azimuth=90.0, elevation=-89.0)

    def __init__(self, config: PuckConfig, **options: Any) -> None:
        self.config = config
        super().__init__(
            model(),
            config.num_envs,
            observation_space=spaces.Dict({"policy": _box(8), "hidden": _box(len(PUCK))}),
            action_space=spaces.Box(-1.0, 1.0, (2,), np.float32),
            substeps=SUBSTEPS,
            stage=mujoco.mjtStage.mjSTAGE_NONE,
            threads=config.threads,
            size=(config.render_size, config.render_size),
            parameters=parameters(),
            **{"seed": config.seed, "max_episode_steps": config.steps} | options,
        )
        self.set_ranges(config.randomise)
        bind = self.batch.bind
        self._qpos, self._qvel, self._ctrl = bind("qpos"), bind("qvel"), bind("ctrl")
        n = self.num_envs
        self._action = self.remember("action", np.zeros((n, 2)))
        self.goal = self.remember("goal", np.zeros((n, 2)))
        self._left = self.remember("left", np.zeros(n))
        self._goals = self.remember("goals", np.zeros(n, np.int64))

    def _start(self, ids: Ids) -> None:
        self._qpos[ids] = self.streams.uniform(ids, -GOALS, GOALS, 2)
        self._qvel[ids] = 0.0
        self._ctrl[ids] = 0.0
        self._action[ids] = 0.0
        self._goals[ids] = 0
        self._ask(ids)

    def _ask(self, ids: Ids) -> None:
        """Draw new goals."""
        self.goal[ids] = self.streams.uniform(ids, -GOALS, GOALS, 2)
        self._left[ids] = np.linalg.norm(self.goal[ids] - self._qpos[ids], axis=1)

    def _act(self, actions: Floats, rows: Rows) -> None:
        self._action[rows] = actions
        turn = self.randomisation.value("turn")[rows]
        cos, sin = np.cos(turn), np.sin(turn)
        x, y = actions.T
        self._ctrl[rows] = np.stack([cos * x - sin * y, sin * x + cos * y], axis=1)

    def _judge(self, observation: Observation, actions: Floats) -> tuple[Floats, bool, bool, Info]:
        left = np.linalg.norm(self.goal - self._qpos, axis=1)
        self._reached: Flags = left < self.config.radius
        reward = self.config.progress_reward * (self._left - left) + self.config.goal_reward * self._reached
        self._now = left
        return reward, False, False, {"is_success": self._reached, "goals": self._goals + self._reached}

    def _advance(self, rows: Rows) -> Ids:
        self._left[rows] = self._now[rows]
        self._goals[rows] += self._reached[rows]
        reached: Ids = np.arange(self.num_envs)[rows][self._reached[rows]]
        if len(reached):
            self._ask(reached)
        return reached

    def _observe(self, rows: Rows) -> Observation:
        qpos = self._qpos[rows]
        seen = [qpos, self._qvel[rows], self.goal[rows] - qpos, self._action[rows]]
        return {
            "policy": np.concatenate(seen, axis=1, dtype=np.float32),
            "hidden": self.randomisation.values[rows].astype(np.float32),
        }

    def _decorate(self, data: Any, env: int) -> None:
        data.geom_xpos[data.model.geom("goal").id, :2] = self.goal[env]


def _box(size: int) -> spaces.Box:
    return spaces.Box(-np.inf, np.inf, (size,), np.float32)


def make_puck(config: PuckConfig, **options: Any) -> PuckEnv:
    """Push a puck from goal to goal."""
    return PuckEnv(config, **options)
