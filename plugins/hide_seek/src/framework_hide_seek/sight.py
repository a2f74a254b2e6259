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
        # An agent does not look at itself.
        self._from, self._to = np.nonzero(~np.eye(agents, targets, dtype=bool))
        self._fan = np.tile(rays.fan(LIDAR_RAYS), (agents, 1))
        self._lidar, self._sight = slice(0, len(self._fan)), slice(len(self._fan), None)
        self._origins = np.concatenate([np.repeat(np.arange(agents), LIDAR_RAYS), self._from])
        self._viewers = np.array(bodies)[self._origins]
        self._looked_at = np.array([*bodies, *[-1] * points])[self._to]

    def look(
        self, qpos: Floats, facing: Floats, points: Floats | None = None, ids: Ids | None = None
    ) -> tuple[Flags, Floats]:
        """Who sees what, `(k, agents, bodies + points)`, and the lidars, `(k, agents, 30)`; m.

        A body is seen if its centre is within the cone, floor-wise, and no other body and no wall is on
        the line to it. Agents do not see themselves. Lidars tell how far the next thing is, at most
        6 m, in directions fixed to the world.

        Args:
            qpos: of all bodies, `(k, bodies, 4)`.
            facing: directions that agents face, `(k, agents, 2)`.
            points: `(k, points, 3)`; m.
            ids: which `k` simulations; all by default.
        """
        agents = self.scene.agents
        at = qpos[..., :3] if points is None else np.concatenate([qpos[..., :3], points], axis=1)
        lines = at[:, self._to] - at[:, self._from]
        directions = np.empty((len(at), len(self._viewers), 3))
        directions[:, self._lidar], directions[:, self._sight] = self._fan, lines
        # One call for all rays: each moves the bodies of all simulations to where they are.
        hits = rays.cast(
            self.world,
            at[:, self._origins],
            directions,
            ids=ids,
            groups=SOLID,
            exclude=self._viewers,
        )
        sight = rays.Hits(hits.distance[:, self._sight], hits.geom[:, self._sight])
        ahead = (lines[..., :2] * facing[:, self._from]).sum(axis=-1)
        distance = np.hypot(lines[..., 0], lines[..., 1])
        clear = rays.arrived(self.world, sight, self._looked_at)
        seen = np.zeros((len(at), agents, at.shape[1]), np.bool_)
        seen[:, self._from, self._to] = clear & (ahead >= np.cos(HALF_ANGLE) * distance)
        return seen, np.minimum(hits.distance[:, self._lidar], LIDAR_RANGE).reshape(-1, agents, LIDAR_RAYS)


def names(scene: Scene) -> list[str]:
    """Of all bodies, in their order."""
    counts = {"agent": scene.agents, "box": scene.boxes, "ramp": scene.ramps}
    return [f"{kind}{i}" for kind, count in counts.items() for i in range(count)]


def facing(turn: Floats) -> Floats:
    """Directions `(..., 2)` that bodies face which are turned so much; rad."""
    return np.stack([np.sin(turn), -np.cos(turn)], axis=-1)
