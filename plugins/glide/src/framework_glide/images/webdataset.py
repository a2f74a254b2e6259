"""Captioned pictures in WebDataset's tar files: members of one name belong together."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from framework.errors import UserError
from framework_glide.images.config import ImagesConfig
from framework_glide.images.folder import ENDINGS
from framework_glide.images.metadata import clean
from framework_glide.images.source import CAPTION_COLUMNS, SHARD, Row, legible, stamp_of

#: Members that hold a caption.
_TEXTS = (".txt", ".text", ".caption", ".json")


class _Member(NamedTuple):
    """Where in its tar a file lies."""

    ending: str
    start: int
    size: int


class _Sample(NamedTuple):
    file: Path
    key: str
    picture: _Member | None
    text: _Member | None


class Tars:
    """Captioned pictures in tar files that are not compressed: `0001.jpg` beside `0001.txt` or `0001.json`.

    Where each member lies is read once, from the headers; the rest when it is needed.

    Args:
        path: what the user gave: a tar file, or a folder with such.
        config: which column of a `.json` is the caption, and how many rows.

    Raises:
        UserError: a file cannot be read as tar, or there are no pictures.
    """

    def __init__(self, path: Path, config: ImagesConfig) -> None:
        self.path = path
        self._files = tar_files(path)
        self._caption = config.caption
        samples = [sample for file in self._files for sample in _samples(file)]
        self._samples = samples[: config.limit]
        if not any(sample.picture for sample in self._samples):
            raise UserError(
                f"{path} holds no pictures\n"
                "  expected members such as 0001.jpg and 0001.txt, as WebDataset has"
            )
        self.shards = -(-len(self._samples) // SHARD)

    def rows(self, shard: int) -> Iterator[Row]:
        for sample in self._samples[shard * SHARD : (shard + 1) * SHARD]:
            name = f"{legible(sample.file.name)}:{legible(sample.key)}"
            if sample.picture is None:
                yield Row(name, b"", "", "no picture")
                continue
            try:
                with sample.file.open("rb") as file:
                    image = _content(file, sample.picture)
                    words = b"" if sample.text is None else _content(file, sample.text)
            except OSError as error:
                yield Row(name, b"", "", f"cannot be read: {error.strerror or error}")
                continue
            caption = self._worded(words, sample.text)
            yield Row(name, image, caption, "" if caption else "no caption")

    def captions(self, most: int) -> set[str]:
        found: set[str] = set()
        for sample in self._samples:
            if sample.text is not None and sample.picture is not None:
                with sample.file.open("rb") as file:
                    caption = self._worded(_content(file, sample.text), sample.text)
                found |= {caption} if caption else set()
            if len(found) > most:
                break
        return found

    def stamp(self) -> str:
        return stamp_of(self._files)

    def _worded(self, content: bytes, member: _Member | None) -> str:
        text = content.decode("utf-8", "replace")
        if member is None or member.ending != ".json":
            return clean(text)
        try:
            record = json.loads(text)
        except (ValueError, RecursionError):
            return ""
        names = (self._caption,) if self._caption is not None else CAPTION_COLUMNS
        words = next((record[n] for n in names if n in record), "") if isinstance(record, dict) else ""
        return clean(words) if isinstance(words, str) else ""


def tar_files(path: Path) -> list[Path]:
    """The tar file at a path, or those in a folder."""
    if not path.is_dir():
        return [path] if path.suffix.lower() == ".tar" else []
    return sorted(
        file for file in path.iterdir() if file.suffix.lower() == ".tar" and not file.name.startswith(".")
    )


def _samples(file: Path) -> Iterator[_Sample]:
    """The samples of a tar, in its order: what follows the first dot of a name is its ending."""
    found: dict[str, list[_Member]] = {}
    try:
        with tarfile.open(file, "r:") as opened:
            for member in opened:
                folder, _, name = member.name.rpartition("/")
                stem, dot, ending = name.partition(".")
                if member.isfile() and stem and dot:
                    where = _Member(f".{ending.lower()}", member.offset_data, member.size)
                    found.setdefault(f"{folder}/{stem}" if folder else stem, []).append(where)
    except (OSError, tarfile.TarError) as error:
        raise UserError(
            f"{file} cannot be read as tar: {error}\n  mend or remove it; compressed ones have to be unpacked"
        ) from error
    for key, members in found.items():
        picture = next((member for member in members if member.ending in ENDINGS), None)
        text = next((m for ending in _TEXTS for m in members if m.ending == ending), None)
        if picture or text:
            yield _Sample(file, key, picture, text)


def _content(file: BinaryIO, member: _Member) -> bytes:
    file.seek(member.start)
    return file.read(member.size)
