"""grasp/scenes: the scenes of a folder, some of their objects held out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np

from framework import Param
from framework.errors import UserError

if TYPE_CHECKING:
    from datasets import DatasetDict


@dataclass(frozen=True, kw_only=True)
class ScenesConfig:
    """Which scenes are learned from."""

    path: Annotated[Path, Param("folder that grasp/random_objects wrote, such as ${output:objects}")]
    validation: Annotated[
        float, Param("share of the objects that are held out, as the split `validation`", ge=0, lt=1)
    ] = 0.05


def scenes(config: ScenesConfig) -> DatasetDict:
    """Builder of `grasp/scenes`: a split `train`, and one `validation` if there is to be one.

    Splits share no object.

    Raises:
        UserError: there are no scenes, or all of the objects would be held out.
    """
    from datasets import DatasetDict

    from framework_grasp.table import load

    table = load(config.path)
    if not config.validation:
        return DatasetDict(train=table)
    names = np.array(table.with_format("numpy")["object"][:])
    objects = np.unique(names)
    count = max(1, round(config.validation * len(objects)))
    if count >= len(objects):
        raise UserError(
            f"{config.path} has {len(objects)} objects; holding out {count} leaves none to learn from\n"
            "  make more, or give a smaller share as validation"
        )
    # By a draw of its own: which objects are held out depends on nothing but which there are.
    held_out = np.isin(names, np.random.default_rng(0).permutation(objects)[:count])
    return DatasetDict(
        train=table.select(np.flatnonzero(~held_out)), validation=table.select(np.flatnonzero(held_out))
    )
