"""Parameters of making scenes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from framework import Param
from framework_grasp.trials.physics import Precision


@dataclass(frozen=True, kw_only=True)
class RandomObjectsConfig:
    """Which objects are invented, and which grasps of them tried."""

    scenes: Annotated[int, Param("scenes to make: each one object in one pose", unit="scenes", ge=1)] = 1000
    objects: Annotated[
        int | None,
        Param("different objects among them, each as often as any other; default: one for each scene", ge=1),
    ] = None
    grasps: Annotated[int, Param("grasps tried in each scene", unit="grasps", ge=1, le=10_000)] = 48
    dims: Annotated[Literal[4, 6], Param("numbers of a grasp: 4 from above, 6 from any side")] = 4
    antipodal: Annotated[
        float, Param("share of the grasps that are antipodal on the true geometry", ge=0, le=1)
    ] = 0.5
    views: Annotated[int, Param("depth views: the first from above, the others around", ge=1, le=16)] = 1
    parts: Annotated[tuple[int, int], Param("the least and greatest number of parts of an object", ge=1)] = (
        1,
        15,
    )
    friction: Annotated[
        tuple[float, float], Param("range of Coulomb's friction, drawn for each scene", gt=0, le=5)
    ] = (0.4, 0.9)
    offset: Annotated[
        float,
        Param(
            "how far the middle of an object is from the scene's, at most, each way", unit="m", ge=0, le=0.1
        ),
    ] = 0.03
    precision: Annotated[Precision, Param("timestep of the trials: 4, 2 or 1 ms")] = "coarse"
    per_shard: Annotated[int, Param("scenes in one file", unit="scenes", ge=1)] = 50
    threads: Annotated[int, Param("scenes made at once; 0 for one on each core", ge=0)] = 0
    seed: Annotated[int, Param("seed of objects, poses and grasps", ge=0)] = 0

    def __post_init__(self) -> None:
        for name in ("parts", "friction"):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name}: [{low}, {high}] is the wrong way round; give [{high}, {low}]")
