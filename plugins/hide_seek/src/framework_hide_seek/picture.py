"""Games drawn from above, pixel by pixel, without OpenGL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from framework.sim import Floats
from framework_hide_seek.scene import AGENT, FLOOR
from framework_hide_seek.sight import HALF_ANGLE, facing

if TYPE_CHECKING:
    from framework_hide_seek.arena import Arena

#: How much is shown around the floor at least, and at most; m.
_AROUND, _FAR = 0.3, 1.5
#: How far the cone that an agent sees is drawn; m.
_CONE = 1.0
_COLOURS = {
    "outside": (0.93, 0.93, 0.93),
    "floor": (1.0, 1.0, 1.0),
    "preparation": (0.9, 0.9, 0.95),
    "wall": (0.25, 0.25, 0.28),
    "box": (0.95, 0.8, 0.3),
    "ramp": (0.75, 0.5, 0.25),
    "hider": (0.15, 0.4, 0.85),
    "seeker": (0.85, 0.2, 0.2),
    "food": (0.2, 0.7, 0.3),
    "site": (0.75, 0.85, 0.75),
    "cylinder": (0.6, 0.6, 0.65),
    "free": (0.5, 0.42, 0.2),
}


class Shape(NamedTuple):
    """Something on the floor.

    Attributes:
        where: its centre, `(2)`; m.
        half: its radius, or half the side of a square along the axes; m.
        colour: one of the picture's.
        round: whether it is a disc.
    """

    where: Floats
    half: float
    colour: str
    round: bool = True


class Picture:
    """Draws games.

    Hiders are blue, seekers red, each with the cone that it sees in; boxes yellow, ramps brown and darker
    where they are high. What is locked has a rim of the colour of the team that locked it. While the floor
    is grey the seekers wait.

    Args:
        size: height and width of a frame, in pixels.
        bounds: least and greatest coordinate that agents may have; m.
    """

    def __init__(self, size: tuple[int, int], bounds: tuple[float, float]) -> None:
        around = min(max(_AROUND, -bounds[0]), _FAR)
        height, width = size
        side = FLOOR + 2 * around
        self.size = size
        # Rows from above.
        x, y = (np.arange(width) + 0.5) / width, 1 - (np.arange(height) + 0.5) / height
        self._x, self._y = side * x - around, side * y - around
        self._pixel = side / min(size)

    def draw(self, game: Arena, env: int) -> NDArray[np.uint8]:
        """A frame of one of the games, `(height, width, 3)`."""
        frame = np.empty((*self.size, 3))
        frame[:] = _COLOURS["outside"]
        preparing = game.step_number[env] < game.preparation
        self._box(
            frame, np.full(2, FLOOR / 2), 0.0, np.full(2, FLOOR / 2), "preparation" if preparing else "floor"
        )
        scene, qpos, exists = game.scene, game.qpos[env], game.exists[env]
        agents, bodies = scene.agents, scene.bodies
        for shape in game.beneath(env):
            if shape.round:
                self._disc(frame, shape.where, shape.half, shape.colour)
            else:
                self._box(frame, shape.where, 0.0, np.full(2, shape.half), shape.colour)
        for i in np.flatnonzero(exists[:agents]).tolist():
            self._cone(frame, qpos[i], self._team(game, i))
        things = agents + np.flatnonzero(exists[agents:bodies])
        # What is higher hides what is below.
        for i in things[np.argsort(qpos[things, 2], kind="stable")]:
            self._thing(frame, game, env, int(i))
        for wall in game.walls[env]:
            if wall[3] > 0:
                self._box(frame, wall[:2], 0.0, wall[3:5], "wall")
        for i in np.flatnonzero(exists[:agents]).tolist():
            self._agent(frame, qpos[i], self._team(game, i))
        return np.asarray(np.round(255 * frame), np.uint8)

    def _team(self, game: Arena, agent: int) -> str:
        return "hider" if game.hides[agent] else "seeker"

    def _thing(self, frame: Floats, game: Arena, env: int, body: int) -> None:
        number, boxes = body - game.scene.agents, game.scene.boxes
        x, y, _, turn = game.qpos[env, body]
        half = game.half[env, number, :2]
        locked = game.hands.locked[env, number]
        rim = self._team(game, int(game.hands.locker[env, number])) if locked else "free"
        where = np.array([x, y])
        self._box(frame, where, turn, half, rim)
        inside = half - max(0.04, self._pixel)
        kind = "box" if number < boxes else "ramp"
        if (inside > 0).all():
            self._box(frame, where, turn, inside, kind, slope=kind == "ramp")

    def _agent(self, frame: Floats, qpos: Floats, team: str) -> None:
        self._disc(frame, qpos[:2], AGENT, team)
        self._disc(frame, qpos[:2] + 0.6 * AGENT * facing(qpos[3]), 0.35 * AGENT, "floor")

    def _cone(self, frame: Floats, qpos: Floats, team: str) -> None:
        rows, columns = self._window(qpos[:2], _CONE)
        x, y = self._x[columns] - qpos[0], self._y[rows, None] - qpos[1]
        ahead = facing(qpos[3])
        distance = np.hypot(x, y)
        seen = (distance <= _CONE) & (x * ahead[0] + y * ahead[1] >= np.cos(HALF_ANGLE) * distance)
        self._paint(frame, rows, columns, 0.2 * seen, np.array(_COLOURS[team]))

    def _disc(self, frame: Floats, where: Floats, radius: float, colour: str) -> None:
        rows, columns = self._window(where, radius)
        away = np.hypot(self._x[columns] - where[0], self._y[rows, None] - where[1])
        self._paint(frame, rows, columns, self._cover(radius - away), np.array(_COLOURS[colour]))

    def _box(
        self, frame: Floats, where: Floats, turn: float, half: Floats, colour: str, slope: bool = False
    ) -> None:
        rows, columns = self._window(where, float(np.hypot(*half)))
        x, y = self._x[columns] - where[0], self._y[rows, None] - where[1]
        cos, sin = np.cos(turn), np.sin(turn)
        along, across = cos * x + sin * y, cos * y - sin * x
        cover = self._cover(np.minimum(half[0] - np.abs(along), half[1] - np.abs(across)))
        paint: Any = np.array(_COLOURS[colour])
        if slope:  # a ramp is high where it faces, at negative y
            paint = paint * (0.95 + 0.4 * np.clip(across / half[1], -1, 1))[..., None]
        self._paint(frame, rows, columns, cover, np.clip(paint, 0, 1))

    def _window(self, where: Floats, radius: float) -> tuple[slice, slice]:
        """Rows and columns of the pixels around a place."""
        reach = radius + self._pixel
        near_y, near_x = np.abs(self._y - where[1]) <= reach, np.abs(self._x - where[0]) <= reach
        return _span(near_y), _span(near_x)

    def _cover(self, inside: Floats) -> Floats:
        """How much of pixels is covered by what reaches so far beyond their centres; m."""
        return np.asarray(np.clip(inside / self._pixel + 0.5, 0.0, 1.0))

    def _paint(self, frame: Floats, rows: slice, columns: slice, cover: Floats, colour: Floats) -> None:
        part = frame[rows, columns]
        part += cover[..., None] * (colour - part)


def _span(near: NDArray[np.bool_]) -> slice:
    found = np.flatnonzero(near)
    return slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(0, 0)
