"""The environment `glide/captioned_images`: pictures of one's own, and their captions."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sized
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.errors import UserError
from framework_glide.images.cache import Writer, cached, columns_of
from framework_glide.images.config import ImagesConfig
from framework_glide.images.left_out import LeftOut
from framework_glide.images.reading import Seen, pictures, source_of
from framework_glide.images.source import Source
from framework_glide.images.tables import picture_column, picture_features

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict, Features, IterableDatasetDict

log = logging.getLogger("framework")

#: Captions become labels if there are at most as many different ones.
LABELS = 1_000
#: Pictures of a stream kept for validation.
STREAMED_VALIDATION = 1_000


def make_images(config: ImagesConfig) -> DatasetDict | IterableDatasetDict:
    """Build `train` and, unless `validation` is 0, `validation`.

    Without `streaming`, pictures are decoded once and mapped into memory from the cache. With
    it, `train` decodes them as it goes, in the order they are stored in, and can be resumed
    at any place; only `validation` is held in memory. What cannot be used is named and left
    out, or refused, before anything is learned.

    Which pictures are for validation depends on the name of the file, or in parquet on the
    content, and not on a seed.

    Raises:
        UserError: the path cannot be used, or nothing at it, or `bad_images` is `refuse` and
            something cannot be.
    """
    from datasets import DatasetDict, IterableDatasetDict

    source, share = source_of(config), config.validation
    other = source
    if config.validation_path is not None:
        other, share = source_of(replace(config, path=config.validation_path)), 0.0
    labels = _labels({source.path: source, other.path: other})
    if config.streaming:
        return IterableDatasetDict(_streamed(source, other, share, config, labels))
    splits = _kept(source, share, config, labels)
    if other is not source:
        splits["validation"] = _kept(other, 0.0, config, labels)["train"]
    return DatasetDict(splits)


def _kept(
    source: Source, share: float, config: ImagesConfig, labels: dict[str, int] | None
) -> dict[str, Dataset]:
    """`train` and, if it has a share, `validation`, from the cache."""
    from datasets import Dataset

    features = _features(config, labels)

    def make(folder: Path) -> None:
        log.info("decoding the pictures of %s", source.path)
        seen, left_out = Seen(), LeftOut(source.path)
        with (
            Writer(folder / "train.arrow", features, labels) as train,
            Writer(folder / "validation.arrow", features, labels) as validation,
        ):
            for shard in range(source.shards):
                for picture in pictures(source, shard, config, left_out, seen=seen):
                    (validation if picture.draw < share else train).add(picture)
        left_out.save(folder / "left_out.jsonl")
        (folder / "used.json").write_text(json.dumps(train.count + validation.count))

    folder = cached(_key("pictures", source, config, share, labels), make)
    left_out = LeftOut.load(source.path, folder / "left_out.jsonl")
    if config.bad_images == "refuse":
        left_out.refuse()
    left_out.tell(json.loads((folder / "used.json").read_text()), folder / "left_out.jsonl")
    splits = {name: Dataset.from_file(str(folder / f"{name}.arrow")) for name in ("train", "validation")}
    if not share:
        del splits["validation"]
    _some(splits, source, left_out, share)
    return splits


def _streamed(
    source: Source, other: Source, share: float, config: ImagesConfig, labels: dict[str, int] | None
) -> dict[str, Any]:
    """`train` as a stream and, if there is one, `validation` in memory."""
    from datasets import IterableDataset

    left_out = LeftOut(source.path, named=None)
    refuse = config.bad_images == "refuse"
    if refuse:
        for each in {source.path: source, other.path: other}.values():
            cached(_key("checked", each, config, 0.0, None), partial(_check, each, config))

    def stream(shards: list[int]) -> Iterator[dict[str, Any]]:
        for shard in shards:
            for picture in pictures(source, shard, config, left_out, low=share):
                yield {name: column[0] for name, column in columns_of([picture], labels).items()}
            if refuse:
                left_out.refuse()

    splits: dict[str, Any] = {
        "train": IterableDataset.from_generator(
            stream, features=_features(config, labels), gen_kwargs={"shards": list(range(source.shards))}
        )
    }
    first = any(True for _ in islice(stream(list(range(source.shards))), 1))
    counts = {"train": range(first)}
    if share or other is not source:
        high = share if other is source else 1.0
        drawn = (
            picture
            for shard in range(other.shards)
            for picture in pictures(other, shard, config, LeftOut(other.path), high=high)
        )
        columns = columns_of(list(islice(drawn, STREAMED_VALIDATION)), labels)
        counts["validation"] = range(len(columns["caption"]))
    _some(counts, source, left_out, share)
    if "validation" in counts:
        splits["validation"] = _table(columns, _features(config, labels))
    return splits


def _check(source: Source, config: ImagesConfig, folder: Path) -> None:
    """Decode everything once; what is left in the folder is that it was there.

    Raises:
        UserError: something cannot be used.
    """
    left_out = LeftOut(source.path)
    for shard in range(source.shards):
        for _ in pictures(source, shard, config, left_out):
            pass
    left_out.refuse()


def _some(splits: Mapping[str, Sized], source: Source, left_out: LeftOut, share: float) -> None:
    """Raise if a split has no rows."""
    if not any(map(len, splits.values())):
        raise UserError(
            f"none of the pictures of {source.path} can be used: {left_out.kinds() or 'there are none'}"
        )
    for name, rows in splits.items():
        if not len(rows):
            raise UserError(
                f"none of the pictures of {source.path} is for {name} with validation: {share:g}\n"
                "  give another share, or a validation_path"
            )


def _table(columns: dict[str, list[Any]], features: Features) -> Dataset:
    import pyarrow as pa
    from datasets import Dataset
    from datasets.table import InMemoryTable

    image = picture_column(np.stack(columns["image"]))
    return Dataset(InMemoryTable(pa.table({**columns, "image": image}, schema=features.arrow_schema)))


def _key(
    what: str, source: Source, config: ImagesConfig, share: float, labels: dict[str, int] | None
) -> tuple[object, ...]:
    """What decoded pictures depend on."""
    read = (config.size, config.first_frame, config.max_pixels, config.caption, config.image)
    return (
        what,
        str(source.path.resolve()),
        source.stamp(),
        read,
        config.template,
        config.limit,
        share,
        None if labels is None else tuple(labels),
    )


def _labels(sources: Mapping[Path, Source]) -> dict[str, int] | None:
    """Numbers for captions, if they are few."""
    found = set[str]().union(*(source.captions(LABELS) for source in sources.values()))
    return {caption: i for i, caption in enumerate(sorted(found))} if 0 < len(found) <= LABELS else None


def _features(config: ImagesConfig, labels: dict[str, int] | None) -> Features:
    return picture_features(
        config.size, {} if labels is None else {"label": tuple(labels)}, mentioned=labels is not None
    )
