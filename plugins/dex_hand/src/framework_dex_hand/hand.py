"""A hand that holds something and is asked for one goal after another."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from framework.sim import Camera, Effect, Flags, Floats, Ids, Info, Observation, Parameter, Rows, VectorEnv
from framework.sim.engine import mujoco
from framework.sim.rotations import Array
from framework.sim.shadow_hand import HINGES, tip_sites
from framework_dex_hand.config import HandConfig
from framework_dex_hand.disturbances import OBJECT
from framework_dex_hand.model import PLACE
from framework_dex_hand.parameters import GROUPS

#: Where positions are observed from: beside the middle of the palm; m.
ORIGIN = np.array([1.0, 0.87, 0.16])
#: Where goals are drawn, from the object; m.
BESIDE = np.array([0.15, 0.0, 0.0])
#: In `policy`: the height of the object.
HEIGHT = OBJECT.stop - 1


class HandEnv(VectorEnv):
    """A batch of Shadow hands that face up, each with an object in its palm.

    An episode asks for one goal after another; which, a subclass says. It is terminated when the object
    is dropped, and truncated after `max_successes` goals or when one takes more than `steps_per_goal`
    steps.

    Actions, `(num_envs, 20)` in [-1, 1] or with `bins` whole numbers from 0, are where each
    joint with an actuator is to go: the middle of its range, or its present angle, plus half of
    the range times the action. They are averaged over time before.

    Observations are float32; those called `policy` begin with the positions of fingertips (15) and object
    (3), m, from a point in the palm. They alone have noise and lost markers, without which rewards and
    goals are judged.

    A step's reward is by how much less became what is left to its goal (rad), plus `success_reward` if it
    reached it, minus `drop_penalty` if the object was dropped. `info` has, `(num_envs,)` each:
    `is_success`, whether the step reached its goal; `successes` so far in the episode; `dropped`; and,
    before a new goal is drawn, `waited`, the steps that were spent on it, and `angle`, what is left to it
    (rad).

    Args:
        config: its parameters.
        model: an `MjModel` whose joints are those of the hand, then "object:joint", then any others.
        observed: how many numbers each key of the observations has.
        first: states that episodes start from, `(n, state)`.
        parameters: what can be set and randomised.
        effects: what disturbs actions and observations.
        groups: names of parameters by group, as `without` leaves them out.
        options: passed on to `framework.sim.VectorEnv`.

    Raises:
        UserError: a parameter to draw is not there.
    """

    config: HandConfig
    camera = Camera(lookat=(1.0, 0.92, 0.16), distance=0.45, azimuth=55.0, elevation=-35.0)

    def __init__(
        self,
        config: HandConfig,
        model: Any,
        *,
        observed: Mapping[str, int],
        first: NDArray[np.float64],
        parameters: Sequence[Parameter],
        effects: Sequence[Effect],
        groups: Mapping[str, Sequence[str]] = GROUPS,
        **options: Any,
    ) -> None:
        joints, bins = model.nu, config.bins
        super().__init__(
            model,
            config.num_envs,
            observation_space=spaces.Dict({name: _box(size) for name, size in observed.items()}),
            action_space=(
                spaces.MultiDiscrete([bins] * joints)
                if bins
                else spaces.Box(-1.0, 1.0, (joints,), np.float32)
            ),
            substeps=config.substeps,
            # Nothing derived is read but the fingertips, and computing it anew takes a tenth of the time.
            stage=mujoco.mjtStage.mjSTAGE_NONE,
            threads=config.threads,
            size=(config.render_size, config.render_size),
            parameters=parameters,
            effects=effects,
            **{
                "seed": config.seed,
                "max_episode_steps": config.max_successes * config.steps_per_goal,
            }
            | options,
        )
        self.config = config
        left_out = {name for group in config.without for name in groups[group]}
        self.set_ranges({k: v for k, v in config.randomise.items() if k not in left_out})
        self._first = first
        low, high = model.actuator_ctrlrange.T
        self._low, self._high, self._centre, self._half = low, high, (high + low) / 2, (high - low) / 2
        self._joints = model.jnt_qposadr[model.actuator_trnid[:, 0]]
        self._sites = tip_sites(model)
        bind = self.batch.bind
        self._qpos, self._qvel, self._ctrl = bind("qpos"), bind("qvel"), bind("ctrl")
        self._xpos, self._xmat = bind("site_xpos"), bind("site_xmat")
        n = self.num_envs
        self._action = self.remember("action", np.zeros((n, joints)))
        self._angle = self.remember("angle", np.zeros(n))
        self._successes = self.remember("successes", np.zeros(n, np.int64))
        self._waited = self.remember("waited", np.zeros(n, np.int64))

    # What a subclass says -----------------------------------------------------------------

    @property
    @abstractmethod
    def task(self) -> str:
        """How goals are and when they are reached, for captions."""

    def _prepare(self, ids: Ids) -> None:
        """Change the first states of new episodes, before goals are drawn."""

    @abstractmethod
    def _goals(self, ids: Ids) -> Floats:
        """Draw new goals; returns what is left to them, `(k,)` rad."""

    @abstractmethod
    def _measure(self, observation: Observation) -> tuple[Floats, Flags]:
        """What is left to the goals, rad, and whether they are reached, `(num_envs,)` each.

        Args:
            observation: after the step, without what effects do to it.
        """

    # Episodes -----------------------------------------------------------------------------

    def _start(self, ids: Ids) -> None:
        which = self.streams.uniform(ids, 0, len(self._first), 1)[:, 0].astype(np.intp)
        self.batch.state[ids] = self._first[which]
        self._prepare(ids)
        self.world.forward(ids, mujoco.mjtStage.mjSTAGE_POS)
        self._action[ids] = 0.0
        self._successes[ids] = 0
        self._ask(ids)

    def _ask(self, ids: Ids) -> None:
        """Draw new goals."""
        self._angle[ids] = self._goals(ids)
        self._waited[ids] = 0

    def _command(self, actions: Array) -> Floats:
        bins = self.config.bins
        return actions if bins is None else actions * (2 / (bins - 1)) - 1

    def _act(self, actions: Floats, rows: Rows) -> None:
        config = self.config
        self._action[rows] = (1 - config.smoothing) * actions + config.smoothing * self._action[rows]
        middle = self._centre if config.control == "absolute" else self._qpos[rows].take(self._joints, axis=1)
        self._ctrl[rows] = np.clip(middle + self._half * self._action[rows], self._low, self._high)

    def _stepped(self, rows: Rows) -> None:
        self._waited[rows] += 1

    def _judge(self, observation: Observation, actions: Floats) -> tuple[Floats, Flags, Flags, Info]:
        config = self.config
        self._left, reached = self._measure(observation)
        dropped = observation["policy"][:, HEIGHT] < config.drop_height - ORIGIN[2]
        self._reached = reached & ~dropped
        reward = self._angle - self._left
        reward += config.success_reward * self._reached - config.drop_penalty * dropped
        successes = self._successes + self._reached
        over = successes >= config.max_successes
        over |= ~self._reached & (self._waited >= config.steps_per_goal)
        info = {
            "is_success": self._reached,
            "successes": successes,
            "dropped": dropped,
            "waited": self._waited.copy(),
            "angle": self._left,
        }
        return reward, dropped, over, info

    def _advance(self, rows: Rows) -> Ids:
        self._angle[rows] = self._left[rows]
        self._successes[rows] += self._reached[rows]
        reached: Ids = np.arange(self.num_envs)[rows][self._reached[rows]]
        if len(reached):
            self._ask(reached)
        return reached

    # What is seen -------------------------------------------------------------------------

    def _hand(self, rows: Rows) -> tuple[list[Array], list[Array]]:
        """Parts of observations, each `(k, ...)`: what the policy sees of hand and object, and all of it.

        Positions of fingertips are where they were one physics step ago.

        Returns:
            Positions of markers at the fingertips (15) and of the object (3); angles (24) and speeds (24)
            of the hinges, averaged actions (20), positions of fingertips (15) and object (3), and the
            former from the latter (15).
        """
        qpos = self._qpos[rows]
        n, place, tips = len(qpos), qpos[:, PLACE], self._tips(rows)
        everything = [
            qpos[:, :HINGES],
            self._qvel[rows][:, :HINGES],
            self._action[rows],
            (tips - ORIGIN).reshape(n, -1),
            place - ORIGIN,
            (tips - place[:, None]).reshape(n, -1),
        ]
        return [(self._markers(tips, rows) - ORIGIN).reshape(n, -1), place - ORIGIN], everything

    def _tips(self, rows: Rows) -> Array:
        return np.asarray(self._xpos[rows].take(self._sites, axis=1))

    def _markers(self, tips: Array, rows: Rows) -> Array:
        """Where the markers on fingertips are, `(k, 5, 3)`: each moved on its own fingertip."""
        size = self.randomisation.value("finger_markers")[rows, None]
        if not size.any():
            return tips
        moved = (size * self.randomisation.noise("finger_markers")[rows]).reshape(-1, 5, 3, 1)
        turned = self._xmat[rows].take(self._sites, axis=1).reshape(-1, 5, 3, 3)
        return np.asarray(tips + (turned @ moved)[..., 0])


def _box(size: int) -> spaces.Box:
    return spaces.Box(-np.inf, np.inf, (size,), np.float32)
