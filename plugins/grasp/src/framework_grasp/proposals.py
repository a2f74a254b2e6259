"""Candidate grasps: at random, antipodal on the true geometry, and near those."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from framework.sim.rotations import matrix
from framework_grasp.arrays import Array, Flags
from framework_grasp.trials.bench import Bench
from framework_grasp.trials.hand import FINGER, OPENING, PAD_HEIGHT, PAD_WIDTH, PALM
from framework_grasp.trials.trial import quaternions

if TYPE_CHECKING:
    from framework_grasp.planning.planner import GraspPlanner

#: Where candidates come from, as the dataset names them.
PROPOSALS: Final = ("uniform", "antipodal", "planner", "near")
#: Fingers stay this far above the table, m.
CLEARANCE: Final = 0.003
#: How much wider open than the object a hand is, m.
_ROOM: Final = 0.004
#: How far hands of 6-dimensional candidates are tilted, at most, rad.
TILT: Final = np.pi / 3
#: Standard deviations of how far grasps are from those that they are near to, m and rad.
_ASIDE: Final = 0.01
_ASKEW: Final = 0.2


def uniform(bench: Bench, count: int, random: np.random.Generator, dims: int = 4) -> Array:
    """Grasps anywhere in the box around the object where it was put, `(count, dims)`; see `scene`."""
    points = bench.points()
    low, high = points.min(axis=0), points.max(axis=0)
    low[2] = CLEARANCE
    found = np.zeros((count, dims))
    found[:, :3] = random.uniform(low, np.maximum(high, low), (count, 3))
    found[:, 3] = random.uniform(-np.pi / 2, np.pi / 2, count)
    if dims == 6:
        found[:, 4:] = random.uniform(-TILT, TILT, (count, 2))
    return found


def antipodal(bench: Bench, count: int, random: np.random.Generator, friction: float, dims: int = 4) -> Array:
    """Grasps whose pads meet the object where friction holds them on both sides (Nguyen 1988).

    Args:
        bench: with the object.
        count: how many are wanted.
        random: draws them.
        friction: Coulomb's: lines between the pads are within its cone about both normals.
        dims: 4, from above, or 6.

    Returns:
        `(n, dims)`, n at most `count`, and fewer where few lines pass.
    """
    found = [np.empty((0, dims))]
    missing = count
    for _ in range(8):
        found.append(_lines(bench, 8 * count, random, friction, dims)[:missing])
        missing -= len(found[-1])
        if not missing:
            break
    return np.concatenate(found)


def near(bench: Bench, count: int, random: np.random.Generator, friction: float, dims: int = 4) -> Array:
    """Grasps that miss antipodal ones by a little: what separates good grasps from bad ones shows in them.

    Args and returns as of `antipodal`.
    """
    found = antipodal(bench, count, random, friction, dims)
    found[:, :3] += _ASIDE * random.standard_normal((len(found), 3))
    found[:, 2] = np.maximum(found[:, 2], CLEARANCE)
    found[:, 3:] += _ASKEW * random.standard_normal((len(found), dims - 3))
    # Half a turn more of yaw is undone by the opposite pitch and roll.
    turns = np.floor(found[:, 3] / np.pi + 0.5)
    found[:, 3] -= np.pi * turns
    found[:, 4:] = np.clip(found[:, 4:] * np.where(turns % 2, -1.0, 1.0)[:, None], -TILT, TILT)
    return found


def _lines(bench: Bench, count: int, random: np.random.Generator, friction: float, dims: int) -> Array:
    """Those of `count` random lines through the object that can be grasped."""
    points = bench.points()
    low, high = points.min(axis=0), points.max(axis=0)
    through = random.uniform(low, high, (count, 3))
    yaw = random.uniform(-np.pi, np.pi, count)
    rise = np.zeros(count) if dims == 4 else np.arcsin(random.uniform(-0.8, 0.8, count))
    # From one pad to the other.
    axis = np.stack([-np.sin(yaw) * np.cos(rise), np.cos(yaw) * np.cos(rise), np.sin(rise)], axis=1)
    reach = float(np.linalg.norm(high - low))
    first, normal_1 = bench.rays(through - reach * axis, axis)
    second, normal_2 = bench.rays(through + reach * axis, -axis)
    width = 2 * reach - first - second
    cosine = 1 / np.hypot(1, friction)
    held = (-np.einsum("ij,ij->i", normal_1, axis) >= cosine) & (
        np.einsum("ij,ij->i", normal_2, axis) >= cosine
    )
    good = held & (width < OPENING - _ROOM)  # false where a ray met nothing
    middle = through + ((first - second) / 2)[:, None] * axis
    hands = _hands(middle[good], axis[good], random, dims)
    return hands[free(bench, hands)]


def free(bench: Bench, grasps: Array) -> Flags:
    """Whether open hands come to their grasps without meeting the object where it was put, nearly: `(n,)`.

    Looked at along a few lines under the palm and the fingers.
    """
    across = (-1.0, 0.0, 1.0)
    palm = [(PALM[0] * x, PALM[1] * y, PAD_HEIGHT) for x in across for y in (*across, -0.5, 0.5)]
    tips = [(PAD_WIDTH / 2 * x, (OPENING / 2 + FINGER * y) * side, 0.0)
            for x in across for y in (0.1, 1.0) for side in (-1, 1)]  # fmt: skip
    points = np.array(palm + tips)
    matrices = matrix(quaternions(grasps))
    above = np.append(points[:, :2], np.ones((len(points), 1)), axis=1)
    origins = np.einsum("nij,kj->nki", matrices, above) + grasps[:, None, :3]
    directions = np.broadcast_to(-matrices[:, None, :, 2], origins.shape)
    distance, _ = bench.rays(origins.reshape(-1, 3), directions.reshape(-1, 3))
    met = 1 - distance.reshape(len(grasps), len(points))
    return np.asarray(~(met > points[:, 2]).any(axis=1))


def _hands(middle: Array, axis: Array, random: np.random.Generator, dims: int) -> Array:
    """Hands that close along `axis` about `middle`, somewhere on the lower halves of their pads."""
    count = len(middle)
    up = np.array([0.0, 0.0, 1.0]) - axis[:, 2:] * axis
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    if dims == 6:
        tilt = random.uniform(-TILT, TILT, count)[:, None]
        up = np.cos(tilt) * up + np.sin(tilt) * np.cross(axis, up)
    along = np.cross(axis, up)
    # A turn of pi about the palm's normal is the same grasp: the one whose yaw is in the range.
    flip = np.where(along[:, :1] < 0, -1.0, 1.0)
    along, axis = flip * along, flip * axis
    found = np.zeros((count, dims))
    depth = random.uniform(0.004, PAD_HEIGHT / 2, count)
    # The lower of two finger tips that are as far apart as they can be is above the table.
    low = CLEARANCE + (OPENING / 2 + FINGER) * np.abs(axis[:, 2])
    depth = np.minimum(depth, (middle[:, 2] - low) / up[:, 2])
    found[:, :3] = middle - depth[:, None] * up
    found[:, 3] = np.arctan2(along[:, 1], along[:, 0])
    if dims == 6:
        found[:, 4] = np.arcsin(np.clip(-along[:, 2], -1, 1))
        found[:, 5] = np.arctan2(axis[:, 2], up[:, 2])
    # Not so near to the table that the pads would close above the line.
    return found[(depth >= 0) & (np.abs(found[:, 4:]) <= TILT).all(axis=1)]


def planned(planner: GraspPlanner, depth: Array, count: int, random: np.random.Generator) -> Array:
    """Samples of a trained planner, given depth views `(V, 128, 128)` m: `(count, dims)`."""
    import torch

    generator = torch.Generator().manual_seed(int(random.integers(2**62)))
    seen = torch.from_numpy(depth.astype(np.float32))[None]
    with torch.no_grad():
        found = planner.propose(seen, count, "sample", generator).grasps[0]
    return np.asarray(found.double().numpy())
