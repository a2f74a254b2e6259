"""A dataset in shards: files that are whole or not there, listed in a manifest.

A folder holds shards of any format and `manifest.jsonl`, one line for each finished one:

    {"name": "000003.npz", "bytes": 81920, "sha256": "9f86d0...", "facts": {"rows": 1000}}

A shard is written under a temporary name, synced, renamed, and then gets its line. Killed at any
moment, a producer loses the shard it was writing and no other; one without a line counts as not
written and is made again. Shards of several processes or machines come together by laying their
files in one folder and concatenating their manifests, which `merge` does.

    shards = Shards(folder)
    for name in names:
        if name not in shards.finished():
            with shards.write(name, rows=1000) as path:
                numpy.savez(path, ...)
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from framework.errors import UserError

MANIFEST = "manifest.jsonl"
_PARTIAL = ".partial"


@dataclass(frozen=True)
class Shard:
    """A finished shard.

    Attributes:
        name: of its file in the folder.
        bytes: its size.
        sha256: its digest, in hexadecimal.
        facts: what its producer says of it, such as its number of rows; as JSON holds it.
    """

    name: str
    bytes: int
    sha256: str
    facts: dict[str, Any] = field(default_factory=dict)


class Shards:
    """The shards of a folder, to be read or added to.

    Several processes may add to one folder at once, each shards of its own.

    Args:
        folder: made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = folder / MANIFEST
        folder.mkdir(parents=True, exist_ok=True)

    def finished(self) -> dict[str, Shard]:
        """The finished shards by name, in the order they were written.

        A line torn by a crash is passed over, and so is a shard whose file is gone or of another
        size: both are made again.
        """
        found: dict[str, Shard] = {}
        for line in self._lines():
            with contextlib.suppress(ValueError, TypeError):
                shard = Shard(**json.loads(line))
                found.pop(shard.name, None)  # made again: the later line counts
                found[shard.name] = shard
        return {name: shard for name, shard in found.items() if self._size(name) == shard.bytes}

    @contextlib.contextmanager
    def write(self, name: str, **facts: Any) -> Iterator[Path]:
        """Write one shard: yields the temporary path to write to.

        Args:
            name: of its file, without folders.
            facts: put down in the manifest.
        """
        if not name or Path(name).name != name or name == MANIFEST or name.startswith("."):
            raise ValueError(f"{name!r} cannot be a shard's name")
        # The suffix stays: numpy.savez appends its own to a name that does not end in it.
        temporary = self.folder / f"{_PARTIAL}.{name}"
        temporary.unlink(missing_ok=True)
        yield temporary
        with temporary.open("rb+") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
            os.fsync(file.fileno())
        temporary.replace(self.folder / name)
        self._sync_folder()
        self._append([Shard(name, size, digest, facts)])

    def damaged(self) -> list[str]:
        """The names of shards whose contents are not what was written; reads all of them."""
        bad = []
        for name, shard in self.finished().items():
            with (self.folder / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != shard.sha256:
                    bad.append(name)
        return bad

    def missing(self) -> list[str]:
        """The names in the manifest whose files are gone or cut; reads none of them."""
        names = []
        for line in self._lines():
            with contextlib.suppress(ValueError, TypeError):
                names.append(Shard(**json.loads(line)).name)
        whole = self.finished()
        return [name for name in dict.fromkeys(names) if name not in whole]

    def merge(self, others: Iterable[Path]) -> None:
        """Add the finished shards of other folders; their files are linked, or copied between disks.

        Raises:
            UserError: two different shards have one name.
        """
        for other in map(Shards, others):
            mine, new = self.finished(), []
            for name, shard in other.finished().items():
                if name in mine and mine[name].sha256 != shard.sha256:
                    raise UserError(
                        f"the shard {name} of {other.folder} is not the one in {self.folder}\n"
                        "  give the shards of several producers different names"
                    )
                if name not in mine:
                    _link(other.folder / name, self.folder / name)
                    new.append(shard)
            self._sync_folder()
            self._append(new)

    def _append(self, shards: list[Shard]) -> None:
        text = "".join(json.dumps(asdict(shard)) + "\n" for shard in shards)
        with self.manifest.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # a line torn by a crash
                    text = "\n" + text
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())

    def _lines(self) -> list[bytes]:
        try:
            return self.manifest.read_bytes().splitlines()
        except FileNotFoundError:
            return []

    def _size(self, name: str) -> int:
        try:
            return (self.folder / name).stat().st_size
        except OSError:
            return -1

    def _sync_folder(self) -> None:
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _link(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        partial = target.with_name(f"{_PARTIAL}.{target.name}")
        shutil.copyfile(source, partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(target)
