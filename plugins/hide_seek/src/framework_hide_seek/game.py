"""The game: a batch of worlds in which one team hides and the other seeks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.errors import UserError
from framework.sim import Field, Flags, Floats, Ids, Info, Observation, Rows, VectorEnv
from framework.sim.engine import mujoco
from framework_hide_seek.config import GameConfig
from framework_hide_seek.food import Food
from framework_hide_seek.hands import REACH, Hands, distances
from framework_hide_seek.layouts import quadrant, rooms
from framework_hide_seek.layouts.layout import Layout
from framework_hide_seek.layouts.props import Props, props
from framework_hide_seek.observing import Observing, Snapshot
from framework_hide_seek.picture import Picture
from framework_hide_seek.scene import AGENT, AXES, BOX, CONTROL, Scene, model
from framework_hide_seek.sight import Sight, facing
from framework_hide_seek.spaces import CHOICES, action_space, observation_space
from framework_hide_seek.tally import COUNTED, Tally

#: Layouts drawn for a game before giving up.
LAYOUTS = 100
#: Timestep (s) and how many of it a step has.
PHYSICS = {"fast": (0.015, 5), "reference": (0.005, 15)}
#: Where what is not in a game waits: m from the floor, above it, m apart.
_AWAY, _ABOVE = -60.0, 60.0
#: What being out of bounds costs; and the bounds, the same along x and y (m).
OUT, BOUNDS = -10.0, {"quadrant": (0.1, 5.9), "rooms": (-6.0, 12.0)}
#: How far the bounds are moved outwards (m): at full speed an agent sinks 5 cm into a wall, as the bounds
#: allow for, but in the longer physics steps 10 cm.
SLACK = {"fast": 0.1, "reference": 0.0}


class Game(VectorEnv):
    """A batch of games, `agents` of them in each: the hiders first, then the seekers.

    Observations and actions are those of `framework_hide_seek.spaces`, with an agent axis behind that of
    the games; rewards are `(num_envs, agents)`. All agents start and end together. A step lasts 75 ms;
    an episode is truncated after `steps` steps.

    Every step hiders earn 1 each if no seeker sees any of them, else -1; seekers the opposite. Whoever
    is out of bounds gets -10 instead, in the quadrant game everybody if a box or ramp is. With food a
    hider earns 1, or -1 if it is seen, and 1 for every piece that it eats of; a seeker 1 if it sees a
    hider, else -1; and each gets its team's mean. In the preparation nobody earns anything and
    seekers do not act.

    `info` has, `(num_envs)` each: `preparation`, whether the step was one of it; `seen`, whether a seeker
    sees a hider; and what `framework_hide_seek.tally.COUNTED` names, now and, as `..._preparation`, when the
    preparation ended.

    Args:
        config: its parameters.
        options: passed on to `framework.sim.VectorEnv`.

    Attributes:
        hides: which agents hide, `(agents)`.
        preparation: steps of an episode in which seekers do not act.
        bounds: least and greatest coordinate on the floor that costs nothing; m.
        hands: who holds and who locked what.
        half: half the sides of boxes and ramps, `(num_envs, objects, 3)`; m.
        exists: who and what is in the games: agents, boxes, ramps and food, `(num_envs, entities)`.
        sees: who saw what when it was last observed, `(num_envs, agents, entities)`.
        walls: centres and half sides, `(num_envs, walls, 6)`; m.
    """

    def __init__(self, config: GameConfig, **options: Any) -> None:
        self.config = c = config
        count, objects = c.hiders + c.seekers, c.boxes + c.ramps
        self._layout: Any = quadrant.quadrant if c.layout == "quadrant" else rooms.rooms
        place: Any = quadrant if c.layout == "quadrant" else rooms
        timestep, substeps = PHYSICS[c.physics]
        self.scene = scene = Scene(count, c.boxes, c.ramps, place.WALLS, timestep, place.FRICTION)
        super().__init__(
            model(scene),
            c.num_envs,
            observation_space=observation_space(count, c.boxes, c.ramps, c.food),
            action_space=action_space(count),
            substeps=substeps,
            stage=mujoco.mjtStage.mjSTAGE_NONE,
            threads=c.threads,
            size=(c.render_size, c.render_size),
            agents=[*(f"hider_{i}" for i in range(c.hiders)), *(f"seeker_{i}" for i in range(c.seekers))],
            **{"seed": c.seed, "max_episode_steps": c.steps} | options,
        )
        n = self.num_envs
        self.hides: Flags = np.arange(count) < c.hiders
        self.preparation = round(c.preparation * c.steps)
        (low, high), slack = BOUNDS[c.layout], SLACK[c.physics]
        self.bounds = low - slack, high + slack
        bind, shape = self.batch.bind, (n, scene.bodies, AXES)
        self.qpos, self.qvel = bind("qpos").reshape(shape), bind("qvel").reshape(shape)
        self._ctrl = bind("ctrl").reshape(n, count, 3)
        self.sight = Sight(self.world, scene, c.food)
        self.hands = Hands(
            self.world, scene, self.hides, np.arange(objects) < c.boxes + c.ramps * c.lock_ramps
        )
        self.food = Food(self.world, c.food, c.hiders)
        self.tally = Tally(self.world, scene, self.hides, doors=2 if c.layout == "quadrant" else c.rooms - 1)
        self._observing = Observing(scene, self.hides)
        self._picture: Picture | None = None
        self.step_number = self.remember("step", np.zeros(n, np.int64))
        self.half = self.remember("half", np.full((n, objects, 3), BOX))
        self.exists = self.remember("exists", np.zeros((n, scene.bodies + c.food), np.bool_))
        self.sees = self.remember("sees", np.zeros((n, count, scene.bodies + c.food), np.bool_))
        self.walls = self.remember("walls", np.zeros((n, scene.walls, 6)))
        self._distance = self.remember("distance", np.zeros((n, count, objects)))

    # Beginning ----------------------------------------------------------------------------

    @property
    def teams(self) -> dict[str, tuple[int, ...]]:
        """Places of each team's agents."""
        hiders, count = self.config.hiders, len(self.hides)
        return {"hiders": tuple(range(hiders)), "seekers": tuple(range(hiders, count))}

    @property
    def can_act(self) -> Flags:
        """Whose next actions count, `(num_envs, agents)`: not those of seekers in the preparation.

        Nor those of agents that do not play.
        """
        ready: Flags = self.hides | (self.step_number >= self.preparation)[:, None]
        ready &= self.exists[:, : len(self.hides)]
        return ready

    def _start(self, ids: Ids) -> None:
        left, cast = ids, props(self.streams, ids, self.config)
        for _ in range(LAYOUTS):
            layout = self._layout(self.streams, left, self.config, cast)
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
        self._shape(ids, there)
        self.food.reset(ids, layout.food[kept], AGENT)
        self.tally.reset(ids, qpos[:, agents:, :2], layout.doors[kept])

    def _shape(self, ids: Ids, there: Flags) -> None:
        """Give walls and boxes their sizes, and hold up what is not in the game."""
        write, scene, k = self.world.fields.write, self.scene, len(ids)
        walls = self.walls[ids]
        real = walls[..., 3:4] > 0
        write(
            self._fields("geom_pos", "wall"),
            np.where(real, walls[..., :3], [0, 0, -_ABOVE]).reshape(k, -1),
            ids,
        )
        write(self._fields("geom_size", "wall"), np.where(real, walls[..., 3:], 0.05).reshape(k, -1), ids)
        if self.config.elongated:
            half = self.half[ids, : scene.boxes]
            write(self._fields("geom_size", "box"), half.reshape(k, -1), ids)
            square = half**2
            inertia = (square.sum(axis=2, keepdims=True) - square) / 3
            write(self._fields("body_inertia", "box"), inertia.reshape(k, -1), ids)
        if not there.all() or self.batch.expanded("body_gravcomp") is not None:
            bodies = tuple(self.sight.names)
            write(Field("body_gravcomp", bodies), np.where(there, 0.0, 1.0), ids)

    def _fields(self, name: str, kind: str) -> Field:
        count = self.scene.walls if kind == "wall" else self.scene.boxes
        return Field(name, tuple(f"{kind}{i}" for i in range(count)))

    # A step -------------------------------------------------------------------------------

    def _act(self, actions: Floats, rows: Rows) -> None:
        ids = self._everyone[rows]
        agents, bodies = self.scene.agents, self.scene.bodies
        acting = self.exists[rows, :agents].copy()
        acting[self.step_number[rows] < self.preparation] &= self.hides
        force = CONTROL * (2 * actions[..., :3] / (CHOICES[0] - 1) - 1)
        self._ctrl[rows] = np.where(acting[..., None], force, 0.0)
        if bodies > agents:
            distance = self._distance[rows]
            reach = (distance <= REACH) & self.sees[rows, :, agents:bodies] & acting[..., None]
            grab = (actions[..., 3] == 1) & acting
            lock = (actions[..., 4] == 1) & acting
            self.hands.act(ids, self.qpos[rows], reach, distance, grab, lock)

    def _stepped(self, rows: Rows) -> None:
        self.step_number[rows] += 1

    def _refresh(self, rows: Rows) -> None:
        ids, agents = self._everyone[rows], self.scene.agents
        qpos, half = self.qpos[rows], self.half[rows]
        distance = distances(qpos[:, :agents, :3], qpos[:, agents:], half)
        self._distance[rows] = distance
        preparing = self.step_number[rows] <= self.preparation
        self.tally.step(ids, qpos, half, distance, self.hands.locked[rows], preparing)
        if self.config.food:
            self._eat(ids, preparing)

    def _eat(self, ids: Ids, preparing: Flags) -> None:
        """Whoever was not seen eats of the food that it saw."""
        hiders, bodies = self.config.hiders, self.scene.bodies
        sees = self.sees[ids]
        seen: Flags = np.any(sees[:, hiders:, :hiders], axis=1)
        may = sees[:, :hiders, bodies:] & ~seen[..., None] & ~preparing[:, None, None]
        self.food.step(ids, self.qpos[ids, :hiders, :3], may)
        self.exists[ids, bodies:] = self.food.there(ids)

    def _observe(self, rows: Rows) -> Observation:
        ids = None if isinstance(rows, slice) else rows
        qpos, exists, agents = self.qpos[rows], self.exists[rows], self.scene.agents
        faces = facing(qpos[..., 3])
        food = self.food.where[rows]
        sees, lidar = self.sight.look(qpos, faces[:, :agents], food if self.config.food else None, ids)
        sees &= exists[:, None] & exists[:, :agents, None]
        self.sees[rows] = sees
        steps, hands = self.step_number[rows], self.hands
        left = np.empty((len(qpos), 2))
        left[:, 0] = np.maximum(1 - steps / max(self.preparation, 1), 0)
        left[:, 1] = 1 - steps / self.config.steps
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
                health=self.food.health[rows],
                left=left,
            )
        )

    # Rewards ------------------------------------------------------------------------------

    def _judge(self, observation: Observation, actions: Floats) -> tuple[Floats, bool, bool, Info]:
        hiders, agents = self.config.hiders, self.scene.agents
        seeing = self.sees[:, hiders:agents, :hiders]
        seen: Flags = np.any(seeing, axis=(1, 2))
        if self.config.food:
            reward = self._means(
                np.where(seeing.any(axis=1), -1.0, 1.0), np.where(seeing.any(axis=2), 1.0, -1.0)
            )
        else:
            reward = np.where(seen[:, None] == self.hides, -1.0, 1.0)
        low, high = self.bounds
        where = self.qpos[..., :2]
        out = ((where < low) | (where > high)).any(axis=2) & self.exists[:, : self.scene.bodies]
        lost = out[:, :agents]
        if self.config.layout == "quadrant":
            lost = lost | out[:, agents:].any(axis=1, keepdims=True)
        reward[lost] = OUT
        preparation = self.step_number <= self.preparation
        reward[preparation] = 0.0
        reward[~self.exists[:, :agents]] = 0.0
        info: Info = {"preparation": preparation, "seen": seen}
        for name, part in (("", self.tally.now), ("_preparation", self.tally.before)):
            info |= {f"{key}{name}": part[:, i].copy() for i, key in enumerate(COUNTED)}
        return reward, False, False, info

    def _means(self, hiders: Floats, seekers: Floats) -> Floats:
        """Means over the teams that play, what hiders ate included: `(num_envs, agents)`."""
        active = self.exists[:, : self.scene.agents]
        own = np.concatenate([hiders + self.food.eaten, seekers], axis=1)
        shared = np.zeros(own.shape)
        for team in (self.hides, ~self.hides):
            playing = active & team
            shared[:, team] = ((own * playing).sum(axis=1) / playing.sum(axis=1))[:, None]
        return shared

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


def make_game(config: GameConfig, **options: Any) -> Game:
    """Hide and seek between two teams."""
    return Game(config, **options)
