"""Sets of objects to be grasped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from framework.errors import UserError
from framework_grasp.evaluation.config import SuccessConfig
from framework_grasp.objects.household import household
from framework_grasp.objects.meshes import solids_in
from framework_grasp.objects.random import random_solid
from framework_grasp.objects.solid import Solid

#: Seeds of random objects that are tested on; those of training sets are drawn from all below 2^62.
FIRST_SEED = 2**62


@dataclass(frozen=True)
class ObjectSet:
    """Objects, and in how many ways each is put down.

    Attributes:
        name: "training", "held out" or "realistic".
        solids: the objects.
        poses: ways to lie of each.
        rotations: turns about the vertical of each way.
    """

    name: str
    solids: Sequence[Solid]
    poses: int = 1
    rotations: int = 1

    @property
    def scenes(self) -> int:
        """At most."""
        return len(self.solids) * self.poses * self.rotations


def sets_of(config: SuccessConfig) -> list[ObjectSet]:
    """The sets that a configuration asks for.

    Raises:
        UserError: a dataset has no objects that can be made again, or a file or folder none.
    """
    found = []
    if config.training is not None:
        found.append(ObjectSet("training", _trained(config.training, config.random)))
    seeds = range(FIRST_SEED, FIRST_SEED + config.random)
    found.append(ObjectSet("held out", [random_solid(seed) for seed in seeds]))
    if config.realistic:
        solids = household() if config.objects is None else solids_in(config.objects, config.unit)
        found.append(ObjectSet("realistic", solids, config.poses, config.rotations))
    return found


def _trained(folder: Path, count: int) -> list[Solid]:
    """Some of the random objects of a dataset, made again."""
    from framework_grasp.table import load

    names = np.unique(load(folder).with_format("numpy")["object"][:])
    chosen = np.random.default_rng(0).permutation(names)[:count]
    try:
        return [random_solid(int(name.removeprefix("random/"))) for name in chosen.tolist()]
    except ValueError:
        raise UserError(
            f"training: {folder} has the object {chosen[0]}, which is not random and cannot be made again\n"
            "  give the output of a stage of grasp/random_objects"
        ) from None
