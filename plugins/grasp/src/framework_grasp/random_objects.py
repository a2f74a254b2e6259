"""grasp/random_objects: invented objects, how they look, and how grasps of them went, shard by shard."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from framework.contracts import Progress
from framework.errors import UserError
from framework.shards import Shards
from framework_grasp.arrays import Array
from framework_grasp.config import RandomObjectsConfig
from framework_grasp.depth import cameras, views
from framework_grasp.objects.random import random_solid
from framework_grasp.proposals import PROPOSALS, antipodal, uniform
from framework_grasp.scene import Scene
from framework_grasp.table import SUFFIX, write
from framework_grasp.trials.bench import Bench

#: So many objects in a row that cannot rest are drawn before something must be wrong.
_TRIES = 100


class RandomObjects:
    """Invents objects, looks at them and tries grasps.

    Every scene has a seed of its own: made again after a stop, it is the same, and so it is with
    another number of threads.

    Args:
        config: the parameters.
    """

    def __init__(self, config: RandomObjectsConfig) -> None:
        self.config = config
        self.threads = config.threads or len(os.sched_getaffinity(0))

    def produce(self, folder: Path, progress: Callable[[Progress], None]) -> None:
        config, shards = self.config, Shards(folder)
        with ThreadPoolExecutor(self.threads) as pool:
            for number, first in enumerate(range(0, config.scenes, config.per_shard)):
                last = min(first + config.per_shard, config.scenes)
                name = f"{number:05d}{SUFFIX}"
                if name not in shards.finished():
                    scenes = list(pool.map(self.scene, range(first, last)))
                    with shards.write(name, rows=last - first) as path:
                        write(path, scenes)
                progress(Progress(last, config.scenes, "scenes"))

    def scene(self, number: int) -> Scene:
        """Make a scene, of those from 0 to `config.scenes`."""
        config = self.config
        which = number % (config.objects or config.scenes)
        random = np.random.default_rng([config.seed, 1, number])
        friction = float(random.uniform(*config.friction))
        for attempt in range(_TRIES):
            seed = int(np.random.default_rng([config.seed, 0, which, attempt]).integers(2**62))
            solid = random_solid(seed, config.parts)
            bench = Bench(solid, config.grasps, friction, config.precision)
            pose = bench.rest(random)
            if pose is not None:
                break
        else:
            raise UserError(f"{_TRIES} objects one after another of {config.parts} parts cannot rest")
        bench.put(pose)
        points = bench.points()
        middle = (points.min(axis=0) + points.max(axis=0))[:2] / 2
        pose[:2] += random.uniform(-config.offset, config.offset, 2) - middle
        bench.put(pose)
        depth = views(bench, cameras(config.views))
        grasps, proposal = self._candidates(bench, friction, random)
        outcomes = bench.try_grasps(pose, grasps)
        return Scene(depth, grasps, outcomes, proposal, solid.name, 1.0, friction, solid.mass, pose)

    def _candidates(
        self, bench: Bench, friction: float, random: np.random.Generator
    ) -> tuple[Array, NDArray[np.int8]]:
        config = self.config
        wanted = round(config.antipodal * config.grasps)
        good = antipodal(bench, wanted, random, friction, config.dims)
        others = uniform(bench, config.grasps - len(good), random, config.dims)
        kinds = [PROPOSALS.index("antipodal"), PROPOSALS.index("uniform")]
        proposal = np.repeat(kinds, [len(good), len(others)])
        return np.concatenate([good, others]), proposal.astype(np.int8)
