"""The arena: a batch of worlds with agents, boxes and ramps between walls, whatever is played in them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.errors import UserError
from framework.sim import Field, Flags, Floats, Ids, Observation, Rows, VectorEnv
from framework.sim.engine import mujoco
from framework_hide_seek.config import ArenaConfig
from framework_hide_seek.hands import REACH, Hands, distances
from framework_hide_seek.layouts.layout import Layout, Place
from framework_hide_seek.layouts.props import Props
from framework_hide_seek.observing import Observing, Snapshot
from framework_hide_seek.picture import Picture, Shape
from framework_hide_seek.scene import AGENT, AXES, BOX, CONTROL, Scene, model
from framework_hide_seek.sight import Sight, facing
from framework_hide_seek.spaces import CHOICES, KEYS, action_space, keyed, observation_space

#: Layouts drawn for a game before giving up.
LAYOUTS = 100
#: Timestep (s) and how many of it a step has.
PHYSICS = {"fast": (0.015, 5), "reference": (0.005, 15)}
#: Where what is not in a game waits: m from the floor, above it, m apart.
_AWAY, _ABOVE = -60.0, 60.0


class Arena(VectorEnv):
    """A batch of games with an agent axis: the hiders first, then the seekers.

    Observations and actions are those of `framework_hide_seek.spaces`, with an agent axis behind that of
    the games; rewards are `(num_envs, agents)`. All agents start and end together. A step lasts 75 ms. A
    subclass says who plays, where, and what is earned.

    Args:
        config: its parameters, which layouts are drawn with.
        place: where it is played.
        hiders, seekers, boxes, ramps, food: how many there may be.
        steps: of an episode.
        lock_ramps: whether ramps can be locked, too.
        options: passed on to `framework.sim.VectorEnv`.

    Attributes:
        hides: which agents hide, `(agents)`.
        preparation: steps of an episode in which seekers do not act.
        bounds: least and greatest coordinate on the floor that is drawn; m.
        hands: who holds and who locked what.
        half: half the sides of boxes and ramps, `(num_envs, objects, 3)`; m.
        exists: who and what is in the games: agents, boxes, ramps and food, `(num_envs, entities)`.
        sees: who saw what when it was last observed, `(num_envs, agents, entities)`.
        walls: centres and half sides, `(num_envs, walls, 6)`; m.
        distance: of boxes and ramps from agents, `(num_envs, agents, objects)`; m.
    """

    bounds = (0.0, 6.0)
    preparation = 0
    #: What a person at the keyboard may press, and what it does; see `framework.rl.keyboard`.
    keys, keyed = KEYS, staticmethod(keyed)

    def __init__(
        self,
        config: ArenaConfig,
        place: Place,
        *,
        hiders: int,
        seekers: int,
        boxes: int,
        ramps: int,
        food: int = 0,
        steps: int,
        lock_ramps: bool = False,
        **options: Any,
    ) -> None:
        self.config: Any = config
        count, objects = hiders + seekers, boxes + ramps
        timestep, substeps = PHYSICS[config.physics]
        self.place, self.steps = place, steps
        self.scene = scene = Scene(
            count, boxes, ramps, place.walls, timestep, place.friction, place.cylinders
        )
        names = [*(f"hider_{i}" for i in range(hiders)), *(f"seeker_{i}" for i in range(seekers))]
        given: dict[str, Any] = {
            "observation_space": observation_space(count, boxes, ramps, food),
            "action_space": action_space(count),
            "seed": config.seed,
            "max_episode_steps": steps,
        }
        super().__init__(
            model(scene),
            config.num_envs,
            substeps=substeps,
            stage=mujoco.mjtStage.mjSTAGE_NONE,
            threads=config.threads,
            size=(config.render_size, config.render_size),
            agents=names,
            **given | options,
        )
        n = self.num_envs
        self.hides: Flags = np.arange(count) < hiders
        bind, shape = self.batch.bind, (n, scene.bodies, AXES)
        self.qpos, self.qvel = bind("qpos").reshape(shape), bind("qvel").reshape(shape)
        self._ctrl = bind("ctrl").reshape(n, count, 3)
        self.sight = Sight(self.world, scene, food)
        lockable: Flags = np.arange(objects) < boxes + ramps * lock_ramps
        self.hands = Hands(self.world, scene, self.hides, lockable)
        self._observing = Observing(scene, self.hides)
        self._picture: Picture | None = None
        self.step_number = self.remember("step", np.zeros(n, np.int64))
        self.half = self.remember("half", np.full((n, objects, 3), BOX))
        self.exists = self.remember("exists", np.zeros((n, scene.bodies + food), np.bool_))
        self.sees = self.remember("sees", np.zeros((n, count, scene.bodies + food), np.bool_))
        self.walls = self.remember("walls", np.zeros((n, scene.walls, 6)))
        self.distance = self.remember("distance", np.zeros((n, count, objects)))

    # Beginning ----------------------------------------------------------------------------

    @abstractmethod
    def _cast(self, ids: Ids) -> Props:
        """Draw who and what is in games `ids`."""

    def _begin(self, ids: Ids, layout: Layout) -> None:
        """Take what else there is in layouts of games `ids`, in which everything has been put."""

    def _start(self, ids: Ids) -> None:
        left, cast = ids, self._cast(ids)
        for _ in range(LAYOUTS):
            layout = self.place.draw(self.streams, left, self.config, cast)
            self._set_up(left, layout, cast)
            left, cast = left[~layout.found], cast.rows(~layout.found)
            if not len(left):
                break
        else:
            raise UserError(
                f"no room for so much on the floor of games {left.tolist()}\n  ask for fewer boxes or ramps"
            )
        self.qvel[ids], self._ctrl[ids], self.step_number[ids] = 0.0, 0.0, 0
        self.hands.reset(ids)

    def _set_up(self, ids: Ids, layout: Layout, cast: Props) -> None:
        """Put everything where a layout says, in games in which there was a place for all."""
        kept, agents = layout.found, self.scene.agents
        ids = ids[kept]
        if not len(ids):
            return
        there = np.concatenate([cast.active[kept], cast.there[kept]], axis=1)
        self.exists[ids, : self.scene.bodies] = there
        self.exists[ids, self.scene.bodies :] = True
        self.half[ids] = cast.half[kept]
        self.walls[ids] = layout.walls[kept]
        height = np.full(there.shape, AGENT)
        height[:, agents:] = self.half[ids, :, 2]
        qpos = np.empty((len(ids), self.scene.bodies, AXES))
        qpos[..., :2], qpos[..., 2], qpos[..., 3] = layout.where[kept], height, layout.turns[kept]
        away = np.arange(self.scene.bodies)
        waiting = np.stack(
            [_AWAY - 2.0 * away, np.full(len(away), _AWAY), np.full(len(away), _ABOVE)], axis=1
        )
        qpos[..., :3] = np.where(there[..., None], qpos[..., :3], waiting)
        self.qpos[ids] = qpos
        self._shape(ids, there, cast.reshaped)
        self._begin(ids, layout.rows(kept))

    def _shape(self, ids: Ids, there: Flags, boxes: bool) -> None:
        """Give walls, and boxes if they differ, their sizes, and hold up what is not in the game."""
        write, scene, k = self.world.fields.write, self.scene, len(ids)
        walls = self.walls[ids]
        real = walls[..., 3:4] > 0
        write(
            _fields("geom_pos", "wall", scene.walls),
            np.where(real, walls[..., :3], [0, 0, -_ABOVE]).reshape(k, -1),
            ids,
        )
        size = np.where(real, walls[..., 3:], 0.05)
        write(_fields("geom_size", "wall", scene.walls), size.reshape(k, -1), ids)
        if boxes:
            half = self.half[ids, : scene.boxes]
            write(_fields("geom_size", "box", scene.boxes), half.reshape(k, -1), ids)
            square = half**2
            inertia = (square.sum(axis=2, keepdims=True) - square) / 3
            write(_fields("body_inertia", "box", scene.boxes), inertia.reshape(k, -1), ids)
        if not there.all() or self.batch.expanded("body_gravcomp") is not None:
            bodies = tuple(self.sight.names)
            write(Field("body_gravcomp", bodies), np.where(there, 0.0, 1.0), ids)

    # A step -------------------------------------------------------------------------------

    def _acting(self, rows: Rows) -> Flags:
        """Whose actions count now, `(k, agents)`, an array of its own."""
        return self.exists[rows, : self.scene.agents].copy()

    def _act(self, actions: Floats, rows: Rows) -> None:
        agents, bodies = self.scene.agents, self.scene.bodies
        acting = self._acting(rows)
        force = CONTROL * (2 * actions[..., :3] / (CHOICES[0] - 1) - 1)
        self._ctrl[rows] = np.where(acting[..., None], force, 0.0)
        if bodies > agents:
            distance = self.distance[rows]
            reach = (distance <= REACH) & self.sees[rows, :, agents:bodies] & acting[..., None]
            grab = (actions[..., 3] == 1) & acting
            lock = (actions[..., 4] == 1) & acting
            self.hands.act(self._everyone[rows], self.qpos[rows], reach, distance, grab, lock)

    def _stepped(self, rows: Rows) -> None:
        self.step_number[rows] += 1

    def _refresh(self, rows: Rows) -> None:
        agents, qpos = self.scene.agents, self.qpos[rows]
        self.distance[rows] = distances(qpos[:, :agents, :3], qpos[:, agents:], self.half[rows])

    def _food(self, rows: Rows) -> tuple[Floats, Floats]:
        """Where food is, `(k, food, 3)` (m), and what is left of it, `(k, food)`."""
        k = len(self._everyone[rows])
        return np.zeros((k, 0, 3)), np.zeros((k, 0))

    def _observe(self, rows: Rows) -> Observation:
        ids = None if isinstance(rows, slice) else rows
        qpos, exists, agents = self.qpos[rows], self.exists[rows], self.scene.agents
        faces = facing(qpos[..., 3])
        food, health = self._food(rows)
        sees, lidar = self.sight.look(qpos, faces[:, :agents], food if food.shape[1] else None, ids)
        sees &= exists[:, None] & exists[:, :agents, None]
        self.sees[rows] = sees
        steps, hands = self.step_number[rows], self.hands
        left = np.empty((len(qpos), 2))
        left[:, 0] = np.maximum(1 - steps / max(self.preparation, 1), 0) if self.preparation else 0.0
        left[:, 1] = 1 - steps / self.steps
        return self._observing(
            Snapshot(
                qpos=qpos,
                qvel=self.qvel[rows],
                facing=faces,
                half=self.half[rows],
                exists=exists,
                sees=sees,
                lidar=lidar,
                held=hands.held[rows],
                locked=hands.locked[rows],
                locker=hands.locker[rows],
                food=food,
                health=health,
                left=left,
            )
        )

    # Drawing ------------------------------------------------------------------------------

    def render(self, envs: Sequence[int] | None = None) -> tuple[NDArray[np.uint8], ...]:
        """Draw games as they are now, from above; no OpenGL is needed.

        Args:
            envs: their indices; by default all.

        Returns:
            One frame each, `(height, width, 3)`.
        """
        if self._picture is None:
            self._picture = Picture(self.size, self.bounds)
        chosen = range(self.num_envs) if envs is None else envs
        return tuple(self._picture.draw(self, i) for i in chosen)

    def beneath(self, env: int) -> list[Shape]:
        """What lies on the floor of a game, to be drawn below all else."""
        return []


def _fields(name: str, kind: str, count: int) -> Field:
    return Field(name, tuple(f"{kind}{i}" for i in range(count)))
