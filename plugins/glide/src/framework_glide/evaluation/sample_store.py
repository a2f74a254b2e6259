"""Pictures kept as they are sampled, and found again after the end of a process, however sudden."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.errors import UserError
from framework.progress import tell

log = logging.getLogger("framework")

Pictures = NDArray[np.uint8]


class SampleStore:
    """Pictures of one model under one setting, each known by a key of its own.

    A shard is written beside its place and moved there when it is whole, so that whatever is
    found is a batch of pictures; one that a failing disk damaged is dropped and sampled again.

    Args:
        folder: of all stores; None to keep nothing.
        identity: what all the pictures depend on, as JSON can hold it.
    """

    def __init__(self, folder: Path | None, identity: Mapping[str, Any]) -> None:
        self._kept: dict[str, Pictures] = {}
        self.folder: Path | None = None
        if folder is not None:
            text = json.dumps(dict(identity), sort_keys=True)
            self.folder = folder / f"pictures-{hashlib.sha256(text.encode()).hexdigest()[:24]}"
            self._read(self.folder)

    def pictures(
        self, keys: Sequence[str], sample: Callable[[list[int]], Pictures], batch_size: int
    ) -> Pictures:
        """The pictures asked for: those that are kept, and what is missing, sampled and kept.

        Args:
            keys: of each picture, see `picture_key`.
            sample: makes the pictures with the given positions in `keys`: `(b, h, w, 3)`.
            batch_size: of the positions it is given at once.

        Returns:
            `(n, h, w, 3)`, in the order of the keys.

        Raises:
            UserError: they cannot be written.
        """
        positions = {key: position for position, key in enumerate(keys) if key not in self._kept}
        missing = list(positions.values())
        for start in range(0, len(missing), batch_size):
            part = missing[start : start + batch_size]
            made = sample(part)
            names = [keys[position] for position in part]
            self._write(names, made)
            self._kept.update(zip(names, made, strict=True))
            tell(start + len(part), len(missing), "pictures")
        return np.stack([self._kept[key] for key in keys])

    def _read(self, folder: Path) -> None:
        for torn in folder.glob(".*"):
            torn.unlink(missing_ok=True)
        for path in sorted(folder.glob("*.npz")):
            try:
                with path.open("rb") as file, np.load(file) as shard:
                    found = dict(zip(shard["keys"].tolist(), shard["pictures"], strict=True))
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
                log.warning("%s: not a whole shard of pictures (%s); they are sampled again", path, error)
                path.unlink(missing_ok=True)
                continue
            self._kept.update(found)

    def _write(self, keys: Sequence[str], made: Pictures) -> None:
        if self.folder is None:
            return
        name = hashlib.sha256("".join(keys).encode()).hexdigest()[:16]
        path = self.folder / f"{name}.npz"
        temporary = self.folder / f".{name}.{os.getpid()}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                np.savez(file, keys=np.array(keys), pictures=made)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as error:
            if temporary.is_file():
                temporary.unlink()
            raise UserError(
                f"cannot write pictures to {path}: {error.strerror}\n"
                "  those written so far are kept; make room and resume"
            ) from error


def picture_key(prompt: str, seed: int, *given: Pictures | NDArray[np.bool_]) -> str:
    """What a picture is known by within its store: a digest of all it depends on besides.

    Args:
        prompt: the caption.
        seed: of its noise.
        *given: pictures and masks it is conditioned on.
    """
    digest = hashlib.sha256(f"{seed}\0{prompt}".encode("utf-8", "surrogatepass"))
    for array in given:
        digest.update(f"{array.shape}{array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:32]
