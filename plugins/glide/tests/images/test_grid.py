from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework_glide.images.grid import grid


@given(st.integers(1, 9), st.integers(1, 5), st.integers(1, 3))
def test_every_picture_is_there_in_its_place(n: int, columns: int, scale: int) -> None:
    images = np.random.default_rng(n).integers(0, 255, (n, 5, 4, 3), np.uint8)
    sheet = grid(images, columns, scale=scale)
    for i, image in enumerate(images):
        y, x = (i // columns) * (5 * scale + 2), (i % columns) * (4 * scale + 2)
        tile = sheet[y : y + 5 * scale, x : x + 4 * scale]
        np.testing.assert_array_equal(tile[::scale, ::scale], image)
        np.testing.assert_array_equal(tile[scale - 1 :: scale, scale - 1 :: scale], image)
    across = min(n, columns)
    assert sheet.shape == (-(-n // columns) * (5 * scale + 2) - 2, across * (4 * scale + 2) - 2, 3)


def test_captions_are_below_their_pictures() -> None:
    images = np.zeros((3, 64, 64, 3), np.uint8)
    sheet = grid(images, 2, captions=["a red circle", "", "a blue square " * 30])
    plain = grid(images, 2)
    below = (sheet.shape[0] - plain.shape[0]) // 2
    assert below > 0
    first, second = sheet[64 : 64 + below, :64], sheet[64 : 64 + below, 66:]
    assert first.min() < 100
    assert second.min() == 255


def test_nothing_has_no_grid() -> None:
    with pytest.raises(ValueError, match="0 pictures"):
        grid(np.zeros((0, 4, 4, 3), np.uint8), 2)
