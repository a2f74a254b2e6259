"""Food: hiders eat it while nobody sees them (the variant with food)."""

from __future__ import annotations

import numpy as np

from framework.sim import Flags, Floats, Ids, World

#: How near a hider has to be to eat; m.
NEAR = 0.5
#: Steps that one hider takes to eat a piece, and steps until it is there again.
HEALTH, RESPAWN = 40, 5


class Food:
    """Pieces of food on the floors of all simulations.

    Args:
        world: the simulations.
        count: how many pieces.

    Attributes:
        where: they are, `(num_envs, count, 3)`; m.
        health: what is left of them, `(num_envs, count)`, from `HEALTH` to 0.
        eaten: how many pieces each hider ate of in the last step, `(num_envs, hiders)`.
    """

    def __init__(self, world: World, count: int, hiders: int) -> None:
        n = len(world)
        self.where = world.remember("food", np.zeros((n, count, 3)))
        self.health = world.remember("food_health", np.zeros((n, count), np.int64))
        self.eaten = world.remember("eaten", np.zeros((n, hiders), np.int64))
        self._gone = world.remember("food_gone", np.zeros((n, count), np.int64))

    def reset(self, ids: Ids, where: Floats, height: float) -> None:
        """Lay out whole pieces at `where`, `(k, count, 2)`, in simulations `ids`."""
        self.where[ids, :, :2], self.where[ids, :, 2] = where, height
        self.health[ids], self._gone[ids], self.eaten[ids] = HEALTH, 0, 0

    def there(self, ids: Ids) -> Flags:
        """Which pieces can be eaten, `(k, count)`."""
        return np.asarray(self.health[ids] > 0)

    def step(self, ids: Ids, hiders: Floats, may: Flags) -> None:
        """Let hiders eat, and eaten food come back.

        Args:
            ids: the simulations.
            hiders: where they are, `(k, hiders, 3)`; m.
            may: who may eat which piece, `(k, hiders, count)`.
        """
        self._gone[ids] -= self._gone[ids] > 0
        back = (self.health[ids] == 0) & (self._gone[ids] == 0)
        health = np.where(back, HEALTH, self.health[ids])
        near = np.linalg.norm(hiders[:, :, None, :2] - self.where[ids][:, None, :, :2], axis=-1) <= NEAR
        bites = near & may & (health > 0)[:, None]
        self.eaten[ids] = bites.sum(axis=2)
        left = np.maximum(health - bites.sum(axis=1), 0)
        self._gone[ids] = np.where((left == 0) & (health > 0), RESPAWN, self._gone[ids])
        self.health[ids] = left
