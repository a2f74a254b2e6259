from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from framework.errors import UserError
from framework_glide.images.decode import BadImage, decode
from framework_glide.images.files import fit, read_image, read_mask, write_png

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 20, 3), np.uint8)
SMOOTH = np.stack(np.broadcast_arrays(*np.ogrid[20:220:12j, 40:200:20j], 90), axis=2).astype(np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", PIXELS)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), PIXELS)
    (tmp_path / "a.png").rename(tmp_path / "a.txt")
    np.testing.assert_array_equal(read_image(tmp_path / "a.txt"), PIXELS)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_formats_without_loss_are_exact(kind: str) -> None:
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(PIXELS), kind)), PIXELS)


@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "RGB"), ("JPEG", "CMYK"), ("WEBP", "RGB"), ("TIFF", "CMYK")]
)
def test_colours_survive_lossy_formats_and_cmyk(kind: str, mode: str) -> None:
    data = encoded(Image.fromarray(SMOOTH).convert(mode), kind)
    assert np.abs(decode(data).astype(int) - SMOOTH).mean() < 12


def test_grey_and_sixteen_bits() -> None:
    grey = PIXELS[..., 0]
    wanted = np.repeat(grey[..., None], 3, axis=2)
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(grey))), wanted)
    deep = grey.astype(np.uint16) * 257
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(deep))), wanted)
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(deep), "TIFF")), wanted)
    np.testing.assert_array_equal(decode(_png48(PIXELS.astype(np.uint16) * 257)), PIXELS)


def _png48(values: np.ndarray) -> bytes:
    """A PNG of 16 bits a channel, which Pillow does not write."""
    height, width = values.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))]
    parts += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    framed = (
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def test_transparency_is_put_on_white() -> None:
    alpha = np.zeros((12, 20), np.uint8)
    alpha[:, 10:] = 255
    rgba = Image.fromarray(np.dstack([PIXELS, alpha]))
    for image in (rgba, rgba.convert("LA")):
        pixels = decode(encoded(image))
        assert (pixels[:, :10] == 255).all()
    np.testing.assert_array_equal(decode(encoded(rgba))[:, 10:], PIXELS[:, 10:])
    palette = Image.new("P", (4, 4))
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.putpixel((0, 0), 1)
    pixels = decode(encoded(palette, transparency=0))
    assert pixels[0, 0].tolist() == [200, 100, 50]
    assert pixels[1, 1].tolist() == [255, 255, 255]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    decoded = decode(encoded(Image.fromarray(PIXELS), exif=exif.tobytes()))
    flipped = PIXELS[:, ::-1]
    wanted = {
        1: PIXELS,
        2: flipped,
        3: np.rot90(PIXELS, 2),
        4: np.rot90(flipped, 2),
        5: np.rot90(flipped, 1),
        6: np.rot90(PIXELS, 3),
        7: np.rot90(flipped, 3),
        8: np.rot90(PIXELS, 1),
    }[orientation]
    np.testing.assert_array_equal(decoded, wanted)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animations_are_refused_or_their_first_frame_taken(kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "green")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)
    with pytest.raises(BadImage, match="animated"):
        decode(data)
    assert np.abs(decode(data, first_frame=True).astype(int) - [255, 0, 0]).max() < 8


def test_huge_pictures_are_refused_before_they_are_decoded() -> None:
    ihdr = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + ihdr
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    bomb += struct.pack(">I", 1000) + b"IDAT" + bytes(1000)
    with pytest.raises(BadImage, match="pixels"):
        decode(bomb)
    with pytest.raises(BadImage, match="20 x 12 pixels, more than 100"):
        decode(encoded(Image.fromarray(PIXELS)), max_pixels=100)
    # Above Pillow's own bound for warnings.
    with pytest.raises(BadImage, match="pixels"):
        decode(encoded(Image.new("1", (12_000, 12_000))))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"hello", "no picture"),
        (b"%PDF-1.4 ...", "no picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture"),
        (encoded(Image.fromarray(PIXELS))[:300], "damaged"),
        (encoded(Image.fromarray(SMOOTH), "JPEG")[:-60], "damaged"),
        (encoded(Image.fromarray(SMOOTH[..., 0].astype(np.float32)), "TIFF"), "floating-point"),
    ],
)
def test_what_is_no_picture_has_a_reason(data: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(BadImage, match=reason):
        decode(data)
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(UserError, match=reason):
        read_image(tmp_path / "a.png")


def test_files_that_cannot_be_opened_have_a_reason(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        read_image(tmp_path / "a.png")
    with pytest.raises(UserError, match=r"cannot be read.*\n.*give a PNG"):
        read_image(tmp_path)
    with pytest.raises(UserError, match="cannot be written"):
        write_png(tmp_path / "none" / "a.png", PIXELS)


SAMPLES = [
    encoded(Image.fromarray(SMOOTH), "PNG"),
    encoded(Image.fromarray(SMOOTH), "JPEG"),
    encoded(Image.fromarray(SMOOTH), "GIF"),
    encoded(Image.fromarray(SMOOTH), "WEBP"),
    encoded(Image.fromarray(SMOOTH), "TIFF", compression="tiff_lzw"),
    encoded(Image.fromarray(SMOOTH), "BMP"),
]


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=12),
    st.integers(0, 2000),
)
def test_damaged_files_give_pixels_or_a_reason(data: bytes, changes: list[tuple[int, int]], cut: int) -> None:
    damaged = bytearray(data)
    for place, value in changes:
        damaged[place % len(damaged)] = value
    with suppress(BadImage):
        pixels = decode(bytes(damaged[: max(1, len(damaged) - cut)]), max_pixels=1_000_000)
        assert pixels.ndim == 3
        assert pixels.shape[2] == 3
        assert pixels.dtype == np.uint8


@pytest.mark.parametrize(
    ("height", "width", "size"), [(64, 64, 16), (64, 96, 16), (96, 64, 32), (48, 48, 16)]
)
def test_a_fitted_picture_is_the_average_of_its_middle(height: int, width: int, size: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    middle = torch.from_numpy(image[top : top + side, left : left + side]).permute(2, 0, 1)[None].float()
    wanted = torch.nn.functional.interpolate(middle, (size, size), mode="area")[0].permute(1, 2, 0)
    np.testing.assert_allclose(fit(image, size), wanted.numpy(), atol=1)


def test_fitting_keeps_what_fits_and_enlarges_what_is_small() -> None:
    np.testing.assert_array_equal(fit(PIXELS, 12), PIXELS[:, 4:16])
    assert fit(PIXELS, 40).shape == (40, 40, 3)
    flat = np.full((5, 7, 3), 77, np.uint8)
    assert (fit(flat, 33) == 77).all()


def test_large_photographs_are_reduced_alike_whether_decoded_at_a_fraction_or_not() -> None:
    y, x = np.mgrid[0:512, 0:768]
    image = np.stack([128 + 90 * np.sin(x / 60), 128 + 90 * np.cos(y / 50), (x + y) / 6], axis=2)
    data = encoded(Image.fromarray(image.astype(np.uint8)), "JPEG", quality=95)
    fraction = decode(data, size=32)
    assert 64 <= min(fraction.shape[:2]) < 512
    np.testing.assert_allclose(fit(fraction, 32).astype(int), fit(decode(data), 32), atol=3)


def test_masks_keep_what_is_white(tmp_path: Path) -> None:
    kept = np.zeros((20, 20), bool)
    kept[:, 7:] = True
    write_png(tmp_path / "mask.png", kept)
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.png"), kept)
    fitted = read_mask(tmp_path / "mask.png", 10)
    assert not fitted[:, :4].any()  # the fourth column is half black
    assert fitted[:, 4:].all()
    alpha = np.where(kept, 255, 0).astype(np.uint8)
    Image.fromarray(np.dstack([np.full((20, 20, 3), 255, np.uint8), alpha])).save(tmp_path / "alpha.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "alpha.png"), kept)
