"""Decoded pictures on disk: written once, mapped into memory, whole or not there at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from framework.errors import UserError
from framework_glide.images.reading import Picture
from framework_glide.images.tables import picture_column

if TYPE_CHECKING:
    from datasets import Features

#: Changes when the same pictures would be decoded differently, or be written differently.
_VERSION = 1
#: Bytes of pixels written at once.
_BATCH = 1 << 25


def cached(key: object, make: Callable[[Path], None]) -> Path:
    """A folder with what `make` puts into it; made once for each key.

    Of several processes that ask at once one makes it and the others wait. One that is killed
    leaves nothing that counts.

    Args:
        key: what the content depends on; told apart by its `repr`.
        make: fills the empty folder it is given.

    Raises:
        UserError: the cache cannot be written.
    """
    digest = hashlib.sha256(repr((_VERSION, key)).encode("utf-8", "backslashreplace")).hexdigest()[:32]
    folder = cache_folder() / digest
    if folder.is_dir():
        return folder
    with _locked(folder):
        if not folder.is_dir():
            unfinished = folder.with_name(f".making-{digest}")
            shutil.rmtree(unfinished, ignore_errors=True)
            try:
                unfinished.mkdir()
                make(unfinished)
                unfinished.rename(folder)
            except OSError as error:
                raise _unwritable(error) from error
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/framework/glide`, where XDG_CACHE_HOME is `~/.cache` by default."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "framework", "glide")


class Writer:
    """Writes pictures to an Arrow file that `Dataset.from_file` maps into memory.

    Args:
        file: to write.
        features: of the rows.
        labels: numbers of the captions, if there is a column `label`.

    Attributes:
        count: pictures written.
    """

    def __init__(self, file: Path, features: Features, labels: Mapping[str, int] | None) -> None:
        import pyarrow as pa

        self.count = 0
        self._schema, self._labels = features.arrow_schema, labels
        self._waiting: list[Picture] = []
        self._file = file.open("wb")
        self._stream = pa.ipc.new_stream(self._file, self._schema)

    def add(self, picture: Picture) -> None:
        self.count += 1
        self._waiting.append(picture)
        if len(self._waiting) * picture.image.nbytes >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if not self._waiting:
            return
        columns = columns_of(self._waiting, self._labels)
        columns["image"] = picture_column(np.stack(columns["image"]))
        self._stream.write_table(pa.table(columns, schema=self._schema))
        self._waiting = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._flush()
                self._stream.close()
                self._file.flush()
                os.fsync(self._file.fileno())  # a folder that is there is whole, after a power cut too
        finally:
            self._file.close()


def columns_of(rows: list[Picture], labels: Mapping[str, int] | None) -> dict[str, list[Any]]:
    """The columns of pictures: `image`, `caption` and, with labels, `label` and `mentioned`."""
    columns: dict[str, list[Any]] = {
        "image": [row.image for row in rows],
        "caption": [row.caption for row in rows],
    }
    if labels is not None:
        columns["label"] = [labels[row.caption] for row in rows]
        columns["mentioned"] = [["label"] for _ in rows]
    return columns


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    from filelock import FileLock

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.with_suffix(".lock"))
        lock.acquire()
    except OSError as error:
        raise _unwritable(error) from error
    try:
        yield
    finally:
        lock.release()


def _unwritable(error: OSError) -> UserError:
    return UserError(
        f"decoded pictures cannot be kept in {cache_folder()}: {error.strerror or error}\n"
        "  make room there, name another folder in XDG_CACHE_HOME, or set streaming: true"
    )
