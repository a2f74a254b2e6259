"""The environment `glide/captioned_shapes`: drawn scenes with captions that say what is where."""

from __future__ import annotations

from collections.abc import Iterator
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
    from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

#: Pictures that a stream draws at once, and draws again when it is resumed; wrong captions are
#: each other's among them.
TOGETHER = 512


def make_shapes(config: ShapesConfig) -> DatasetDict | IterableDatasetDict:
    """Build `train`, `validation` and, if something is held out, `held_out`.

    Every attribute column tells what is in the picture; `mentioned` tells which of them the
    caption speaks of. Captions are wrong in `train` only, for the share `caption_noise`.

    With `streaming`, `train` draws its pictures as it goes. They are those that it would hold
    without, whatever was drawn before them.
    """
    from datasets import DatasetDict, IterableDatasetDict

    held = {split: _table(config, split) for split in ["validation"] + ["held_out"] * bool(config.held_out)}
    if config.streaming:
        return IterableDatasetDict({"train": _stream(config), **held})
    return DatasetDict({"train": _table(config, "train"), **held})


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


def _table(config: ShapesConfig, split: str) -> Dataset:
    """All pictures of a split, in memory."""
    import pyarrow as pa
    from datasets import Dataset
    from datasets.table import InMemoryTable

    columns = _columns(config, split)
    columns["image"] = picture_column(columns["image"])
    features = picture_features(config.size, ATTRIBUTES, mentioned=True)
    return Dataset(InMemoryTable(pa.table(columns, schema=features.arrow_schema)))


def _stream(config: ShapesConfig) -> IterableDataset:
    """The split `train`, drawn as it is needed."""
    from datasets import IterableDataset

    def draw(starts: list[int]) -> Iterator[dict[str, Any]]:
        for start in starts:
            columns = _columns(config, "train", range(start, min(start + TOGETHER, config.images)))
            for row in zip(*columns.values(), strict=True):
                yield dict(zip(columns, row, strict=True))

    return IterableDataset.from_generator(
        draw,
        features=picture_features(config.size, ATTRIBUTES, mentioned=True),
        gen_kwargs={"starts": list(range(0, config.images, TOGETHER))},
    )


def _columns(config: ShapesConfig, split: str, rows: range | None = None) -> dict[str, Any]:
    """What `rows` of a split consist of, by column; all if there are none."""
    scenes, seeds = draw_scenes(config, split, rows)
    labels = attributes_of(scenes)
    captions = _captions(labels, seeds, config.sized)
    if split == "train":
        captions = _mixed_up(captions, seeds, config.caption_noise)
    columns: dict[str, Any] = {"image": render(scenes, config.size), "caption": captions} | labels
    columns["mentioned"] = [list(parse(text) or ()) for text in captions]
    return columns


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
