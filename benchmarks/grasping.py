"""Simulated grasps: labelling against nothing but the physics of it, and against PyBullet.

    python -m benchmarks.grasping [--objects 60] [--grasps 48] [--bullet 8]

Labelling is all that `grasp/random_objects` does for a scene: invent, compile, let rest, look, propose, try.
The bare physics is the time of `Batch.step` in the trials alone. PyBullet (pip install pybullet) does the
trials of some scenes, of objects without hulls: the same hand, phases and early ends, with its own motors,
one grasp after another, at its own 1/240 s. One thread each.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

from benchmarks.timing import Scores
from framework.sim.rotations import conjugate, matrix, product
from framework_grasp.config import RandomObjectsConfig
from framework_grasp.objects.solid import Solid
from framework_grasp.producers import RandomObjects
from framework_grasp.trials import trial
from framework_grasp.trials.bench import Bench
from framework_grasp.trials.hand import (
    APPROACH,
    FINGER,
    GRIP,
    OPENING,
    PAD_HEIGHT,
    PAD_WIDTH,
    PALM,
    PUSH,
)  # fmt: skip


class Timed(RandomObjects):
    """Counts what the trials' physics takes."""

    physics = 0.0

    def scene(self, number: int) -> Any:
        tried, step = Bench.try_grasps, trial.World.step

        def timed_step(world: Any, *arguments: Any) -> Any:
            world.fields.settle()
            start = time.process_time()
            world.batch.step(*arguments)
            self.physics += time.process_time() - start

        def try_grasps(bench: Bench, pose: Any, grasps: Any) -> Any:
            trial.World.step = timed_step
            try:
                return tried(bench, pose, grasps)
            finally:
                trial.World.step = step
                self.tried.append((bench.solid, pose, grasps))

        Bench.try_grasps = try_grasps
        try:
            return super().scene(number)
        finally:
            Bench.try_grasps = tried

    tried: list[tuple[Solid, Any, Any]]


class Bullet:
    """The same trial in PyBullet: the hand does not turn, the object and the table do."""

    timestep = 1 / 240

    def __init__(self, solid: Solid, friction: float) -> None:
        import pybullet as p

        self.p, self.client = p, p.connect(p.DIRECT)
        p.setGravity(0, 0, -9.81)
        p.setTimeStep(self.timestep)
        self.table = p.createMultiBody(0, p.createCollisionShape(p.GEOM_BOX, halfExtents=[1, 1, 0.1]))
        self.hand, self.object = self._hand(), self._object(solid)
        for body, link in [(self.table, -1), (self.object, -1), *((self.hand, link) for link in range(5))]:
            p.changeDynamics(body, link, lateralFriction=friction**0.5, linearDamping=0, angularDamping=0)

    def close(self) -> None:
        self.p.disconnect(self.client)

    def _hand(self) -> int:
        p, half, top = self.p, OPENING / 2, PAD_HEIGHT / 2
        palm = p.createCollisionShape(p.GEOM_BOX, halfExtents=[*PALM, 0.015],
                                      collisionFramePosition=[0, 0, PAD_HEIGHT + 0.015])  # fmt: skip
        finger = p.createCollisionShape(p.GEOM_BOX, halfExtents=[PAD_WIDTH / 2, FINGER / 2, top])
        tiny = p.createCollisionShape(p.GEOM_SPHERE, radius=1e-4, collisionFramePosition=[0, 0, 0.5])
        offsets = [[0, 0, 0]] * 3 + [[0, -half - FINGER / 2, top], [0, half + FINGER / 2, top]]
        hand = p.createMultiBody(
            0, -1,
            linkMasses=[0.01, 0.01, 0.5, 0.25, 0.25],
            linkCollisionShapeIndices=[tiny, tiny, palm, finger, finger],
            linkVisualShapeIndices=[-1] * 5, linkPositions=offsets, linkOrientations=[[0, 0, 0, 1]] * 5,
            linkInertialFramePositions=[[0, 0, 0]] * 5, linkInertialFrameOrientations=[[0, 0, 0, 1]] * 5,
            linkParentIndices=[0, 1, 2, 3, 3], linkJointTypes=[p.JOINT_PRISMATIC] * 5,
            linkJointAxis=[[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0], [0, -1, 0]],
        )  # fmt: skip
        for link in (3, 4):
            p.changeDynamics(hand, link, jointLowerLimit=0, jointUpperLimit=half)
        # The fingers mirror one another.
        gear = p.createConstraint(hand, 3, hand, 4, p.JOINT_GEAR, [0, 1, 0], [0, 0, 0], [0, 0, 0])
        p.changeConstraint(gear, gearRatio=-1, maxForce=1000)
        return hand

    def _object(self, solid: Solid) -> int:
        p, kinds, sizes, heights = self.p, [], [], []
        kind = {"box": p.GEOM_BOX, "sphere": p.GEOM_SPHERE, "capsule": p.GEOM_CAPSULE,
                "cylinder": p.GEOM_CYLINDER}  # fmt: skip
        for part in solid.parts:
            kinds.append(kind[part.kind])
            sizes.append(part.size if part.kind == "box" else [1, 1, 1])
            heights.append(2 * part.size[1] if part.kind in ("capsule", "cylinder") else 0.0)
        radii = [0.0 if part.kind == "box" else part.size[0] for part in solid.parts]
        places = [part.position for part in solid.parts]
        turns = [np.roll(part.quaternion, -1).tolist() for part in solid.parts]
        shape = p.createCollisionShapeArray(
            shapeTypes=kinds, radii=radii, halfExtents=sizes, lengths=heights,
            collisionFramePositions=places, collisionFrameOrientations=turns,
        )  # fmt: skip
        return p.createMultiBody(solid.mass, shape)

    def try_grasps(self, pose: Any, grasps: Any) -> list[bool]:
        rotations, found = trial.quaternions(grasps), []
        for grasp, rotation in zip(grasps, rotations, strict=True):
            back = conjugate(rotation)
            into = matrix(back)
            turn = product(back[None], pose[None, 3:])[0]
            p = self.p
            p.resetBasePositionAndOrientation(self.object, into @ (pose[:3] - grasp[:3]), np.roll(turn, -1))
            p.resetBaseVelocity(self.object, [0, 0, 0], [0, 0, 0])
            centre = into @ (-grasp[:3] - [0, 0, 0.1])
            p.resetBasePositionAndOrientation(self.table, centre, np.roll(back, -1))
            for link, value in enumerate([0, 0, APPROACH, 0, 0]):
                p.resetJointState(self.hand, link, value, 0)
            found.append(self._run())
        return found

    def _run(self) -> bool:
        height = np.array([0, 0, trial.HEIGHT])
        start, grip = self._height(), 0.0
        self._move(np.array([0, 0, APPROACH]), np.zeros(3), trial.COME, grip)
        if max(abs(self.p.getJointState(self.hand, link)[0]) for link in range(3)) > 0.005:
            return False
        self._move(np.zeros(3), np.zeros(3), trial.CLOSE, GRIP)
        if self._gap() < 0.002:
            return False
        self._move(np.zeros(3), height, trial.LIFT, GRIP)
        if self._height() - start < trial.HEIGHT / 2:
            return False
        count = round(trial.SHAKE / self.timestep)
        for tick in range(1, count + 1):
            target = height.copy()
            swing = trial.SWING * np.sin(2 * np.pi * trial.SHAKES * tick * self.timestep)
            target[1 if 2 * tick <= count else 0] = swing
            self._step(target, GRIP)
        self._move(height, height, trial.HOLD, GRIP)
        return self._height() - start > 0.7 * trial.HEIGHT and self._gap() > 0.002

    def _move(self, start: Any, end: Any, seconds: float, grip: float) -> None:
        count = round(seconds / self.timestep)
        for tick in range(1, count + 1):
            share = 0.5 - 0.5 * np.cos(np.pi * min(1.0, tick / (0.8 * count)))
            self._step(start + share * (end - start), grip)

    def _step(self, target: Any, grip: float) -> None:
        p = self.p
        p.setJointMotorControlArray(
            self.hand, range(3), p.POSITION_CONTROL, targetPositions=target, forces=[PUSH] * 3
        )
        p.setJointMotorControlArray(
            self.hand, [3, 4], p.VELOCITY_CONTROL, targetVelocities=[1, 1], forces=[grip, grip]
        )
        p.stepSimulation()

    def _gap(self) -> float:
        return float(OPENING - sum(self.p.getJointState(self.hand, link)[0] for link in (3, 4)))

    def _height(self) -> float:
        return float(self.p.getBasePositionAndOrientation(self.object)[0][2])


def main() -> int:
    """Print the figures; return 1 if one missed its target."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--objects", type=int, default=60)
    parser.add_argument("--grasps", type=int, default=48)
    parser.add_argument("--bullet", type=int, default=8, help="scenes for PyBullet")
    options = parser.parse_args()
    config = RandomObjectsConfig(
        scenes=options.objects, grasps=options.grasps, threads=1, friction=(0.5, 0.5)
    )
    labelling = Timed(config)
    labelling.tried = []
    start = time.process_time()
    scenes = [labelling.scene(number) for number in range(options.objects)]
    whole = time.process_time() - start
    print(f"  labelling {options.objects * options.grasps / whole:8.0f} trials per CPU-second")
    scores = Scores()
    scores.at_least("trials labelled / in the bare time of Batch.step", labelling.physics / whole, 0.8)
    pairs = [
        (tried, scene.outcomes.success)
        for tried, scene in zip(labelling.tried, scenes, strict=True)
        if not any(part.kind == "hull" for part in tried[0].parts)
    ][: options.bullet]
    try:
        import pybullet  # noqa: F401
    except ImportError:
        scores.skip("trials / PyBullet's", "pip install pybullet")
        return scores.exit_code()
    ours = theirs = 0.0
    same: list[bool] = []
    for (solid, pose, grasps), success in pairs:
        bullet = Bullet(solid, 0.5)
        start = time.process_time()
        found = bullet.try_grasps(pose, grasps)
        theirs += time.process_time() - start
        bullet.close()
        start = time.process_time()
        Bench(solid, len(grasps), 0.5, "coarse").try_grasps(pose, grasps)
        ours += time.process_time() - start
        same += (np.array(found) == success).tolist()
    print(f"  PyBullet {len(same) / theirs:8.0f} trials per CPU-second, {np.mean(same):.2f} with our outcome")
    scores.at_least("trials / PyBullet's", theirs / ours, 3)
    return scores.exit_code()


if __name__ == "__main__":
    raise SystemExit(main())
