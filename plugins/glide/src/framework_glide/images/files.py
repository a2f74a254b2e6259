"""Picture files in and out, for one picture at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from framework.errors import UserError
from framework_glide.images.decode import MAX_PIXELS, BadImage, Pixels, decode


def read_image(path: Path, *, max_pixels: int = MAX_PIXELS, background: str = "white") -> Pixels:
    """The picture in a file, `(h, w, 3)`; see `decode` for how kinds of files are read.

    Raises:
        UserError: there is none, or it cannot be used.
    """
    try:
        return decode(path, max_pixels=max_pixels, background=background)
    except BadImage as reason:
        raise UserError(
            f"{path} cannot be read as a picture: {reason}\n"
            "  give a PNG, JPEG or WebP file; animations and pictures of "
            f"more than {max_pixels:,} pixels are not taken"
        ) from reason


def read_mask(path: Path, size: int | None = None) -> NDArray[np.bool_]:
    """The mask in a file: white is kept (True), black and transparent is to be filled in.

    Args:
        path: a picture; greys count as the nearer of black and white.
        size: fit it to this width and height as `fit` fits pictures. A pixel is then kept if all
            that it is made of is kept.

    Returns:
        `(h, w)`, or `(size, size)`.

    Raises:
        UserError: as for `read_image`.
    """
    kept: NDArray[np.bool_] = read_image(path, background="black").mean(axis=2) > 127.5
    if size is not None:
        whites = np.repeat(np.where(kept, 255, 0).astype(np.uint8)[..., None], 3, axis=2)
        kept = fit(whites, size).min(axis=2) == 255
    return kept


def fit(image: Pixels, size: int) -> Pixels:
    """The largest square in the middle, resized: averaged over areas down, bicubic up.

    Args:
        image: `(h, w, 3)`.
        size: width and height wanted.

    Returns:
        `(size, size, 3)`.
    """
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = image[top : top + side, left : left + side]
    if side == size:
        return np.ascontiguousarray(square)
    how = Image.Resampling.BOX if side > size else Image.Resampling.BICUBIC
    return np.array(Image.fromarray(square).resize((size, size), how))


def write_png(path: Path, image: Pixels) -> None:
    """Write a picture `(h, w, 3)`, or a mask `(h, w)` of bool or uint8, as a PNG file.

    Raises:
        UserError: the file cannot be written.
    """
    values = np.where(image, 255, 0).astype(np.uint8) if image.dtype == bool else image
    try:
        Image.fromarray(values).save(path, format="PNG")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}") from error
