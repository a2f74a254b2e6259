"""Realistic objects of our own making: things about the house, built from convex parts.

Lengths are in m; every object is made as it stands or lies, z up. Variant 0 of each has the sizes that are
written here; others are larger or smaller.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from framework_grasp.arrays import Array
from framework_grasp.objects.solid import Part, Solid

#: How much larger or smaller variants are, at most, as a factor.
_STRETCH: Final = 1.25

_LYING_X: Final = (0.5**0.5, 0.0, 0.5**0.5, 0.0)  # a cylinder along x
_LYING_Y: Final = (0.5**0.5, -(0.5**0.5), 0.0, 0.0)  # a cylinder along y


def household(variants: int = 1) -> list[Solid]:
    """All of them, each in so many variants; the same for every call.

    Their names are those of the functions below, and of variants from 1 on with a number: `mug`, `mug_1`.
    """
    return [_variant(make, number) for make in MAKERS for number in range(variants)]


def _mug() -> Solid:
    handle = [
        _box(0.024, 0.01, 0.01, x=0.05, z=0.072),
        _box(0.024, 0.01, 0.01, x=0.05, z=0.022),
        _box(0.01, 0.01, 0.06, x=0.062, z=0.047),
    ]
    return _solid("mug", 0.3, [*_cup(0.041, 0.095, 0.005), *handle])


def _glass() -> Solid:
    return _solid("glass", 0.22, _cup(0.034, 0.12, 0.004))


def _bowl() -> Solid:
    return _solid("bowl", 0.25, [*_cup(0.055, 0.035, 0.006, z=0.01), _drum(0.03, 0.01)])


def _bottle() -> Solid:
    parts = [
        _drum(0.034, 0.13),
        _cone(0.034, 0.014, 0.04, z=0.13),
        _drum(0.014, 0.03, z=0.17),
        _drum(0.017, 0.015, z=0.195),
    ]
    return _solid("bottle", 0.45, parts)


def _spray_bottle() -> Solid:
    parts = [
        _box(0.08, 0.045, 0.12),
        _cone(0.025, 0.013, 0.04, z=0.12),
        _box(0.07, 0.022, 0.03, x=0.012, z=0.16),
        _box(0.01, 0.012, 0.035, x=0.035, z=0.125),
    ]
    return _solid("spray_bottle", 0.4, parts)


def _can() -> Solid:
    return _solid("can", 0.35, [_drum(0.033, 0.115)])


def _jar() -> Solid:
    return _solid("jar", 0.3, [_drum(0.036, 0.07), _drum(0.038, 0.018, z=0.07)])


def _carton() -> Solid:
    roof = np.array([[x, y, 0.15] for x in (-0.035, 0.035) for y in (-0.035, 0.035)])
    ridge = np.array([[x, 0.0, 0.185] for x in (-0.035, 0.035)])
    return _solid(
        "carton", 0.5, [_box(0.07, 0.07, 0.15), Part("hull", corners=np.concatenate([roof, ridge]))]
    )


def _tea_box() -> Solid:
    return _solid("tea_box", 0.12, [_box(0.075, 0.06, 0.14)])


def _matchbox() -> Solid:
    return _solid("matchbox", 0.02, [_box(0.053, 0.035, 0.015)])


def _notebook() -> Solid:
    return _solid("notebook", 0.2, [_box(0.085, 0.13, 0.022)])


def _soap() -> Solid:
    parts = [_capsule(0.016, 0.05, x=x, y=0, z=0.016, along=_LYING_Y) for x in (-0.014, 0.014)]
    return _solid("soap", 0.1, [*parts, _box(0.028, 0.05, 0.032)])


def _hammer() -> Solid:
    handle = _rod(0.012, 0.2, x=-0.03, z=0.014)
    head = _rod(0.014, 0.08, x=0.08, z=0.014, along=_LYING_Y)
    return _solid("hammer", 0.4, [handle, head, _box(0.02, 0.03, 0.02, x=0.08, y=-0.05, z=0.004)])


def _screwdriver() -> Solid:
    parts = [
        _rod(0.014, 0.09, x=-0.05, z=0.014),
        _rod(0.009, 0.02, x=0.0, z=0.014),
        _rod(0.004, 0.09, x=0.05, z=0.014),
    ]
    return _solid("screwdriver", 0.08, parts)


def _wrench() -> Solid:
    jaws = [_box(0.035, 0.012, 0.01, x=0.085, y=y) for y in (-0.017, 0.017)]
    eye = [_box(0.022, 0.01, 0.01, x=-0.08, y=y) for y in (-0.012, 0.012)]
    parts = [_box(0.14, 0.018, 0.008), _box(0.025, 0.046, 0.01, x=0.06), _box(0.01, 0.034, 0.01, x=-0.07)]
    return _solid("wrench", 0.15, [*parts, *jaws, *eye])


def _pliers() -> Solid:
    grips = [_turned(_box(0.11, 0.014, 0.012, x=-0.05), angle) for angle in (-0.22, 0.22)]
    return _solid("pliers", 0.16, [*grips, _drum(0.016, 0.014), _box(0.05, 0.018, 0.01, x=0.035)])


def _scissors() -> Solid:
    blades = [_turned(_box(0.1, 0.012, 0.008, x=0.045), angle) for angle in (-0.06, 0.06)]
    loops = [part for y in (-0.024, 0.024) for part in _ring(0.02, 0.008, 0.01, x=-0.045, y=y)]
    shanks = [_turned(_box(0.04, 0.01, 0.008, x=-0.015), angle) for angle in (-0.5, 0.5)]
    return _solid("scissors", 0.05, [*blades, *loops, *shanks])


def _pen() -> Solid:
    return _solid("pen", 0.015, [_rod(0.006, 0.12, z=0.006), _rod(0.0065, 0.03, x=-0.045, z=0.0065)])


def _spoon() -> Solid:
    bowl = _points([[0.0, 0.02, 0.004], [0.02, 0.012, 0.004], [0.028, 0, 0.005], [0, 0, 0]], x=0.075)
    return _solid("spoon", 0.05, [_box(0.13, 0.012, 0.009, x=-0.015), bowl])


def _brush() -> Solid:
    return _solid("brush", 0.09, [_box(0.09, 0.05, 0.02, x=0.06), _rod(0.011, 0.12, x=-0.04, z=0.014)])


def _torch() -> Solid:
    parts = [_rod(0.015, 0.1, x=-0.02, z=0.02), _rod(0.02, 0.04, x=0.05, z=0.02)]
    return _solid("torch", 0.12, parts)


def _remote() -> Solid:
    return _solid("remote", 0.1, [_box(0.15, 0.045, 0.018), _box(0.05, 0.04, 0.022, x=-0.04)])


def _phone_charger() -> Solid:
    prongs = [_box(0.018, 0.005, 0.006, x=0.035, y=y, z=0.015) for y in (-0.009, 0.009)]
    return _solid("phone_charger", 0.06, [_box(0.055, 0.04, 0.035), *prongs])


def _light_bulb() -> Solid:
    parts = [_drum(0.013, 0.03), _cone(0.013, 0.028, 0.03, z=0.028), _sphere(0.03, z=0.075)]
    return _solid("light_bulb", 0.04, parts)


def _ball() -> Solid:
    return _solid("ball", 0.06, [_sphere(0.033, z=0.033)])


def _pear() -> Solid:
    return _solid(
        "pear", 0.18, [_sphere(0.034, z=0.034), _cone(0.03, 0.015, 0.04, z=0.045), _sphere(0.016, z=0.085)]
    )


def _banana() -> Solid:
    angles = np.linspace(-0.75, 0.75, 6)
    arc = [(0.12 * np.sin(a), 0.12 * np.cos(a) - 0.12) for a in angles]
    parts = []
    for (x0, y0), (x1, y1) in itertools.pairwise(arc):
        turn = np.arctan2(y1 - y0, x1 - x0)
        rod = _capsule(0.016, float(np.hypot(x1 - x0, y1 - y0)), z=0.016, along=_LYING_X)
        parts.append(_moved(_turned(rod, float(turn)), (x0 + x1) / 2, (y0 + y1) / 2))
    return _solid("banana", 0.12, parts)


def _dumbbell() -> Solid:
    weights = [_rod(0.028, 0.03, x=x, z=0.028) for x in (-0.05, 0.05)]
    return _solid("dumbbell", 0.5, [_rod(0.011, 0.1, z=0.028), *weights])


def _toy_car() -> Solid:
    wheels = [
        _rod(0.012, 0.012, x=x, y=y, z=0.012, along=_LYING_Y) for x in (-0.03, 0.03) for y in (-0.025, 0.025)
    ]
    return _solid(
        "toy_car", 0.08, [_box(0.1, 0.045, 0.025, z=0.01), _box(0.045, 0.04, 0.02, z=0.033), *wheels]
    )


def _tape_roll() -> Solid:
    return _solid("tape_roll", 0.07, _ring(0.042, 0.014, 0.03))


#: All functions that make an object, in the order of `household`.
MAKERS: Final[tuple[Callable[[], Solid], ...]] = (
    _mug, _glass, _bowl, _bottle, _spray_bottle, _can, _jar, _carton, _tea_box, _matchbox, _notebook,
    _soap, _hammer, _screwdriver, _wrench, _pliers, _scissors, _pen, _spoon, _brush, _torch, _remote,
    _phone_charger, _light_bulb, _ball, _pear, _banana, _dumbbell, _toy_car, _tape_roll,
)  # fmt: skip


def _variant(make: Callable[[], Solid], number: int) -> Solid:
    solid = make()
    if not number:
        return solid
    random = np.random.default_rng([MAKERS.index(make), number])
    factor = float(np.exp(random.uniform(-1, 1) * np.log(_STRETCH)))
    larger = solid.scaled(factor)
    return replace(larger, name=f"{solid.name}_{number}")


def _solid(name: str, mass: float, parts: Sequence[Part]) -> Solid:
    return Solid(name, tuple(parts), mass)


def _box(length: float, width: float, height: float, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Part:
    """Standing at a height z, like all that follow but those with a z of their axis."""
    return Part("box", (length / 2, width / 2, height / 2), (x, y, z + height / 2))


def _drum(radius: float, height: float, z: float = 0.0) -> Part:
    return Part("cylinder", (radius, height / 2), (0.0, 0.0, z + height / 2))


def _sphere(radius: float, z: float) -> Part:
    return Part("sphere", (radius,), (0.0, 0.0, z))


def _rod(
    radius: float,
    length: float,
    x: float = 0.0,
    y: float = 0.0,
    z: float = 0.0,
    along: tuple[float, ...] = _LYING_X,
) -> Part:
    """A cylinder that lies, its axis at a height z."""
    return Part("cylinder", (radius, length / 2), (x, y, z), along)


def _capsule(
    radius: float,
    length: float,
    x: float = 0.0,
    y: float = 0.0,
    z: float = 0.0,
    along: tuple[float, ...] = _LYING_X,
) -> Part:
    return Part("capsule", (radius, length / 2), (x, y, z), along)


def _cone(low: float, high: float, height: float, z: float = 0.0) -> Part:
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    rings = [np.insert(r * ring, 2, at, axis=1) for r, at in ((low, z), (high, z + height))]
    return Part("hull", corners=np.concatenate(rings))


def _ring(
    radius: float, wall: float, height: float, x: float = 0.0, y: float = 0.0, z: float = 0.0, sides: int = 12
) -> list[Part]:
    """A tube of so many flat sides; `radius` is the outer one."""
    parts = []
    for angle in 2 * np.pi * np.arange(sides) / sides:
        edges = angle + np.array([-1, 1]) * np.pi / sides
        corners = [
            [r * np.cos(e) + x, r * np.sin(e) + y, at]
            for r in (radius - wall, radius)
            for e in edges
            for at in (z, z + height)
        ]
        parts.append(Part("hull", corners=np.array(corners)))
    return parts


def _cup(radius: float, height: float, wall: float, z: float = 0.0) -> list[Part]:
    return [*_ring(radius, wall, height, z=z), _drum(radius - wall / 2, wall, z)]


def _points(points: Sequence[Sequence[float]], x: float) -> Part:
    """A hull of points and of their mirror images in the plane y = 0 and, about `x`, in x."""
    found: Array = np.array(points, np.float64)
    found = np.concatenate([found * [sx, sy, 1] for sx in (-1, 1) for sy in (-1, 1)])
    return Part("hull", corners=np.unique(found + np.array([x, 0, 0]), axis=0))


def _moved(part: Part, x: float, y: float) -> Part:
    px, py, pz = part.position
    return replace(part, position=(px + x, py + y, pz))


def _turned(part: Part, angle: float) -> Part:
    """Turned about the vertical through the object's origin; boxes, cylinders and capsules only."""
    px, py, pz = part.position
    c, s = float(np.cos(angle)), float(np.sin(angle))
    w, x, y, z = part.quaternion
    hc, hs = float(np.cos(angle / 2)), float(np.sin(angle / 2))
    turned = (hc * w - hs * z, hc * x - hs * y, hc * y + hs * x, hc * z + hs * w)
    return replace(part, position=(c * px - s * py, s * px + c * py, pz), quaternion=turned)
