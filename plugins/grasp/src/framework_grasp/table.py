"""Scenes as a `datasets` dataset: shards in Arrow's format, mapped into memory and never loaded whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.errors import UserError
from framework.shards import MANIFEST, Shards
from framework_grasp.depth import PIXELS
from framework_grasp.proposals import PROPOSALS
from framework_grasp.scene import Scene
from framework_grasp.trials.trial import FAILURES

if TYPE_CHECKING:
    from datasets import Dataset, Features

SUFFIX = ".arrow"


def features(views: int, grasps: int, dims: int) -> Features:
    """The columns, as `scene` describes them."""
    from datasets import Array2D, Array3D, ClassLabel, Features, Sequence, Value

    return Features(
        {
            "depth": Array3D((views, PIXELS, PIXELS), "float16"),
            "grasps": Array2D((grasps, dims), "float32"),
            "width": Sequence(Value("float32"), grasps),
            "success": Sequence(Value("bool"), grasps),
            "failure": Sequence(ClassLabel(names=list(FAILURES)), grasps),
            "proposal": Sequence(ClassLabel(names=list(PROPOSALS)), grasps),
            "object": Value("string"),
            "scale": Value("float32"),
            "friction": Value("float32"),
            "mass": Value("float32"),
            "pose": Sequence(Value("float64"), 7),
        }
    )


def write(path: Path, scenes: Sequence[Scene]) -> None:
    """Write a shard: scenes with as many views and grasps each, at least one."""
    from datasets.arrow_writer import ArrowWriter

    first = scenes[0]
    with ArrowWriter(path=str(path), features=features(len(first.depth), *first.grasps.shape)) as writer:
        for scene in scenes:
            writer.write(_row(scene))
        writer.finalize()


def load(folder: Path) -> Dataset:
    """The scenes of a folder that `grasp/random_objects` wrote, as one dataset.

    Raises:
        UserError: there are none, some are gone or cut, or of different shapes.
    """
    from datasets import Dataset, concatenate_datasets

    if (folder / MANIFEST).exists() and (gone := Shards(folder).missing()):
        raise UserError(f"{folder} is not whole: {', '.join(gone)} is gone or cut")
    files = sorted(path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith("."))
    if not files:
        raise UserError(f"there are no grasps in {folder}: no *{SUFFIX}\n  grasp/random_objects makes them")
    try:
        tables = [Dataset.from_file(str(path)) for path in files]
    except Exception as error:  # Arrow's own, and those of features that it has not
        raise UserError(f"{folder} cannot be read: {type(error).__name__}: {error}") from error
    for path, table in zip(files, tables, strict=True):
        if table.features != tables[0].features:
            raise UserError(
                f"{path} has other columns than {files[0].name}\n"
                "  scenes of one dataset have the same numbers of views, grasps and dimensions"
            )
    return concatenate_datasets(tables)


def _row(scene: Scene) -> dict[str, Any]:
    outcomes = scene.outcomes
    return {
        "depth": scene.depth.astype(np.float16),
        "grasps": scene.grasps.astype(np.float32),
        "width": outcomes.width.astype(np.float32),
        "success": outcomes.success,
        "failure": outcomes.failure.astype(np.int64),
        "proposal": scene.proposal.astype(np.int64),
        "object": scene.object,
        "scale": scene.scale,
        "friction": scene.friction,
        "mass": scene.mass,
        "pose": scene.pose,
    }
