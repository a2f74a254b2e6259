"""dex_hand/renders: pictures of the hand and its object from three cameras, as a data set in shards.

| column | type | what |
|---|---|---|
| `camera_0`, `camera_1`, `camera_2` | image | PNG |
| `position` | 3 float32 | of the object's centre, from a point in the palm; m |
| `rotation` | 4 float32 | of the object, a quaternion, w first |

Files are Parquet, which `datasets`, pandas and polars read.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Features, Image, Sequence, Value
from PIL import Image as Pictures

from framework.contracts import Progress
from framework.errors import UserError
from framework.shards import Shards
from framework.sim.engine import mujoco
from framework.sim.render import Renderer
from framework.sim.rotations import Array
from framework_dex_hand.env import ReorientEnv
from framework_dex_hand.hand import ORIGIN
from framework_dex_hand.model import LOWEST, PLACE, TURNED
from framework_dex_hand.vision.config import RendersConfig
from framework_dex_hand.vision.looks import CAMERAS, Looks, prepared

VIEWS = tuple(f"camera_{i}" for i in range(len(CAMERAS)))
FEATURES = Features(
    {
        **{name: Image() for name in VIEWS},
        "position": Sequence(Value("float32"), length=3),
        "rotation": Sequence(Value("float32"), length=4),
    }
)


class Renders:
    """Plays random actions and draws what comes of them.

    Every shard has a seed of its own: made again after a stop, it is the same.

    Args:
        config: the parameters.

    Raises:
        UserError: the environment is not `dex_hand/reorient`; or, when pictures are to be made, there
            is no OpenGL.
    """

    def __init__(self, config: RendersConfig) -> None:
        self.config, self.environment = config, config.environment
        if not isinstance(self.environment, ReorientEnv):
            raise UserError(
                f"dex_hand/renders draws dex_hand/reorient, not a {type(self.environment).__name__}"
            )

    def produce(self, folder: Path, progress: Callable[[Progress], None]) -> None:
        config, shards, size = self.config, Shards(folder), (self.config.size, self.config.size)
        # A model of its own: that of the simulations is not repainted.
        model = prepared(copy.deepcopy(self.environment.batch.model))
        renderer = Renderer(model, size, CAMERAS[0])
        looks = Looks(renderer, config.randomise, config.width)
        try:
            for number, first in enumerate(range(0, config.frames, config.per_shard)):
                count = min(config.per_shard, config.frames - first)
                name = f"{number:05d}.parquet"
                if name not in shards.finished():
                    rows = self._make(renderer, looks, number, count)
                    with shards.write(name, rows=count) as path:
                        pq.write_table(pa.Table.from_pylist(rows, schema=FEATURES.arrow_schema), path)
                progress(Progress(first + count, config.frames, "frames"))
        finally:
            renderer.close()

    def _make(self, renderer: Renderer, looks: Looks, shard: int, count: int) -> list[dict[str, Any]]:
        random = np.random.default_rng([self.config.seed, shard])
        appearance = np.random.default_rng([self.config.seed, shard, 1])
        rows: list[dict[str, Any]] = []
        for qpos in self._states(random, count):
            if self.config.one_look:
                appearance = np.random.default_rng([self.config.seed, 1])
            cameras = looks.draw(appearance)
            renderer.data.qpos[:] = qpos
            mujoco.mj_forward(renderer.model, renderer.data)
            pictures = map(_png, renderer.views(cameras))
            rows.append(
                {
                    **dict(zip(VIEWS, pictures, strict=True)),
                    "position": (qpos[PLACE] - ORIGIN).tolist(),
                    "rotation": qpos[TURNED].tolist(),
                }
            )
        return rows

    def _states(self, random: np.random.Generator, count: int) -> list[Array]:
        """Angles and places `(count, nq)` with the object in the hand."""
        environment = self.environment
        qpos = environment.batch.bind("qpos")
        environment.reset(seed=int(random.integers(2**31)))
        found: list[Array] = []
        while len(found) < count:
            environment.action_space.seed(int(random.integers(2**31)))
            action = environment.action_space.sample()
            for _ in range(self.config.apart):
                environment.step(action)
            found += list(qpos[qpos[:, PLACE.stop - 1] > LOWEST])
        return found[:count]


def _png(picture: Array) -> dict[str, Any]:
    file = io.BytesIO()
    Pictures.fromarray(picture).save(file, "png")
    return {"bytes": file.getvalue(), "path": None}
