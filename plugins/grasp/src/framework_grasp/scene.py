"""A scene: one object in one pose on a table, what is seen of it, and the grasps that were tried.

The frame of a scene has its origin on the table in the middle of what the camera sees, x to the right and
y up in the first depth view, z up; lengths are in m, angles in rad. The hand is a parallel gripper that opens
10 cm (`trials.hand`). A grasp is

| number         | range         | meaning                                                               |
|----------------|---------------|-----------------------------------------------------------------------|
| `x`, `y`       | -0.16, 0.16   | of the point midway between the finger tips where they close          |
| `z`            | 0.003, 0.25   | its height above the table                                            |
| `yaw`          | -pi/2, pi/2   | of the hand about the vertical: 0 closes along y; pi more is the same |
| `pitch`, `roll`| -pi/3, pi/3   | with 6 dimensions: then about the hand's y, then its x; 0 from above  |

and its outcome what `trials.trial` says. A dataset has one row for each scene, of V views and G grasps:

| column     | type                | meaning                                                              |
|------------|---------------------|----------------------------------------------------------------------|
| `depth`    | (V, 128, 128) f16   | heights, m: see `depth`; 2.5 mm between pixels                       |
| `grasps`   | (G, 4 or 6) float32 | the grasps that were tried, as they were asked for                   |
| `width`    | (G) float32         | distance of the closed pads, 0 to 0.1 m; nan where they did not close |
| `success`  | (G) bool            | whether the object was held after lifting and shaking                |
| `failure`  | (G) class           | `FAILURES`: none, miss, slip, collision, crush, diverged             |
| `proposal` | (G) class           | `PROPOSALS`: uniform, antipodal, planner, near                       |
| `object`   | string              | its name: `random/SEED` of `objects.random`, `mug`, of a file `mug`  |
| `scale`    | float32             | extra factor on its lengths                                          |
| `friction` | float32             | Coulomb's, between the object and pads or table                      |
| `mass`     | float32             | of the object, kg                                                    |
| `pose`     | (7) float64         | of the object in the frame: position, m, and quaternion w, x, y, z   |
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from framework_grasp.arrays import Array
from framework_grasp.trials.trial import Outcomes


@dataclass(frozen=True)
class Scene:
    """A scene and its trials, as the module describes its columns.

    Attributes:
        depth: `(V, 128, 128)` m.
        grasps: `(G, 4 or 6)`.
        outcomes: of the grasps.
        proposal: index into `PROPOSALS`, `(G,)`.
        object: name.
        scale, friction, mass: numbers.
        pose: `(7,)`.
    """

    depth: Array
    grasps: Array
    outcomes: Outcomes
    proposal: NDArray[np.int8]
    object: str
    scale: float
    friction: float
    mass: float
    pose: Array
