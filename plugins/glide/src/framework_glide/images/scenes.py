"""Scenes of one or two objects: what is where, before anything is drawn or told."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from framework_glide.images.config import ShapesConfig
from framework_glide.images.vocabulary import COLOURS, RELATIONS, SHAPES, SIZES

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Radii of small and large objects and how far they vary, in shares of the picture's width.
#: Two large ones and the smallest gap fill the width.
_RADIUS, _VARIATION = np.array([0.135, 0.2075]), np.array([0.0075, 0.0075])
_MARGIN, _GAP = 0.02, 0.09

#: How far the objects' centres may differ across the relation's axis, in shares of how far along it.
_SLANT = 0.45

#: Random numbers a scene is made of.
_NUMBERS = 20


@dataclass(frozen=True)
class Scenes:
    """Scenes; the second axis of all but `relation`, `count` and `background` is the object.

    Attributes:
        count: `(n,)`, objects: 1 or 2. What is said of a second object counts for 2 only.
        relation: `(n,)`, index into `RELATIONS`: where the second is seen from the first.
        shape, colour, size: `(n, 2)`, indices into `SHAPES`, `COLOURS`, `SIZES`.
        centre: `(n, 2, 2)`, x and y in 0 ... 1, y downwards.
        radius: `(n, 2)`, in shares of the width.
        paint: `(n, 2, 3)`, RGB in 0 ... 255.
        background: `(n, 3)`, RGB in 0 ... 255.
    """

    count: Integers
    relation: Integers
    shape: Integers
    colour: Integers
    size: Integers
    centre: Floats
    radius: Floats
    paint: Floats
    background: Floats

    def __len__(self) -> int:
        return len(self.count)


def draw_scenes(config: ShapesConfig, split: str, rows: range | None = None) -> tuple[Scenes, Integers]:
    """The scenes of a split, and a seed for each one's wording.

    The i-th scene depends on the seed and the split, neither on the picture's size nor on how
    many there are.

    Args:
        config: which scenes.
        split: `train`, `validation` or `held_out`; in the last each scene has one object that
            is held out.
        rows: which of them, one after the other; None for all.

    Returns:
        The scenes, and `(n,)` integers to word their captions with.
    """
    rows = range(config.images if split == "train" else config.validation) if rows is None else rows
    bits = np.random.PCG64([config.seed, zlib.crc32(split.encode())])
    # Each number takes one step of the generator.
    bits.advance(rows.start * _NUMBERS)
    numbers = iter(np.random.Generator(bits).random((len(rows), _NUMBERS)).T)

    count = np.where(next(numbers) < config.one_object, 1, 2)
    relation = _choose(next(numbers), len(RELATIONS))
    size = np.stack([_choose(next(numbers), len(SIZES)) for _ in range(2)], axis=1)
    kinds = _kinds(np.stack([next(numbers), next(numbers)], axis=1), next(numbers), count, config, split)
    colour, shape = np.divmod(kinds, len(SHAPES))

    vary = np.stack([next(numbers), next(numbers)], axis=1) * 2 - 1
    radius = _RADIUS[size] + _VARIATION[size] * vary
    places = np.stack([next(numbers) for _ in range(4)], axis=1)
    centre = np.where(
        (count == 1)[:, None, None],
        _anywhere(radius[:, :1], places[:, None, :2]),
        _beside(radius, relation, places),
    )
    shade = np.stack([next(numbers), next(numbers)], axis=1)[..., None] * 0.14 + 0.9
    paint = np.array(list(COLOURS.values()))[colour] * shade
    level = np.array([{"dark": 26.0, "light": 232.0}[name] for name in config.backgrounds])
    tint = np.stack([next(numbers) for _ in range(3)], axis=1) * 24 - 12
    background = level[_choose(next(numbers), len(level))][:, None] + tint
    scenes = Scenes(
        count,
        relation,
        shape,
        colour,
        size,
        centre,
        radius,
        np.clip(paint, 0, 255),
        np.clip(background, 0, 255),
    )
    return scenes, (next(numbers) * 2**53).astype(np.int64)


def _choose(numbers: Floats, among: int) -> Integers:
    return (numbers * among).astype(np.int64)


def _kinds(numbers: Floats, which: Floats, count: Integers, config: ShapesConfig, split: str) -> Integers:
    """`(n, 2)` combinations, numbered colour by colour; allowed ones but for the held-out one."""
    names = [f"{colour} {shape}" for colour in COLOURS for shape in SHAPES]
    held = np.array([i for i, name in enumerate(names) if name in config.held_out], np.int64)
    allowed = np.setdiff1d(np.arange(len(names)), held)
    kinds: Integers = allowed[_choose(numbers, len(allowed))]
    if split == "held_out":
        rows, place = np.arange(len(kinds)), np.where(count == 1, 0, _choose(which, 2))
        kinds[rows, place] = held[_choose(numbers[rows, place], len(held))]
    return kinds


def _anywhere(radius: Floats, places: Floats) -> Floats:
    room = 1 - 2 * (radius + _MARGIN)
    return (radius + _MARGIN)[..., None] + room[..., None] * places


def _beside(radius: Floats, relation: Integers, places: Floats) -> Floats:
    """`(n, 2, 2)` centres: along the relation's axis the first comes before the second."""
    slack = 1 - 2 * _MARGIN - _GAP - 2 * radius.sum(axis=1)
    before, between = np.sort(places[:, :2], axis=1).T * slack
    first = _MARGIN + before + radius[:, 0]
    second = first + radius.sum(axis=1) + _GAP + (between - before)
    # Across the axis both stay inside, and near enough for the relation to be plain.
    low, high = radius + _MARGIN, 1 - radius - _MARGIN
    across_first = low[:, 0] + (high - low)[:, 0] * places[:, 2]
    reach = _SLANT * (second - first)
    lowest = np.maximum(low[:, 1], across_first - reach)
    highest = np.minimum(high[:, 1], across_first + reach)
    across_second = lowest + (highest - lowest) * places[:, 3]
    along, across = np.stack([first, second], axis=1), np.stack([across_first, across_second], axis=1)
    sideways = (relation == 0)[:, None]
    return np.stack([np.where(sideways, along, across), np.where(sideways, across, along)], axis=2)
