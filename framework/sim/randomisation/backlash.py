"""Slack between motors and joints ("Learning Dexterous In-Hand Manipulation", appendix on backlash)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from framework.errors import UserError
from framework.sim.arrays import Ids, Rows
from framework.sim.engine import mujoco
from framework.sim.randomisation.effects import Effect, Numbers
from framework.sim.randomisation.parameters import Parameter

if TYPE_CHECKING:
    from framework.sim.vector_env import VectorEnv


class Backlash(Effect):
    """Part of each motion is lost in slack when its direction changes.

    An actuator's slack s is within [-1, 1], where its ends transmit. A motion a, the distance
    from where a position servo is to its control, moves s by a Δt / δ of its direction in an env
    step of Δt; of the motion the share that comes after s has met its end is left. An actuator
    that is no servo has its control as a. An environment whose controls follow from earlier ones
    keeps those itself: what is in `ctrl` is what comes out of the slack.

    Parameters: `backlash`, times the measured δ, 0 by nature; `backlash_spread`, standard
    deviation of log δ, drawn for each actuator, direction and episode.

    Args:
        up: δ of motions that raise a control, `(nu,)` or one for all: how much, for how long, takes
            the slack from its middle to its end; in the unit of controls times s.
        down: of motions that lower it; by default the same.
    """

    switches = ("backlash",)

    def __init__(self, up: ArrayLike, down: ArrayLike | None = None) -> None:
        self._measured = [np.asarray(up, np.float64), np.asarray(up if down is None else down, np.float64)]

    def prepare(self, env: VectorEnv) -> Sequence[Parameter]:
        model, n = env.batch.model, env.num_envs
        if not all(((w > 0) & np.isfinite(w)).all() and w.shape in {(), (model.nu,)} for w in self._measured):
            raise UserError(f"backlash is a positive number, or {model.nu} of them, for each direction")
        self._width = np.stack([np.broadcast_to(w, model.nu) for w in self._measured])
        self._lengths = servo_lengths(model)
        self._dt = env.substeps * model.opt.timestep
        self._ctrl, self._qpos = env.batch.bind("ctrl"), env.batch.bind("qpos")
        self._all = np.arange(n)
        self._slack = env.remember("effects/slack", np.zeros((n, model.nu)))
        given: dict[str, Any] = {"noise": "normal", "count": 2 * model.nu}
        doc = "of each actuator's slack, per episode; standard deviation of its logarithm"
        return (
            Parameter(name="backlash", low=0.0, high=10.0, doc="slack of actuators, times the measured"),
            Parameter(name="backlash_spread", low=0.0, high=2.0, doc=doc, **given),
        )

    def start(self, ids: Ids) -> None:
        self._slack[ids] = 0.0

    def push(self, rows: Rows) -> None:
        of = self.randomisation
        ids = self._all[rows][of.value("backlash")[rows] > 0]
        if not len(ids):
            return
        scale, spread = of.value("backlash")[ids, None], of.value("backlash_spread")[ids, None]
        up, down = np.split(
            scale * self._width.ravel() * np.exp(spread * of.noise("backlash_spread")[ids]), 2, axis=1
        )
        there, slack, asked = self._qpos[ids] @ self._lengths, self._slack[ids], self._ctrl[ids]
        motion = asked - there
        step = motion * self._dt / np.where(motion > 0, up, down)
        left = np.abs(np.sign(motion) - slack)
        lost = np.clip(left / np.maximum(np.abs(step), 1e-12), 0.0, 1.0)
        self._ctrl[ids] = asked - lost * motion
        self._slack[ids] = np.clip(slack + step, -1.0, 1.0)


def servo_lengths(model: Any) -> Numbers:
    """Matrix `(nq, nu)` from joint positions to the controls that would hold them; 0 for no servos.

    Raises:
        UserError: a servo acts on something else than a hinge or a slide.
    """
    gain, stiffness = model.actuator_gainprm[:, 0], -model.actuator_biasprm[:, 1]
    servos = np.flatnonzero((gain != 0) & (stiffness != 0))
    joints = model.actuator_trnid[servos, 0]
    plain = model.actuator_trntype[servos] == mujoco.mjtTrn.mjTRN_JOINT.value
    plain &= model.jnt_type[np.where(plain, joints, 0)] >= mujoco.mjtJoint.mjJNT_SLIDE.value
    for i in servos[~plain]:
        raise UserError(f"backlash: actuator {model.actuator(i).name!r} acts on no hinge or slide")
    lengths = np.zeros((model.nq, model.nu))
    share = (model.actuator_gear[:, 0] * stiffness)[servos] / gain[servos]
    lengths[model.jnt_qposadr[joints], servos] = share
    return lengths
