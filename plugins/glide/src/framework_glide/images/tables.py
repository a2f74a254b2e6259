"""Pictures in tables, and out of them: the columns the environments have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

Pictures = NDArray[np.uint8]


def picture_features(size: int, classes: Mapping[str, Sequence[str]], *, mentioned: bool) -> Any:
    """The `Features` of pictures with captions.

    Args:
        size: width and height of the pictures.
        classes: the attributes and the classes of each.
        mentioned: whether there is a column of what captions speak of.
    """
    from datasets import Array3D, ClassLabel, Features, List, Value

    columns: dict[str, Any] = {"image": Array3D((size, size, 3), "uint8"), "caption": Value("string")}
    columns |= {name: ClassLabel(names=list(names)) for name, names in classes.items()}
    if mentioned:
        columns["mentioned"] = List(Value("string"))
    return Features(columns)


def picture_column(pictures: Pictures) -> pa.ExtensionArray:
    """`(n, size, size, 3)` pictures as an Arrow column; what `datasets` does, many times faster.

    At most 2**31 numbers, which is what the offsets of Arrow's lists can count.
    """
    import pyarrow as pa
    from datasets import Array3D

    column, count = pa.array(pictures.reshape(-1)), pictures.size
    for length in reversed(pictures.shape[1:]):
        count //= length
        column = pa.ListArray.from_arrays(pa.array(np.arange(count + 1, dtype=np.int32) * length), column)
    return pa.ExtensionArray.from_storage(Array3D(pictures.shape[1:], "uint8")(), column)


def pixels(rows: Dataset, indices: Sequence[int] | NDArray[np.int64] | slice = slice(None)) -> Pictures:
    """The pictures of some rows, `(n, size, size, 3)`; numbers stay bytes on the way."""
    column = rows.select_columns("image").with_format("arrow")[indices]["image"]
    return np.concatenate([np.asarray(chunk.to_numpy(zero_copy_only=False)) for chunk in column.chunks])
