"""Parameters of making scenes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from framework import Param
from framework_grasp.objects.units import Unit
from framework_grasp.trials.physics import Precision


@dataclass(frozen=True, kw_only=True)
class ScenesConfig:
    """How objects are put down and looked at, and which grasps of them are tried."""

    scenes: Annotated[int, Param("scenes to make: each one object in one pose", unit="scenes", ge=1)] = 1000
    grasps: Annotated[int, Param("grasps tried in each scene", unit="grasps", ge=1, le=10_000)] = 48
    dims: Annotated[Literal[4, 6], Param("numbers of a grasp: 4 from above, 6 from any side")] = 4
    antipodal: Annotated[
        float, Param("share of the grasps that are antipodal on the true geometry", ge=0, le=1)
    ] = 0.5
    near: Annotated[
        float,
        Param("share of the grasps that miss antipodal ones by a little: some mm, some degrees", ge=0, le=1),
    ] = 0.0
    planner: Annotated[
        Path | None,
        Param("checkpoint of a trained planner, ${checkpoint:...}, that proposes grasps too; null: none"),
    ] = None
    proposed: Annotated[
        float, Param("share of the grasps that the planner proposes, if there is one", ge=0, le=1)
    ] = 0.25
    views: Annotated[int, Param("depth views: the first from above, the others around", ge=1, le=16)] = 1
    hard: Annotated[
        float, Param("share of the scenes whose object is as large as the hand can just hold", ge=0, le=1)
    ] = 0.0
    friction: Annotated[
        tuple[float, float], Param("range of Coulomb's friction, drawn for each scene", gt=0, le=5)
    ] = (0.4, 0.9)
    mass: Annotated[
        tuple[float, float], Param("range of a factor on the object's mass, drawn for each scene", gt=0)
    ] = (1.0, 1.0)
    offset: Annotated[
        float,
        Param("distance of an object's middle from the scene's, at most, each way", unit="m", ge=0, le=0.1),
    ] = 0.03
    camera_tilt: Annotated[
        float, Param("standard deviation of the cameras' tilt, unknown to them", unit="rad", ge=0, le=0.5)
    ] = 0.0
    depth_noise: Annotated[
        float, Param("standard deviation of the noise of each pixel", unit="m", ge=0, le=0.1)
    ] = 0.0
    missing: Annotated[float, Param("share of the pixels that are not measured: nan", ge=0, lt=1)] = 0.0
    position_error: Annotated[
        float, Param("standard deviation of where a hand goes, each way", unit="m", ge=0, le=0.1)
    ] = 0.0
    turn_error: Annotated[
        float, Param("standard deviation of how a hand is turned, about each axis", unit="rad", ge=0, le=1)
    ] = 0.0
    precision: Annotated[Precision, Param("timestep of the trials: 4, 2 or 1 ms")] = "coarse"
    per_shard: Annotated[int, Param("scenes in one file", unit="scenes", ge=1)] = 50
    threads: Annotated[int, Param("scenes made at once; 0 for one on each core", ge=0)] = 0
    seed: Annotated[int, Param("seed of poses and grasps, and of objects that are invented", ge=0)] = 0

    def __post_init__(self) -> None:
        _check_range("friction", self.friction)
        _check_range("mass", self.mass)
        shares = {"antipodal": self.antipodal, "near": self.near}
        if self.planner is not None:
            shares["proposed"] = self.proposed
        if (total := sum(shares.values())) > 1 + 1e-9:
            each = ", ".join(f"{name} {share:g}" for name, share in shares.items())
            raise ValueError(f"{each} are together {total:g} of the grasps, so over 1")


@dataclass(frozen=True, kw_only=True)
class RandomObjectsConfig(ScenesConfig):
    """Which objects are invented."""

    objects: Annotated[
        int | None,
        Param("different objects among them, each as often as any other; default: one for each scene", ge=1),
    ] = None
    parts: Annotated[tuple[int, int], Param("the least and greatest number of parts of an object", ge=1)] = (
        1,
        15,
    )
    own: Annotated[
        Path | None,
        Param("meshes whose convex parts are drawn too: a file or folder as of grasp/meshes; null: none"),
    ] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_range("parts", self.parts)


@dataclass(frozen=True, kw_only=True)
class HouseholdConfig(ScenesConfig):
    """Which of the plugin's own realistic objects."""

    variants: Annotated[int, Param("variants of each object, of other sizes than the first", ge=1)] = 1
    scale: Annotated[float, Param("factor on the lengths of all objects", gt=0, le=3)] = 1.0


@dataclass(frozen=True, kw_only=True)
class MeshesConfig(ScenesConfig):
    """Which objects of one's own."""

    path: Annotated[
        Path,
        Param("an OBJ or STL file, a folder of them, or one with the manifest.json of decomposed objects"),
    ]
    unit: Annotated[Unit, Param("of the lengths in OBJ and STL files")] = "m"
    density: Annotated[
        float, Param("of objects from OBJ and STL files; they weigh 12 to 500 g", unit="kg/m3", gt=0)
    ] = 300.0
    scale: Annotated[float, Param("factor on the lengths of all objects", gt=0, le=3)] = 1.0


def _check_range(name: str, limits: tuple[float, float]) -> None:
    low, high = limits
    if low > high:
        raise ValueError(f"{name}: [{low}, {high}] is the wrong way round; give [{high}, {low}]")
    if math.isinf(high):
        raise ValueError(f"{name}: [{low}, {high}] has no end")
