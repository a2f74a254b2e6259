"""The transfer tests by their rules, one game, one box and one ray at a time."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from framework.errors import UserError
from framework.testing import check_environment
from framework_hide_seek.arena import Arena
from framework_hide_seek.tasks import config
from framework_hide_seek.tasks.blueprint import Blueprint, make_blueprint
from framework_hide_seek.tasks.counting import ObjectCounting, make_object_counting
from framework_hide_seek.tasks.locking import Locking, make_lock_and_return, make_sequential_lock
from framework_hide_seek.tasks.shelter import Shelter, make_shelter

STILL = np.array([5, 5, 5, 0, 0])


def begun(make: Any, parameters: Any, seed: int = 0) -> Any:
    task = make(parameters)
    task.reset(seed=seed)
    return task


def act(task: Arena, *action: int) -> tuple[np.ndarray, dict[str, Any]]:
    """One step in which the agents of all games do the same; rewards `(num_envs)`, and info."""
    choices = np.array(action) if action else STILL
    _, reward, _, _, info = task.step(np.tile(choices, (task.num_envs, 1, 1)))
    assert reward.shape == (task.num_envs, 1)
    return reward[:, 0], info


def stand_before(task: Arena, env: int, box: int) -> None:
    """Put the agent where it reaches a box, looking at it."""
    x, y, _, turn = task.qpos[env, 1 + box]
    away = np.array([np.sin(turn), -np.cos(turn)]) * 0.45
    task.qpos[env, 0, :2] = [x + away[0], y + away[1]]
    task.qpos[env, 0, 3] = np.arctan2(-away[0], away[1])
    task.qvel[env, 0] = 0.0


class Rules:
    """What locking earns in one game, by the letter."""

    def __init__(self, began: np.ndarray, boxes: np.ndarray, in_order: bool, home: bool) -> None:
        self.began, self.in_order, self.home = began, in_order, home
        self.locked, self.way_home = [False] * len(boxes), 0.0
        self.aim, self.way = self.next(began, boxes)

    def next(self, agent: np.ndarray, boxes: np.ndarray) -> tuple[int | None, float]:
        left = [(float(np.hypot(*(box - agent))), i) for i, box in enumerate(boxes) if not self.locked[i]]
        if not left:
            return None, 0.0
        way, aim = left[0] if self.in_order else min(left)
        return aim, way

    def step(self, agent: np.ndarray, boxes: np.ndarray, locked: list[bool]) -> float:
        reward = 0.0
        for was, is_ in zip(self.locked, locked, strict=True):
            reward += 5.0 if is_ and not was else -5.0 if was and not is_ else 0.0
        self.locked = locked
        aim, way = self.next(agent, boxes)
        way_home = float(np.hypot(*(agent - self.began)))
        if self.aim is not None and aim == self.aim:
            reward += 0.5 * (self.way - way)
        elif self.aim is not None and locked[self.aim]:
            reward += 0.5 * self.way
        elif aim is not None:
            reward -= 0.5 * way
        elif self.home:
            reward += 0.5 * (self.way_home - way_home)
        self.aim, self.way, self.way_home = aim, way, way_home
        return reward + (all(locked) and (not self.home or way_home <= 0.1))


@pytest.mark.parametrize("in_order", [False, True])
def test_locking_earns_what_the_rules_say(in_order: bool) -> None:
    """Random play of agents that are now and then put before a box, or to where they began."""
    if in_order:
        task: Locking = begun(
            make_sequential_lock, config.SequentialLockConfig(num_envs=6, boxes=2, steps=40)
        )
    else:
        task = begun(make_lock_and_return, config.LockAndReturnConfig(num_envs=6, steps=40))
    boxes = slice(1, 1 + task.boxes)
    rules = [Rules(q[0, :2].copy(), q[boxes, :2].copy(), in_order, not in_order) for q in task.qpos]
    began, random, earned = task.qpos[:, 0, :2].copy(), np.random.default_rng(0), []
    for _ in range(39):
        for env in range(task.num_envs):
            if random.random() < 0.4:
                stand_before(task, env, int(random.integers(task.boxes)))
            elif random.random() < 0.2:
                task.qpos[env, 0, :2] = began[env]
        actions = np.tile(STILL, (task.num_envs, 1, 1))
        actions[..., 4] = random.random((task.num_envs, 1)) < 0.85
        _, reward, _, _, info = task.step(actions)
        for env, rule in enumerate(rules):
            locked = task.hands.locked[env, : task.boxes].tolist()
            expected = rule.step(task.qpos[env, 0, :2], task.qpos[env, boxes, :2], locked)
            assert reward[env, 0] == pytest.approx(expected), (env, locked)
            assert info["is_success"][env] == (
                all(locked) and (in_order or np.hypot(*(task.qpos[env, 0, :2] - began[env])) <= 0.1)
            )
            earned.append(expected)
    assert max(earned) > 4.5
    assert min(earned) < -4.5
    assert info["locked"].shape == (6,)


def test_boxes_can_only_be_locked_in_their_order() -> None:
    task = begun(make_sequential_lock, config.SequentialLockConfig(num_envs=2, boxes=3))
    task.qpos[:, 1:4, :2] = [[10, 10], [13, 10], [16, 10]]  # far from walls
    for box, opens in ((2, False), (1, False), (0, True), (2, False), (1, True), (2, True)):
        for env in range(2):
            stand_before(task, env, box)
        for _ in range(2):  # looks, and locks; the box that it comes from stays locked
            act(task, 5, 5, 5, 0, 1)
        assert (task.hands.locked[:, box] == opens).all(), box
    assert act(task, 5, 5, 5, 0, 1)[1]["is_success"].all()
    act(task)  # who does not want it unlocks what is in reach
    assert not task.hands.locked[:, 2].any()


def test_a_blueprint_costs_by_smooth_distances_and_is_done_with_all_corners() -> None:
    task: Blueprint = begun(make_blueprint, config.BlueprintConfig(num_envs=8, boxes=5, sites=3))
    there = ~np.isnan(task.sites[..., 0])
    assert set(there.sum(axis=1).tolist()) == {1, 2, 3}
    reward, info = act(task)
    for env in range(8):
        corners = []
        for x, y, z, turn in task.qpos[env, 1:]:
            for a, b in product((-0.25, 0.25), repeat=2):
                corners.append(
                    (x + a * np.cos(turn) - b * np.sin(turn), y + a * np.sin(turn) + b * np.cos(turn), z)
                )
        smooth = []
        for site in task.sites[env][there[env]]:
            for a, b in product((-0.25, 0.25), repeat=2):
                apart = np.linalg.norm(np.array(corners) - [site[0] + a, site[1] + b, 0.25], axis=1)
                smooth.append((apart * np.exp(-1.5 * apart)).sum() / np.exp(-1.5 * apart).sum())
        assert reward[env] == pytest.approx(-0.05 * np.mean(smooth))
    assert not info["is_success"].any()
    # Every site gets a box; in game 0 one is turned by an eighth, in game 1 one is missing.
    for env in range(8):
        task.qpos[env, 0, :2] = 5.7, 5.7
        task.qpos[env, 1:, :2] = [[0.3 + 0.55 * i, 5.7] for i in range(5)]
        for i, site in enumerate(task.sites[env][there[env]]):
            task.qpos[env, 1 + i, :2], task.qpos[env, 1 + i, 3] = site, np.pi / 2
    task.qpos[0, 1, 3], task.qpos[1, 1, :2] = np.pi / 4, (5.0, 5.0)
    task.qvel[:] = 0.0
    reward, info = act(task)
    ended = info["final_info"]["is_success"]
    assert ended.tolist() == [False, False, *[True] * 6]
    assert (np.round(reward[2:]) == 3 * there.sum(axis=1)[2:]).all()


def blocked(start: np.ndarray, end: np.ndarray, q: np.ndarray, half: np.ndarray) -> bool:
    """Whether a box is on a line of the floor: by where it enters and leaves the box's slabs."""
    cos, sin = np.cos(q[3]), np.sin(q[3])
    turn = np.array([[cos, sin], [-sin, cos]])
    a, b = turn @ (start - q[:2]), turn @ (end - q[:2])
    enters, leaves = 0.0, 1.0
    for x, y, h in zip(a, b, half[:2], strict=True):
        if abs(y - x) < 1e-12:
            if abs(x) > h:
                return False
            continue
        first, last = sorted(((-h - x) / (y - x), (h - x) / (y - x)))
        enters, leaves = max(enters, first), min(leaves, last)
    return enters < leaves


def test_a_shelter_costs_what_looks_in() -> None:
    task: Shelter = begun(make_shelter, config.ShelterConfig(num_envs=4, rays=10))
    assert (task.half[:, :3] == [0.825, 0.075, 0.25]).all() and (task.half[:, 3:] == 0.25).all()
    for round_ in range(3):
        reward, info = act(task)
        for env in range(4):
            x, y, radius = task.cylinder[env]
            assert 0.75 <= radius <= 1.0
            hits = 0
            for start in task._from[:, :2]:
                way = np.array([x, y]) - start
                length = np.hypot(*way)
                edge = start + way * (1 - radius / length)
                t = np.clip((task.qpos[env, 0, :2] - start) @ way / length**2, 0, 1 - radius / length)
                agent = np.hypot(*(start + t * way - task.qpos[env, 0, :2]))
                # The rays are above the agent's middle, where it is narrower.
                free = agent > np.sqrt(0.15**2 - (0.25 - task.qpos[env, 0, 2]) ** 2)
                boxes = zip(task.qpos[env, 1:], task.half[env], strict=True)
                hits += free and not any(blocked(start, edge, *box) for box in boxes)
            assert info["hits"][env] == hits, round_
            assert reward[env] == pytest.approx(-0.001 * hits)
        # Nearer and nearer, until it is closed in.
        task.qpos[:, 1:, :2] += 0.3 * (task.cylinder[:, None, :2] - task.qpos[:, 1:, :2])
        task.qvel[:] = 0
    task.qpos[:, 0, :2] = 30.0
    task.qpos[:, 1:, :2] = -30.0 - 3 * np.arange(8)[:, None]
    assert (act(task)[1]["hits"] == 40).all()


def test_boxes_to_be_counted_go_out_of_sight() -> None:
    task: ObjectCounting = begun(make_object_counting, config.ObjectCountingConfig(num_envs=24))
    stand, ever, counts = task.qpos[:, 0].copy(), np.zeros((24, 6), bool), set()
    random = np.random.default_rng(0)
    for _ in range(task.steps - 1):
        observation, _, _, _, info = task.step(random.integers(0, 2, (24, 1, 5)) * 1)
        ever |= observation["boxes_mask"][:, 0] == 1
        right = (task.qpos[:, 1:, 0] > 3.0).sum(axis=1)
        counts |= set(info["count"].tolist())
    assert ever.all()  # each was seen
    assert not observation["boxes_mask"].any()  # none is
    assert (right == info["count"]).all()
    assert (np.abs(task.qpos[:, 1:, 0] - 3) > 2).all()
    assert len(counts) >= 5
    np.testing.assert_allclose(task.qpos[:, 0], stand, atol=0.01)


@pytest.mark.parametrize(
    ("make", "parameters"),
    [
        (make_lock_and_return, config.LockAndReturnConfig(num_envs=40)),
        (make_sequential_lock, config.SequentialLockConfig(num_envs=40)),
        (make_blueprint, config.BlueprintConfig(num_envs=40)),
        (make_shelter, config.ShelterConfig(num_envs=40)),
        (make_object_counting, config.ObjectCountingConfig(num_envs=40)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_nothing_is_inside_of_anything_at_first(make: Any, parameters: Any) -> None:
    """What is would be pushed out."""
    task = begun(make, parameters)
    before = task.qpos[..., :2].copy()
    if make is make_object_counting:
        task._turn[:] = 1000
    for _ in range(2):
        act(task)
    np.testing.assert_allclose(task.qpos[..., :2], before, atol=0.01)
    if make is make_lock_and_return:
        assert (task.walls[:, :, 3] > 0).sum(axis=1).tolist() == [14] * 40  # 4, and 2 for each of 5 doors
    if make is make_sequential_lock:
        for env in range(40):  # no two ramps in one room
            long, short = task.walls[env, 4], task.walls[env, 5]
            axis = 0 if long[3] < long[4] else 1
            beyond = before[env, 5:, axis] > long[axis]
            alone = beyond.sum() == 1
            pair = before[env, 5:][beyond != alone if alone else beyond == (beyond.sum() == 2)]
            other = 1 - axis
            assert beyond.sum() in (1, 2)
            assert len({bool(x) for x in pair[:, other] > short[other]}) == 2
    frame = task.render([0])[0]
    assert frame.shape == (240, 240, 3)


@pytest.mark.parametrize(
    "task", ["lock_and_return", "sequential_lock", "blueprint", "shelter", "object_counting"]
)
def test_tasks_are_environments(task: str) -> None:
    more = {"every": 1, "after": 3} if task == "object_counting" else {"steps": 6}
    check_environment({"use": f"hide_seek/{task}", "num_envs": 2, **more}, steps=14)


def test_parameters_that_make_no_sense() -> None:
    for wrong, said in (
        (lambda: config.BlueprintConfig(boxes=2, sites=3), "3 sites for 2 boxes"),
        (lambda: config.ShelterConfig(boxes=2), "elongated: 3 is more than boxes: 2"),
        (lambda: config.ShelterConfig(narrowest=2.0, widest=1.0), "narrowest: 2.0"),
    ):
        with pytest.raises((ValueError, UserError), match=said):
            wrong()
