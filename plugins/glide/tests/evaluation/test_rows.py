from __future__ import annotations

import numpy as np
import pytest
from datasets import DatasetDict, IterableDatasetDict

from framework.errors import UserError
from framework_glide.evaluation.rows import rows_of


def test_rows_are_spread_over_the_split(drawn: DatasetDict) -> None:
    rows = rows_of(drawn, "validation", 4)

    assert rows.captions == tuple(drawn["validation"][i]["caption"] for i in (0, 12, 24, 36))
    assert rows.pictures.shape == (4, 16, 16, 3) and rows.pictures.dtype == np.uint8
    assert rows.mentioned is not None
    assert list(rows.mentioned[0]) == drawn["validation"][0]["mentioned"]


def test_a_stream_gives_the_same_columns(drawn: DatasetDict) -> None:
    streams = IterableDatasetDict({name: split.to_iterable_dataset() for name, split in drawn.items()})
    streamed, stored = rows_of(streams, "validation", 48), rows_of(drawn, "validation", 48)

    assert (streamed.pictures == stored.pictures).all()
    assert streamed.captions == stored.captions
    assert streamed.mentioned == stored.mentioned
    assert all((streamed.attributes[name] == stored.attributes[name]).all() for name in stored.attributes)


def test_without_classes_or_mentions(bare: DatasetDict) -> None:
    rows = rows_of(bare, "validation", 5)

    assert rows.attributes == {} and rows.mentioned is None and rows.asked == {}


def test_rows_can_be_taken_more_than_once(drawn: DatasetDict) -> None:
    rows = rows_of(drawn, "validation", 5)
    taken = rows.take([4, 0, 4])

    assert taken.captions == (rows.captions[4], rows.captions[0], rows.captions[4])
    assert (taken.pictures[2] == rows.pictures[4]).all()


def test_an_empty_split_is_named(drawn: DatasetDict) -> None:
    empty = DatasetDict({"train": drawn["train"], "validation": drawn["validation"].select([])})

    with pytest.raises(UserError, match="'validation' of the environment has no pictures"):
        rows_of(empty, "validation", 5)
