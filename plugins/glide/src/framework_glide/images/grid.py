"""Pictures side by side in one, for reports."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

#: Pixels between pictures.
_GAP = 2
_FONT_SIZE = 11
_LINE = 13
#: Lines of a caption at most; longer ones are cut off.
_LINES = 4


def grid(
    images: NDArray[np.uint8], columns: int, *, scale: int = 1, captions: Sequence[str] | None = None
) -> NDArray[np.uint8]:
    """Lay pictures out in rows on white.

    Args:
        images: `(n, h, w, 3)`, n at least 1.
        columns: pictures in a row.
        scale: each pixel becomes a square of this many pixels a side.
        captions: n, one below each picture.

    Returns:
        `(height, width, 3)`.
    """
    if not len(images) or columns < 1 or scale < 1:
        raise ValueError(f"no grid of {len(images)} pictures in {columns} columns at scale {scale}")
    tiles = images.repeat(scale, axis=1).repeat(scale, axis=2)
    height, width = tiles.shape[1:3]
    wrapped = [_wrap(text, width) for text in captions] if captions is not None else []
    below = _LINE * max((len(lines) for lines in wrapped), default=0)
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    step_y, step_x = height + below + _GAP, width + _GAP
    sheet = np.full((rows * step_y - _GAP, columns * step_x - _GAP, 3), 255, np.uint8)
    for i, tile in enumerate(tiles):
        y, x = (i // columns) * step_y, (i % columns) * step_x
        sheet[y : y + height, x : x + width] = tile
        if wrapped:
            sheet[y + height : y + height + below, x : x + width] = _written(wrapped[i], below, width)
    return sheet


def _written(lines: list[str], height: int, width: int) -> NDArray[np.uint8]:
    canvas = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(canvas)
    for number, line in enumerate(lines):
        draw.text((1, number * _LINE), line, fill="black", font=_font())
    return np.asarray(canvas)


def _wrap(text: str, width: int) -> list[str]:
    """Lines that fit the width; a word that does not fit a line is cut off by the tile's edge."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _font().getlength(longer) <= width - 2:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines if len(lines) <= _LINES else [*lines[: _LINES - 1], f"{lines[_LINES - 1]} ..."]


def _font() -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(_FONT_SIZE)
