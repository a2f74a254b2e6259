"""grasp/random_objects, household and meshes: objects, how they look, and how grasps of them went."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from framework.contracts import Progress
from framework.errors import UserError
from framework.shards import Shards
from framework_grasp.arrays import Array
from framework_grasp.config import HouseholdConfig, MeshesConfig, RandomObjectsConfig, ScenesConfig
from framework_grasp.depth import cameras, tilted, unreliable, views
from framework_grasp.hard import enlarged
from framework_grasp.objects.household import household
from framework_grasp.objects.meshes import solids_in
from framework_grasp.objects.random import random_solid
from framework_grasp.objects.solid import Solid
from framework_grasp.proposals import PROPOSALS, antipodal, near, planned, uniform
from framework_grasp.scene import Scene
from framework_grasp.table import SUFFIX, write
from framework_grasp.trials.bench import Bench

#: So many invented objects in a row that cannot rest are passed over before something must be wrong.
_TRIES: Final = 100
#: Whether an invented object can rest is seen at this friction, lying in so many ways.
_FRICTION: Final = 0.5
_WAYS: Final = 4
#: An object that is given is put down so often before it is given up.
_DROPS: Final = 5


class Scenes(ABC):
    """Puts objects down, looks at them and tries grasps.

    Every scene has a seed of its own: made again after a stop, it is the same, and so it is with
    another number of threads.

    Args:
        config: the parameters.
    """

    def __init__(self, config: ScenesConfig) -> None:
        self.config = config
        self.threads = config.threads or len(os.sched_getaffinity(0))
        self.planner = None
        if config.planner is not None:
            from framework_grasp.planning.grasper import load

            self.planner = load(config.planner).planner
            sight = self.planner.sight
            if (sight.views, sight.dimensions) != (config.views, config.dims):
                raise UserError(
                    f"planner: {config.planner} sees {sight.views} views and plans {sight.dimensions} "
                    f"dimensions; here there are {config.views} and {config.dims}"
                )

    @abstractmethod
    def rest(self, number: int, random: np.random.Generator, friction: float) -> tuple[Bench, Array]:
        """An object for a scene, and a pose in which it rests with its origin over the scene's."""

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
        random = np.random.default_rng([config.seed, 1, number])
        friction = float(random.uniform(*config.friction))
        bench, pose = self.rest(number, random, friction)
        bench.put(pose)
        points = bench.points()
        middle = (points.min(axis=0) + points.max(axis=0))[:2] / 2
        pose[:2] += random.uniform(-config.offset, config.offset, 2) - middle
        bench.put(pose)
        depth = views(bench, tilted(cameras(config.views), config.camera_tilt, random))
        depth = unreliable(depth, config.depth_noise, config.missing, random)
        grasps, proposal = self._candidates(bench, depth, friction, random)
        outcomes = bench.try_grasps(pose, self._executed(grasps, random))
        solid = bench.solid
        return Scene(depth, grasps, outcomes, proposal, solid.name, solid.scale, friction, solid.mass, pose)

    def laid(
        self, solid: Solid, random: np.random.Generator, friction: float, pose: Array | None = None
    ) -> tuple[Bench, Array] | None:
        """Lay an object down, some as large as the hand can just hold.

        Args:
            solid: the object.
            random: draws whether it is so large, and how it lies.
            friction: Coulomb's.
            pose: in which it rests; None to draw one.

        Returns:
            A table with it, and its pose; None if it does not come to rest.
        """
        if self.config.hard and random.random() < self.config.hard:
            larger = enlarged(solid, friction, random)
            bench = self.bench(larger, random, friction)
            if (found := bench.rest(random)) is not None:
                return bench, found
        bench = self.bench(solid, random, friction)
        found = bench.rest(random) if pose is None else pose.copy()
        return None if found is None else (bench, found)

    def bench(self, solid: Solid, random: np.random.Generator, friction: float) -> Bench:
        """A table with an object whose mass is drawn."""
        config = self.config
        solid = replace(solid, mass=solid.mass * float(random.uniform(*config.mass)))
        return Bench(solid, config.grasps, friction, config.precision)

    def _candidates(
        self, bench: Bench, depth: Array, friction: float, random: np.random.Generator
    ) -> tuple[Array, NDArray[np.int8]]:
        config = self.config
        counts = {name: round(getattr(config, name) * config.grasps) for name in ("antipodal", "near")}
        found = {"antipodal": antipodal(bench, counts["antipodal"], random, friction, config.dims)}
        if counts["near"]:
            found["near"] = near(bench, counts["near"], random, friction, config.dims)
        if self.planner is not None:
            found["planner"] = planned(self.planner, depth, round(config.proposed * config.grasps), random)
        missing = config.grasps - sum(map(len, found.values()))
        found["uniform"] = uniform(bench, missing, random, config.dims)
        kinds = np.repeat([PROPOSALS.index(kind) for kind in found], [len(each) for each in found.values()])
        return np.concatenate(list(found.values())), kinds.astype(np.int8)

    def _executed(self, grasps: Array, random: np.random.Generator) -> Array:
        """Where hands that shall go to grasps really go."""
        config, n = self.config, len(grasps)
        moved = config.position_error * random.standard_normal((n, 3))
        turned = config.turn_error * random.standard_normal((n, config.dims - 3))
        return np.asarray(grasps + np.concatenate([moved, turned], axis=1))


class RandomObjects(Scenes):
    """Scenes of invented objects; those that cannot rest are passed over."""

    config: RandomObjectsConfig

    def __init__(self, config: RandomObjectsConfig) -> None:
        super().__init__(config)
        own = [] if config.own is None else solids_in(config.own)
        self.own = [part.outline for solid in own for part in solid.parts]

        self.count = min(config.objects or config.scenes, config.scenes)
        # Where objects come again, they are found again.
        self._found = lru_cache(maxsize=10_000)(self._find)

    def rest(self, number: int, random: np.random.Generator, friction: float) -> tuple[Bench, Array]:
        solid, pose = self._found(number % self.count)
        # An object that comes again lies in another way, if it can.
        again = self.laid(solid, random, friction) if number >= self.count else None
        found = again or self.laid(solid, random, friction, pose)
        assert found is not None
        return found

    def _find(self, which: int) -> tuple[Solid, Array]:
        """An object that can rest, and a pose in which it does; the same in every scene."""
        config = self.config
        for attempt in range(_TRIES):
            random = np.random.default_rng([config.seed, 0, which, attempt])
            solid = random_solid(int(random.integers(2**62)), config.parts, self.own)
            pose = Bench(solid, _WAYS, _FRICTION, config.precision).rest(random)
            if pose is not None:
                return solid, pose
        raise UserError(f"{_TRIES} objects one after another of {config.parts} parts cannot rest")


class GivenObjects(Scenes):
    """Scenes of some objects in turn.

    Args:
        config: the parameters.
        solids: the objects.
    """

    def __init__(self, config: ScenesConfig, solids: list[Solid]) -> None:
        super().__init__(config)
        self.solids = solids

    def rest(self, number: int, random: np.random.Generator, friction: float) -> tuple[Bench, Array]:
        solid = self.solids[number % len(self.solids)]
        for _ in range(_DROPS):
            found = self.laid(solid, random, friction)
            if found is not None:
                return found
        raise UserError(
            f"{solid.name} does not come to rest on a table: it rolls, tips over or shakes\n"
            "  leave it out, or give it a flat side"
        )


def make_household(config: HouseholdConfig) -> GivenObjects:
    """Builder of `grasp/household`."""
    return GivenObjects(config, [solid.scaled(config.scale) for solid in household(config.variants)])


def make_meshes(config: MeshesConfig) -> GivenObjects:
    """Builder of `grasp/meshes`.

    Raises:
        UserError: a file is no mesh that can be grasped; see `objects.meshes.solids_in`.
    """
    solids = solids_in(config.path, config.unit, config.density)
    return GivenObjects(config, [solid.scaled(config.scale) for solid in solids])
