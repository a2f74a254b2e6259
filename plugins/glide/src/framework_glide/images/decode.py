"""Encoded pictures -> pixels. Whatever is in a file, the answer is pixels or a reason."""

from __future__ import annotations

import io
import warnings
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

Pixels = NDArray[np.uint8]

#: Pictures of more pixels are not decoded unless that is asked for.
MAX_PIXELS = 64_000_000

#: Pillow reads more, some of it by running other programs.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000")
#: Files of these hold further pictures that are no frames of an animation.
_MOVING = ("GIF", "WEBP", "PNG", "AVIF")


class BadImage(Exception):
    """Something that cannot be used as a picture; the message is the reason."""


def decode(
    source: bytes | Path,
    *,
    max_pixels: int = MAX_PIXELS,
    first_frame: bool = False,
    size: int | None = None,
    background: str = "white",
) -> Pixels:
    """Decode a picture to RGB, upright.

    The content decides the format, whatever a file is called. 16 bits are cut
    to 8, CMYK, palettes and greyscale become RGB, and the orientation that a camera noted is
    applied.

    Args:
        source: the encoded picture, or its file.
        max_pixels: bound on width times height, looked at before anything is decoded.
        first_frame: take the first frame of an animation, which is refused otherwise.
        size: what the picture will be reduced to; a JPEG several times as large is then
            decoded at a fraction of its size, never below twice this.
        background: colour under what is transparent.

    Returns:
        `(h, w, 3)`.

    Raises:
        BadImage: it is none, damaged, animated, too large, or of a kind that has no 8-bit colours.
    """
    if isinstance(source, bytes) and not source:
        raise BadImage("empty")
    with warnings.catch_warnings():
        # Pillow warns of odd metadata and of sizes; sizes are checked here.
        warnings.simplefilter("ignore")
        try:
            if isinstance(source, Path) and not source.stat().st_size:
                raise BadImage("empty")
            file = io.BytesIO(source) if isinstance(source, bytes) else source
            with Image.open(file, formats=_formats()) as image:
                return _pixels(image, max_pixels, first_frame, size, background)
        except FileNotFoundError:
            raise BadImage("no such file") from None
        except UnidentifiedImageError:
            raise BadImage("no picture in a known format") from None
        except Image.DecompressionBombError:
            raise BadImage(f"more than {max_pixels:,} pixels") from None
        except BadImage:
            raise
        except MemoryError:
            raise BadImage("does not fit into memory") from None
        except Exception as error:  # decoders raise whatever damaged data leads them to
            raise BadImage(f"damaged: {_one_line(error)}") from error


@cache
def _formats() -> tuple[str, ...]:
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _pixels(
    image: Image.Image, max_pixels: int, first_frame: bool, size: int | None, background: str
) -> Pixels:
    if image.width * image.height > max_pixels:
        raise BadImage(f"{image.width} x {image.height} pixels, more than {max_pixels:,}")
    if not first_frame and image.format in _MOVING and getattr(image, "is_animated", False):
        raise BadImage("animated")
    if size is not None:
        image.draft(None, (2 * size, 2 * size))
    image.load()
    upright = _upright(image)
    if upright.mode.startswith("I"):
        return _from_integers(upright)
    if upright.mode == "F":
        raise BadImage("floating-point numbers, which have no known range")
    if upright.has_transparency_data:
        coloured = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", coloured.size, background), coloured)
    return np.array(upright.convert("RGB"))


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # the pixels are good, whatever the notes beside them are
        return image


def _from_integers(image: Image.Image) -> Pixels:
    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 65_535:
        raise BadImage("32-bit numbers, which have no known range")
    return np.repeat((values >> 8).astype(np.uint8)[..., None], 3, axis=2)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
