"""What agents see: a cone of 135 degrees in which nothing hides what is there, and a lidar all around."""

from __future__ import annotations

import numpy as np

from framework.sim import Flags, Floats, Ids, World, rays
from framework_hide_seek.scene import SOLID, Scene
from framework_hide_seek.spaces import LIDAR_RANGE, LIDAR_RAYS

#: An agent sees what is at most so far from where it faces; rad.
HALF_ANGLE = 3 * np.pi / 8


class Sight:
    """Looks into the simulations of a world.

    Args:
        world: the simulations.
        scene: what is in them.
        points: places to be looked at that are no bodies, such as food.

    Attributes:
        names: of the bodies, in their order.
    """

    def __init__(self, world: World, scene: Scene, points: int = 0) -> None:
        self.world, self.scene = world, scene
        model = world.batch.model
        agents, targets = scene.agents, scene.bodies + points
        self.names = names(scene)
        bodies = [model.body(name).id for name in self.names]
        self._viewers = np.repeat(bodies[:agents], LIDAR_RAYS)
        self._lidar = np.tile(rays.fan(LIDAR_RAYS), (agents, 1))
        # An agent does not look at itself.
        self._from, self._to = np.nonzero(~np.eye(agents, targets, dtype=bool))
        self._looking = np.array(bodies)[self._from]
        self._looked_at = np.array([*bodies, *[-1] * points])[self._to]

    def look(
        self, qpos: Floats, facing: Floats, points: Floats | None = None, ids: Ids | None = None
    ) -> Flags:
        """Who sees what: `(k, agents, bodies + points)`.

        A body is seen if its centre is within the cone, floor-wise, and no other body and no wall is on
        the line to it. Agents do not see themselves.

        Args:
            qpos: of all bodies, `(k, bodies, 4)`.
            facing: directions that agents face, `(k, agents, 2)`.
            points: `(k, points, 3)`; m.
            ids: which `k` simulations; all by default.
        """
        at = qpos[..., :3] if points is None else np.concatenate([qpos[..., :3], points], axis=1)
        origins, targets = at[:, self._from], at[:, self._to]
        line = targets - origins
        ahead = (line[..., :2] * facing[:, self._from]).sum(axis=-1)
        distance = np.hypot(line[..., 0], line[..., 1])
        clear = rays.visible(
            self.world, origins, targets, viewers=self._looking, bodies=self._looked_at, ids=ids, groups=SOLID
        )
        seen = np.zeros((len(at), self.scene.agents, at.shape[1]), np.bool_)
        seen[:, self._from, self._to] = clear & (ahead >= np.cos(HALF_ANGLE) * distance)
        return seen

    def lidar(self, qpos: Floats, ids: Ids | None = None) -> Floats:
        """How far the next thing is in directions fixed to the world, `(k, agents, 30)`; m, at most 6."""
        agents = self.scene.agents
        origins = np.repeat(qpos[:, :agents, :3], LIDAR_RAYS, axis=1)
        hits = rays.cast(
            self.world, origins, self._lidar, ids=ids, far=LIDAR_RANGE, groups=SOLID, exclude=self._viewers
        )
        return hits.distance.reshape(-1, agents, LIDAR_RAYS)


def names(scene: Scene) -> list[str]:
    """Of all bodies, in their order."""
    counts = {"agent": scene.agents, "box": scene.boxes, "ramp": scene.ramps}
    return [f"{kind}{i}" for kind, count in counts.items() for i in range(count)]


def facing(turn: Floats) -> Floats:
    """Directions `(..., 2)` that bodies face which are turned so much; rad."""
    return np.stack([np.sin(turn), -np.cos(turn)], axis=-1)
