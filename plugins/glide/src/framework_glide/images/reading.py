"""Rows of a source -> pictures of one size."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from framework.errors import UserError
from framework_glide.images.config import ImagesConfig
from framework_glide.images.decode import BadImage, Pixels, decode
from framework_glide.images.files import fit
from framework_glide.images.folder import EXPECTED, files
from framework_glide.images.left_out import LeftOut
from framework_glide.images.parquet import Parquet, parquet_files
from framework_glide.images.source import Row, Source
from framework_glide.images.webdataset import Tars, tar_files


class Picture(NamedTuple):
    """A picture that can be learned from.

    Attributes:
        image: `(size, size, 3)`.
        caption: not empty.
        draw: a number in [0, 1) that the picture always has.
    """

    image: Pixels
    caption: str
    draw: float


class Seen:
    """Which rows with encoded pictures came before; files are known by their names already."""

    def __init__(self) -> None:
        self._digests: set[bytes] = set()

    def before(self, row: Row) -> bool:
        if not isinstance(row.image, bytes):
            return False
        digest = hashlib.blake2b(row.image, digest_size=16, key=row.caption.encode()[:64]).digest()
        known = digest in self._digests
        self._digests.add(digest)
        return known


def pictures(
    source: Source,
    shard: int,
    config: ImagesConfig,
    left_out: LeftOut,
    *,
    seen: Seen | None = None,
    low: float = 0.0,
    high: float = 1.0,
) -> Iterator[Picture]:
    """Decode the rows of a shard.

    Args:
        source: where they are.
        shard: which of them.
        config: size, and what is taken.
        left_out: notes the others.
        seen: rows that came before; a row that comes again is left out. None, for streams, which
            may begin anywhere: what comes again is used again.
        low: take pictures with this draw or a higher one only.
        high: take pictures with a lower draw only.
    """
    for row in source.rows(shard):
        reason, draw = row.reason, row.draw()
        if not reason and not low <= draw < high:
            continue
        if not reason and seen is not None and seen.before(row):
            reason = "a second time"
        if not reason:
            try:
                image = decode(
                    row.image,
                    max_pixels=config.max_pixels,
                    first_frame=config.first_frame,
                    size=config.size,
                )
            except BadImage as error:
                reason = str(error)
        if reason:
            left_out.add(row.name, reason)
        else:
            yield Picture(fit(image, config.size), row.caption, draw)


def source_of(config: ImagesConfig) -> Source:
    """What is at the path, by its kind.

    Raises:
        UserError: nothing that can be used.
    """
    path = config.path
    try:
        if not path.exists():
            raise UserError(f"{path} does not exist: {EXPECTED}")
        if parquet_files(path):
            return Parquet(path, config)
        if tar_files(path):
            return Tars(path, config)
        if path.is_file() and path.suffix.lower() not in (".csv", ".jsonl"):
            raise UserError(f"{path} is neither parquet, nor tar, nor a metadata file: {EXPECTED}")
        return files(path, config)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}\n  {EXPECTED}") from error
