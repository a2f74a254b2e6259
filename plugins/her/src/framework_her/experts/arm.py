"""Experts for the Fetch arm: functions of the observation alone, batched.

Each takes an observation of its task, a dictionary of arrays `(num_envs, n)`, and returns
actions `(num_envs, 4)` in [-1, 1]. They keep nothing between steps: whichever state an
episode starts from, they know what to do next.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from framework_her.fetch.arm import REACH
from framework_her.goal_env import Array

#: A gripper this near to an object's centre can close around it; closed, it holds what is within; m.
AROUND, WITHIN = 0.012, 0.024
#: A finger is open or closed around a block beyond these positions; m.
OPEN, CLOSED = 0.045, 0.0265
#: How far above an object the gripper goes before it comes down; m.
ABOVE = 0.08
#: A block nearer than this to its goal is let go, and is taken again beyond the second distance; m.
PLACED, LEFT = 0.012, 0.025
#: How far behind a block, seen from its goal, the closed gripper starts to push it; m.
BEHIND = 0.07
#: Fastest push; m per step. Edge of a block; m.
SLOW, EDGE = 0.02, 0.05
#: Height that a block is carried at above where it is to go; m.
CARRY = 0.06


def reach(observation: Mapping[str, Array]) -> Array:
    """FetchReach: straight to the goal."""
    return _actions(observation["desired_goal"] - observation["observation"][:, :3], 0.0)


def pick_and_place(observation: Mapping[str, Array]) -> Array:
    """FetchPickAndPlace: from above around the block, close, and carry it straight to the goal."""
    numbers = observation["observation"]
    grip, block, fingers = numbers[:, :3], numbers[:, 3:6], numbers[:, 9:11]
    return _actions(*_grasp(grip, block, fingers, observation["desired_goal"], block[:, 2]))


def push(observation: Mapping[str, Array]) -> Array:
    """FetchPush: around the block to its far side, down, and push it along, turning with it."""
    numbers, goal = observation["observation"], observation["desired_goal"]
    grip, block = numbers[:, :3], numbers[:, 3:6]
    way = goal[:, :2] - block[:, :2]
    left = np.linalg.norm(way, axis=1, keepdims=True)
    way = way / np.maximum(left, 1e-6)
    behind = block[:, :2] - BEHIND * way
    offset = grip[:, :2] - block[:, :2]
    along = (offset * way).sum(axis=1)
    aside = np.linalg.norm(offset - along[:, None] * way, axis=1)
    low = grip[:, 2] < block[:, 2] + 0.02
    lined_up = (along < -0.035) & (aside < np.where(low, 0.02, 0.008))
    delta = np.zeros((len(numbers), 3))
    # Up, and over to behind the block, high enough to pass it.
    high = lined_up | (grip[:, 2] > block[:, 2] + EDGE)
    delta[:, :2] = np.where(high[:, None], behind - grip[:, :2], 0.0)
    delta[:, 2] = np.where(lined_up, block[:, 2], block[:, 2] + ABOVE) - grip[:, 2]
    pushing = lined_up & low
    # Straight at the block, back into line, no faster than it can be stopped.
    across = offset - along[:, None] * way
    speed = np.minimum(left, SLOW)
    delta[pushing, :2] = (way * speed - 0.7 * across)[pushing]
    delta[pushing, 2] = (block[:, 2] - grip[:, 2])[pushing]
    there = left[:, 0] < PLACED
    delta[there] = [0.0, 0.0, REACH]
    return _actions(delta, -1.0)


def stack(observation: Mapping[str, Array]) -> Array:
    """FetchStack: one block after the other, from above, over the tower, down, and let go."""
    numbers, goals = observation["observation"], observation["desired_goal"]
    grip, fingers = numbers[:, :3], numbers[:, 3:5]
    blocks = numbers[:, 10:].reshape(len(numbers), -1, 15)[:, :, :3]
    goals = goals.reshape(blocks.shape)
    each = np.arange(len(numbers))
    relative = grip[:, None] - blocks
    nearest = np.linalg.norm(relative, axis=-1).argmin(axis=1)
    away = np.linalg.norm(blocks - goals, axis=-1)
    waiting = away > LEFT
    # The one in hand is to be nearer to its goal before it is let go.
    waiting[each, nearest] |= (away[each, nearest] > PLACED) & (fingers.max(axis=1) < CLOSED)
    now = waiting.argmax(axis=1)
    block, goal = blocks[each, now], goals[each, now]
    # Up, over the tower as it is, then down on it.
    aside = np.linalg.norm(block[:, :2] - goal[:, :2], axis=1) > PLACED / 2
    way = goal.copy()
    way[:, 2] += np.where(aside, CARRY, 0.0)
    low = aside & (block[:, 2] < way[:, 2] - PLACED)
    way[low, :2] = block[low, :2]
    delta, opening = _grasp(grip, block, fingers, way, blocks[..., 2].max(axis=1))
    # Down to where it is let go, straight up from there.
    above = relative[each, nearest]
    inside = (np.linalg.norm(above[:, :2], axis=1) < 0.03) & (above[:, 2] < ABOVE - 0.01)
    leave = (inside & ~waiting[each, nearest]) | ~waiting.any(axis=1)
    up = np.where(inside & (fingers.min(axis=1) > OPEN - 0.01), REACH, 0.0)
    delta[leave] = np.stack([0 * up, 0 * up, up], axis=1)[leave]
    opening[leave] = 1.0
    return _actions(delta, opening)


def _grasp(grip: Array, block: Array, fingers: Array, goal: Array, top: Array) -> tuple[Array, Array]:
    """Where to move the gripper, and its opening, to take blocks to goals, over what is `top` high."""
    relative = block - grip
    shut = fingers.max(axis=1) < CLOSED
    around = np.abs(relative).max(axis=1) < np.where(shut, WITHIN, AROUND)
    held = around & shut
    over = np.linalg.norm(relative[:, :2], axis=1) < AROUND / 2
    approach = relative.copy()
    approach[:, 2] = np.where(over, block[:, 2], top + ABOVE) - grip[:, 2]
    approach[around] = 0.0
    return np.where(held[:, None], goal - block, approach), np.where(around, -1.0, 1.0)


def _actions(delta: Array, opening: Array | float) -> Array:
    action = np.empty((len(delta), 4))
    action[:, :3] = delta / REACH
    action[:, 3] = opening
    return np.clip(action, -1.0, 1.0)
