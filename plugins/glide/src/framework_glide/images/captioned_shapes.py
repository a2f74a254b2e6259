"""The environment `glide/captioned_shapes`: drawn scenes with captions that say what is where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from framework_glide.images.captions import caption, parse
from framework_glide.images.config import ShapesConfig
from framework_glide.images.scenes import Scenes, draw_scenes
from framework_glide.images.shapes import render
from framework_glide.images.tables import picture_column, picture_features
from framework_glide.images.vocabulary import ATTRIBUTES

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict


def make_shapes(config: ShapesConfig) -> DatasetDict:
    """Build `train`, `validation` and, if something is held out, `held_out`.

    Every attribute column tells what is in the picture; `mentioned` tells which of them the
    caption speaks of. Captions are wrong in `train` only, for the share `caption_noise`.
    """
    from datasets import DatasetDict

    splits = ["train", "validation"] + (["held_out"] if config.held_out else [])
    return DatasetDict({split: _split(config, split) for split in splits})


def attributes_of(scenes: Scenes) -> dict[str, NDArray[np.int64]]:
    """The class of each attribute, as an index into `ATTRIBUTES`, `(n,)` each."""
    # The class of what is not there comes first.
    second = scenes.count == 2
    found = {"relation": np.where(second, scenes.relation + 1, 0)}
    for name in ("shape", "colour", "size"):
        values = getattr(scenes, name)
        found[f"{name}_1"] = values[:, 0]
        found[f"{name}_2"] = np.where(second, values[:, 1] + 1, 0)
    return {name: found[name] for name in ATTRIBUTES}


def _split(config: ShapesConfig, split: str) -> Dataset:
    import pyarrow as pa
    from datasets import Dataset
    from datasets.table import InMemoryTable

    scenes, seeds = draw_scenes(config, split)
    labels = attributes_of(scenes)
    captions = _captions(labels, seeds, config.sized)
    if split == "train":
        captions = _mixed_up(captions, seeds, config.caption_noise)
    columns: dict[str, Any] = {"image": picture_column(render(scenes, config.size))}
    columns |= {"caption": captions} | labels
    columns["mentioned"] = [list(parse(text) or ()) for text in captions]
    features = picture_features(config.size, ATTRIBUTES, mentioned=True)
    return Dataset(InMemoryTable(pa.table(columns, schema=features.arrow_schema)))


def _captions(labels: dict[str, NDArray[np.int64]], seeds: NDArray[np.int64], sized: float) -> list[str]:
    classes = {name: np.array(ATTRIBUTES[name])[values].tolist() for name, values in labels.items()}
    rows = (dict(zip(classes, row, strict=True)) for row in zip(*classes.values(), strict=True))
    return [caption(row, sized, seed) for row, seed in zip(rows, seeds.tolist(), strict=True)]


def _mixed_up(captions: list[str], seeds: NDArray[np.int64], share: float) -> list[str]:
    """Captions of which a share went on to the next picture of that share."""
    wrong = np.flatnonzero(seeds / 2**53 < share)
    mixed = list(captions)
    for here, there in zip(wrong.tolist(), np.roll(wrong, 1).tolist(), strict=True):
        mixed[here] = captions[there]
    return mixed
