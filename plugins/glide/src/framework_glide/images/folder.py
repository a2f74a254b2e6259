"""Folders of pictures: with a metadata file, with caption files, or one folder per class."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from framework.errors import UserError
from framework_glide.images.config import ImagesConfig
from framework_glide.images.metadata import NAMES, clean, metadata_rows, read_text
from framework_glide.images.source import SHARD, Row, legible, stamp_of

#: Endings that make a file a picture, until it is looked into.
ENDINGS = (
    *(".jpg", ".jpeg", ".jpe", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".jp2"),
    *(".ppm", ".pgm", ".pbm"),
)
_SPLITS = {"train", "training", "test", "val", "valid", "validation"}

EXPECTED = (
    "expected a folder with metadata.csv or metadata.jsonl (columns file_name and caption), pictures\n"
    "  with .txt files of the same names, a folder for each class, or parquet or tar files"
)


class Files:
    """Captioned picture files.

    Args:
        path: what the user gave.
        rows: all of them.
        beside: files that were read to make the rows.
    """

    def __init__(self, path: Path, rows: list[Row], beside: Iterable[Path]) -> None:
        self.path = path
        self.shards = -(-len(rows) // SHARD)
        self._rows, self._beside = rows, list(beside)

    def rows(self, shard: int) -> Iterator[Row]:
        yield from self._rows[shard * SHARD : (shard + 1) * SHARD]

    def captions(self, most: int) -> set[str]:
        return {row.caption for row in self._rows if not row.reason}

    def stamp(self) -> str:
        return stamp_of([*self._beside, *(row.image for row in self._rows if isinstance(row.image, Path))])


def files(path: Path, config: ImagesConfig) -> Files:
    """The captioned pictures of a folder, or of a metadata file.

    Raises:
        UserError: there are none, or it is not clear what their captions are.
    """
    if path.is_file():
        found, beside = _described(path, path.parent, config), [path]
    elif metadata := next((path / name for name in NAMES if (path / name).is_file()), None):
        found, beside = _described(metadata, path, config), [metadata]
    else:
        pictures = sorted(_pictures(path), key=os.fsencode)
        texts = [picture.with_suffix(".txt") for picture in pictures]
        beside = [text for text in texts if text.is_file()]
        found = _paired(path, pictures) if beside else _classes(path, pictures, config.template)
    rows = list(islice(_once(found), config.limit))
    if not rows:
        raise UserError(f"{path} holds no pictures: {EXPECTED}")
    return Files(path, rows, beside)


def _described(metadata: Path, folder: Path, config: ImagesConfig) -> Iterator[Row]:
    named = set()
    for row in metadata_rows(metadata, config.caption):
        named.add(row.image)
        yield row
    for picture in sorted(_pictures(folder), key=os.fsencode):
        if picture not in named:
            yield Row(_name(picture, folder), picture, "", f"no row in {metadata.name}")


def _paired(folder: Path, pictures: list[Path]) -> Iterator[Row]:
    for picture in pictures:
        name, text = _name(picture, folder), picture.with_suffix(".txt")
        try:
            caption = clean(read_text(text))
        except OSError:
            yield Row(name, picture, "", f"no caption: {legible(text.name)} cannot be read")
            continue
        yield Row(name, picture, caption, "" if caption else f"no caption: {legible(text.name)} is empty")


def _classes(folder: Path, pictures: list[Path], template: str) -> Iterator[Row]:
    tops = {picture.relative_to(folder).parts[0] for picture in pictures if picture.parent != folder}
    if tops and {top.lower() for top in tops} <= _SPLITS:
        raise UserError(
            f"{folder} holds {', '.join(sorted(tops))}, which are no classes\n"
            f"  give path: {folder / max(tops)}, and validation_path for what to validate on"
        )
    if pictures and not tops:
        raise UserError(f"the pictures in {folder} have no captions\n  {EXPECTED}")
    for picture in pictures:
        name, top = _name(picture, folder), picture.relative_to(folder).parts[0]
        if picture.parent == folder:
            yield Row(name, picture, "", "in no class folder")
        else:
            yield Row(name, picture, template.replace("{}", legible(top).replace("_", " ").strip()))


def _pictures(folder: Path) -> Iterator[Path]:
    """Files below a folder that are called like pictures, but for hidden ones; links to folders of
    classes are followed, deeper ones are not.
    """
    try:
        tops = [folder, *(top for top in folder.iterdir() if top.is_symlink() and top.is_dir())]
    except OSError as error:
        raise UserError(f"{folder} cannot be read: {error.strerror or error}\n  {EXPECTED}") from error
    for top in tops:
        for place, folders, names in os.walk(top):
            folders[:] = [name for name in folders if not name.startswith((".", "__MACOSX"))]
            for name in names:
                if not name.startswith(".") and Path(name).suffix.lower() in ENDINGS:
                    yield Path(place, name)


def _once(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows of which those that come a second time, with the same caption, tell so."""
    seen: set[tuple[bytes | Path, str]] = set()
    for row in rows:
        key = (row.image, row.caption)
        yield row._replace(reason="a second time") if not row.reason and key in seen else row
        seen.add(key)


def _name(picture: Path, folder: Path) -> str:
    return legible(str(picture.relative_to(folder)))
