"""Parameters of what this plugin offers; nothing heavy is needed to read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from framework import Param

_MANY = Param("fewest of them in an episode, which draws how many there are; null for always all", ge=0)


@dataclass(frozen=True, kw_only=True)
class ArenaConfig:
    """Parameters of everything that is played on the floor."""

    physics: Annotated[
        Literal["fast", "reference"],
        Param("75 ms of a step as 5 physics steps of 15 ms, or as the released environments' 15 of 5 ms"),
    ] = "fast"
    num_envs: Annotated[int, Param("games stepped together", ge=1)] = 64
    threads: Annotated[int, Param("native threads, 0 for one per core; no result depends on it", ge=0)] = 1
    seed: Annotated[int, Param("where the random streams of all games start", ge=0)] = 0
    render_size: Annotated[int, Param("height and width of drawn frames", unit="pixels", ge=16)] = 240


@dataclass(frozen=True, kw_only=True)
class GameConfig(ArenaConfig):
    """Parameters of the game; the defaults are those of the quadrant game."""

    layout: Annotated[
        Literal["quadrant", "rooms"],
        Param("where episodes begin: a room in a corner with a door or two, or one to `rooms` rooms"),
    ] = "quadrant"
    hiders: Annotated[int, Param("agents that hide, at most", ge=1, le=3)] = 2
    seekers: Annotated[int, Param("agents that seek, at most", ge=1, le=3)] = 2
    boxes: Annotated[int, Param("boxes, at most", ge=0, le=9)] = 2
    ramps: Annotated[int, Param("ramps", ge=0, le=2)] = 1
    food: Annotated[
        int,
        Param(
            "pieces of food; with any, hiders earn for eating, too, and rewards are means over a team",
            ge=0,
            le=4,
        ),
    ] = 0
    fewest_hiders: Annotated[int | None, _MANY] = None
    fewest_seekers: Annotated[int | None, _MANY] = None
    fewest_boxes: Annotated[int | None, _MANY] = None
    elongated: Annotated[
        int, Param("fewest elongated boxes, if any may be; 0 for none, else up to all are", ge=0, le=9)
    ] = 0
    lock_ramps: Annotated[bool, Param("whether ramps can be locked")] = False
    rooms: Annotated[
        int, Param("most rooms of the layout rooms; each episode draws how many", ge=1, le=6)
    ] = 4
    fewest_rooms: Annotated[int, Param("fewest of them", ge=1, le=6)] = 1
    outer_walls: Annotated[
        float, Param("probability of walls around the floor in the layout rooms", ge=0, le=1)
    ] = 0.5
    steps: Annotated[int, Param("of an episode", unit="env steps", ge=1)] = 80
    preparation: Annotated[
        float, Param("share of an episode in which seekers cannot act and nobody earns anything", ge=0, le=1)
    ] = 0.4

    def __post_init__(self) -> None:
        for name, least in (("hiders", 1), ("seekers", 1), ("boxes", 0)):
            fewest, most = getattr(self, f"fewest_{name}"), getattr(self, name)
            if fewest is not None and not least <= fewest <= most:
                raise ValueError(
                    f"fewest_{name}: {fewest} is not between {least} and {name}: {most}, the most"
                )
        if self.fewest_rooms > self.rooms:
            raise ValueError(f"fewest_rooms: {self.fewest_rooms} is more than rooms: {self.rooms}, the most")
        if round(self.preparation * self.steps) == self.steps:
            raise ValueError(
                f"preparation: {self.preparation} leaves none of {self.steps} steps to earn anything in"
            )
        boxes = self.boxes if self.fewest_boxes is None else self.fewest_boxes
        if self.elongated > boxes:
            raise ValueError(f"elongated: {self.elongated} is more than the {boxes} boxes that there may be")
        if self.layout == "quadrant" and (self.boxes > 4 or self.elongated):
            raise ValueError(
                "the room of layout: quadrant has place for 4 boxes, none elongated; set layout: rooms"
            )
