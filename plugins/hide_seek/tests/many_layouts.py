"""Do layouts overlap, trap anybody or blow up? By MuJoCo's contacts, a flood fill, and play at full force.

python plugins/hide_seek/tests/many_layouts.py 10000 quadrant
python plugins/hide_seek/tests/many_layouts.py 10000 rooms
"""

from __future__ import annotations

import sys
from collections import Counter

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from framework_hide_seek.config import GameConfig
from framework_hide_seek.game import Game

#: The most of everything.
FULL = {
    "layout": "rooms", "hiders": 3, "seekers": 3, "fewest_hiders": 1, "fewest_seekers": 1, "boxes": 9,
    "ramps": 2, "fewest_boxes": 3, "elongated": 3, "lock_ramps": True, "steps": 240, "food": 2,
}  # fmt: skip
#: What is counted: layouts, those in which something is wrong, and steps after which something flies.
COUNTED = ("layouts", "overlapping", "trapped", "thrown", "diverged")
#: Steps at full force, and the greatest speed (m/s) and height (m) that are no explosion.
STEPS, SPEED, HEIGHT = 12, 25.0, 2.5
#: Side of the flood fill's cells; m.
_CELL = 0.04


def overlaps(game: Game, env: int) -> bool:
    """Whether MuJoCo finds two things inside each other, or anything in a wall; the floor is none."""
    model, data = game.batch.get_model(env), game.batch.get_data(env)
    mujoco.mj_forward(model, data)
    floor = model.geom("floor").id
    return any(c.dist < -1e-6 and floor not in (c.geom1, c.geom2) for c in data.contact)


def trapped(game: Game, env: int) -> bool:
    """Whether walls keep an agent from getting somewhere: one that fits anywhere gets everywhere."""
    free = reachable(game.walls[env])
    labels, _ = ndimage.label(free)
    agents = np.flatnonzero(game.exists[env, : game.scene.agents])
    cells = np.floor((game.qpos[env, agents, :2] + 1.0) / _CELL).astype(int)
    found = labels[cells[:, 1], cells[:, 0]]
    return bool(
        (found == 0).any() or len(np.unique(found)) > 1 or (labels == found[0]).sum() < 0.95 * free.sum()
    )


def reachable(walls: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where the centre of an agent may be as far as walls go, on the floor and 1 m around it."""
    centres = np.arange(-1.0 + _CELL / 2, 7.0, _CELL)
    x, y = np.meshgrid(centres, centres)
    free = np.ones(x.shape, np.bool_)
    for wall in walls[walls[:, 3] > 0]:
        gap = np.maximum(np.abs(x - wall[0]) - wall[3], 0), np.maximum(np.abs(y - wall[1]) - wall[4], 0)
        free &= np.hypot(*gap) >= 0.15
    # Nobody begins beyond the walls around the floor.
    if (walls[:4, 3] > 0).all():
        free &= (x > 0) & (x < 6) & (y > 0) & (y < 6)
    return free


def examine(game: Game) -> Counter[str]:
    """Count what is wrong with the layouts that a game was just reset to, after playing a little, too."""
    found = Counter(layouts=game.num_envs)
    for env in range(game.num_envs):
        found["overlapping"] += overlaps(game, env)
        found["trapped"] += trapped(game, env)
    before = game.diverged
    for _ in range(STEPS):
        actions = game.action_space.sample()
        actions[..., :3] = np.where(actions[..., :3] < 5, 0, 10)
        game.step(actions)
        there = game.exists[:, : game.scene.bodies]
        fast = (np.abs(game.qvel[..., :3]) > SPEED).any(axis=2) & there
        high = (game.qpos[..., 2] > HEIGHT) & there
        found["thrown"] += int((fast | high).any(axis=1).sum())
    found["diverged"] += game.diverged - before
    return found


def main(count: int, layout: str) -> None:
    size = min(count, 250)
    parameters = FULL if layout == "rooms" else {}
    game = Game(GameConfig(num_envs=size, **parameters))
    game.action_space.seed(0)
    found: Counter[str] = Counter()
    for seed in range(-(-count // size)):
        game.reset(seed=seed)
        found += examine(game)
        print(layout, ", ".join(f"{found[name]} {name}" for name in COUNTED), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
