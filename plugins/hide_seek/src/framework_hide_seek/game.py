"""The game: a batch of worlds in which one team hides and the other seeks."""

from __future__ import annotations

from typing import Any

import numpy as np

from framework.sim import Flags, Floats, Ids, Info, Observation, Rows
from framework_hide_seek.arena import Arena
from framework_hide_seek.config import GameConfig
from framework_hide_seek.food import HEALTH, Food
from framework_hide_seek.layouts import quadrant, rooms
from framework_hide_seek.layouts.layout import Layout
from framework_hide_seek.layouts.props import Props, props
from framework_hide_seek.picture import Shape
from framework_hide_seek.scene import AGENT
from framework_hide_seek.tally import COUNTED, Tally

#: What being out of bounds costs; and the bounds, the same along x and y (m).
OUT, BOUNDS = -10.0, {"quadrant": (0.1, 5.9), "rooms": (-6.0, 12.0)}
#: How far the bounds are moved outwards (m): at full speed an agent sinks 5 cm into a wall, as the bounds
#: allow for, but in the longer physics steps 10 cm.
SLACK = {"fast": 0.1, "reference": 0.0}


class Game(Arena):
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
        food: where it is, and what is left of it.
        tally: what happened so far.
    Others are those of `Arena`.
    """

    def __init__(self, config: GameConfig, **options: Any) -> None:
        c = config
        place = quadrant.PLACE if c.layout == "quadrant" else rooms.place(c.rooms)
        super().__init__(
            config,
            place,
            hiders=c.hiders,
            seekers=c.seekers,
            boxes=c.boxes,
            ramps=c.ramps,
            food=c.food,
            steps=c.steps,
            lock_ramps=c.lock_ramps,
            **options,
        )
        self.preparation = round(c.preparation * c.steps)
        (low, high), slack = BOUNDS[c.layout], SLACK[c.physics]
        self.bounds = low - slack, high + slack
        self.food = Food(self.world, c.food, c.hiders)
        self.tally = Tally(self.world, self.scene, self.hides, doors=place.doors)

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

    def _cast(self, ids: Ids) -> Props:
        return props(self.streams, ids, self.config)

    def _begin(self, ids: Ids, layout: Layout) -> None:
        self.food.reset(ids, layout.food, AGENT)
        self.tally.reset(ids, self.qpos[ids, self.scene.agents :, :2], layout.doors)

    # A step -------------------------------------------------------------------------------

    def _acting(self, rows: Rows) -> Flags:
        acting = super()._acting(rows)
        acting[self.step_number[rows] < self.preparation] &= self.hides
        return acting

    def _refresh(self, rows: Rows) -> None:
        super()._refresh(rows)
        ids = self._everyone[rows]
        preparing = self.step_number[rows] <= self.preparation
        locked, distance = self.hands.locked[rows], self.distance[rows]
        self.tally.step(ids, self.qpos[rows], self.half[rows], distance, locked, preparing)
        if self.config.food:
            self._eat(ids, preparing)

    def _food(self, rows: Rows) -> tuple[Floats, Floats]:
        return self.food.where[rows], self.food.health[rows]

    def _eat(self, ids: Ids, preparing: Flags) -> None:
        """Whoever was not seen eats of the food that it saw."""
        hiders, bodies = self.config.hiders, self.scene.bodies
        sees = self.sees[ids]
        seen: Flags = np.any(sees[:, hiders:, :hiders], axis=1)
        may = sees[:, :hiders, bodies:] & ~seen[..., None] & ~preparing[:, None, None]
        self.food.step(ids, self.qpos[ids, :hiders, :3], may)
        self.exists[ids, bodies:] = self.food.there(ids)

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

    def beneath(self, env: int) -> list[Shape]:
        """What is left of the food."""
        return [
            Shape(where[:2], 0.04 + 0.06 * health / HEALTH, "food")
            for where, health in zip(self.food.where[env], self.food.health[env], strict=True)
            if health > 0
        ]


def make_game(config: GameConfig, **options: Any) -> Game:
    """Hide and seek between two teams."""
    return Game(config, **options)
