"""Captioned pictures in parquet files, read one row group at a time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from framework.errors import UserError
from framework_glide.images.config import ImagesConfig
from framework_glide.images.metadata import clean, column_of
from framework_glide.images.source import CAPTION_COLUMNS, SHARD, Row, legible, stamp_of


class _Piece(NamedTuple):
    file: Path
    group: int
    start: int
    stop: int


class Parquet:
    """Captioned pictures in parquet: a column of bytes or of `{bytes, path}`, and one of captions.

    A column of numbers that the file names classes for is captions too.

    Args:
        path: what the user gave: a file, or a folder with files.
        config: which columns, and how many rows.

    Raises:
        UserError: a file cannot be read, or has not the columns.
    """

    def __init__(self, path: Path, config: ImagesConfig) -> None:
        self.path = path
        self._files = parquet_files(path)
        self._pieces: list[_Piece] = []
        left = config.limit
        self._template = config.template
        for file in self._files:
            for group, count in enumerate(self._look(file, config)):
                taken = count if left is None else min(count, left)
                left = None if left is None else left - taken
                self._pieces += [
                    _Piece(file, group, start, min(start + SHARD, taken)) for start in range(0, taken, SHARD)
                ]
        self.shards = len(self._pieces)
        if not self.shards:
            raise UserError(f"{path} holds no rows")

    def rows(self, shard: int) -> Iterator[Row]:
        piece = self._pieces[shard]
        name = f"{legible(piece.file.name)}:{piece.group}"
        try:
            group = _group(piece.file, piece.group, (self._image, self._caption))
            table = group.slice(piece.start, piece.stop - piece.start)
            images, captions = (table[column].to_pylist() for column in (self._image, self._caption))
        except (OSError, ValueError) as error:  # of Arrow's, too
            reason = " ".join(str(error).split())[:200]
            for number in range(piece.start, piece.stop):
                yield Row(f"{name}:{number}", b"", "", f"its row group cannot be read: {reason}")
            return
        for number, (image, caption) in enumerate(zip(images, captions, strict=True), piece.start):
            yield self._row(f"{name}:{number}", image, self._worded(caption), piece.file.parent)

    def captions(self, most: int) -> set[str]:
        found: set[str] = set()
        for piece in self._pieces:
            try:
                group = _group(piece.file, piece.group, (self._caption,))
            except (OSError, ValueError):  # named when the pictures are read
                continue
            values = group[self._caption].slice(piece.start, piece.stop - piece.start).unique().to_pylist()
            found.update(filter(None, map(self._worded, values)))
            if len(found) > most:
                break
        return found

    def stamp(self) -> str:
        return stamp_of(self._files)

    def _look(self, file: Path, config: ImagesConfig) -> list[int]:
        """Find the columns; the rows of each row group."""
        import pyarrow as pa
        from pyarrow import parquet

        try:
            with parquet.ParquetFile(file) as opened:
                schema, metadata = opened.schema_arrow, opened.metadata
                counts = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
        except (OSError, pa.ArrowException) as error:
            raise UserError(
                f"{file} cannot be read as parquet: {' '.join(str(error).split())}\n  mend or remove it"
            ) from error
        pictures = tuple(field.name for field in schema if _holds_pictures(field.type))
        if not pictures:
            raise UserError(
                f"{file} has no column of pictures; it has {', '.join(schema.names) or 'no columns'}\n"
                "  expected bytes of encoded pictures, or {bytes, path}"
            )
        self._image = column_of(list(pictures), pictures, config.image, "pictures", file)
        self._caption = column_of(schema.names, CAPTION_COLUMNS, config.caption, "captions", file)
        self._classes = _classes(schema, self._caption)
        kind = schema.field(self._caption).type
        if not (_is_text(kind) or self._classes):
            raise UserError(
                f"{file}: the column {self._caption!r} holds {kind}, no captions\n"
                "  give `caption`, a column of text or of labels whose names the file knows"
            )
        return counts

    def _worded(self, caption: Any) -> str:
        if isinstance(caption, int) and self._classes:
            known = 0 <= caption < len(self._classes)
            caption = self._template.replace("{}", self._classes[caption].replace("_", " ")) if known else ""
        return clean(caption) if isinstance(caption, str) else ""

    def _row(self, name: str, image: Any, caption: str, folder: Path) -> Row:
        path = None
        if isinstance(image, dict):
            path, image = image.get("path"), image.get("bytes")
            name = f"{name} ({path})" if path else name
        if image is None and path:
            image = folder / path
        reason = "no picture" if image is None else "" if caption else f"no {self._caption}"
        return Row(name, b"" if image is None else image, caption, reason)


def parquet_files(path: Path) -> list[Path]:
    """The parquet file at a path, or those in a folder and in its folder `data`."""
    if not path.is_dir():
        return [path] if path.suffix.lower() in (".parquet", ".pq") else []
    return sorted(
        file
        for folder in (path, path / "data")
        if folder.is_dir()
        for file in folder.iterdir()
        if file.suffix.lower() in (".parquet", ".pq") and not file.name.startswith(".")
    )


@lru_cache(maxsize=1)
def _group(file: Path, group: int, columns: tuple[str, ...]) -> Any:
    """A row group; the last one is kept, for shards are parts of it."""
    from pyarrow import parquet

    with parquet.ParquetFile(file) as opened:
        return opened.read_row_group(group, columns=list(columns))


def _holds_pictures(kind: Any) -> bool:
    from pyarrow import types

    if types.is_struct(kind):
        index = kind.get_field_index("bytes")
        return index >= 0 and _holds_pictures(kind.field(index).type)
    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _classes(schema: Any, column: str) -> tuple[str, ...]:
    """The names that `datasets` noted for a column of labels."""
    from datasets import ClassLabel, Features

    if not schema.metadata or b"huggingface" not in schema.metadata:
        return ()
    try:
        feature = Features.from_arrow_schema(schema)[column]
    except (KeyError, TypeError, ValueError):
        return ()
    return tuple(feature.names or ()) if isinstance(feature, ClassLabel) else ()
