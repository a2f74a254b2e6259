"""Checkpoints that are whole or not there, and checked before they are trusted."""

from __future__ import annotations

import errno
import hashlib
import operator
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.plugins.io import CheckpointIO
from lightning.pytorch.utilities.exceptions import SIGTERMException

from framework.errors import UserError
from framework.interruption import Interrupted

SUFFIX = ".ckpt"

#: What only a training that goes on needs: Lightning's own and, under "apart", an algorithm's replay
#: buffer, environment state and generators. It lies in a file of its own beside the checkpoint.
APART = ("optimizer_states", "lr_schedulers", "loops", "resumption", "apart")


class CorruptCheckpointError(UserError):
    """A checkpoint file is truncated, altered or without its digest."""


class DiskFullError(UserError):
    """The disk of a run is full, or its quota used up."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"no space left to write {path}\n  what was finished before is whole: free some space"
        )


class Part(NamedTuple):
    """What one of several processes has written already, synced, on the disk of the checkpoint.

    Attributes:
        path: where, until the checkpoint takes it over.
        digest: its SHA-256.
    """

    path: Path
    digest: str


class CheckedCheckpointIO(CheckpointIO):
    """Write to temporary files, sync, record their SHA-256 beside them, then rename.

    What evaluating, playing and serving need is in one file, and what is `APART` in another, so
    that these never read a replay buffer. Where under "apart" there is a `Part` for each of several
    processes (`framework.runs.parts`), these become files beside it, and each process reads its own.
    A crash at any moment leaves the earlier checkpoints untouched; a file without a matching digest
    is never loaded, nor a checkpoint that lacks a part.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | os.PathLike[str], storage_options: Any | None = None
    ) -> None:
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        apart = {key: checkpoint[key] for key in APART if key in checkpoint}
        kept = {key: value for key, value in checkpoint.items() if key not in apart}
        parts = [part for part in apart.get("apart", ()) if isinstance(part, Part)]
        if parts:
            apart["apart"] = [None] * len(parts)
        values = {target: kept, **({training_file(target): apart} if apart else {})}
        temporary = {path: path.with_name(f".{path.name}.{os.getpid()}") for path in values}
        try:
            digests = [write(value, temporary[path]) for path, value in values.items()]
            temporary |= {part_file(target, process): part.path for process, part in enumerate(parts)}
            digests += [part.digest for part in parts]
            _digest_file(target).write_text("\n".join(digests) + "\n", encoding="ascii")
            for path in reversed(temporary):
                temporary[path].replace(path)
        except BaseException as error:
            for path in (*temporary.values(), *(part.path for part in parts)):
                path.unlink(missing_ok=True)
            if not target.exists():
                for path in (_digest_file(target), *temporary):
                    path.unlink(missing_ok=True)
            if is_disk_full(error):
                raise DiskFullError(target) from error
            raise

    def load_checkpoint(
        self,
        path: str | os.PathLike[str],
        map_location: Any | None = lambda storage, loc: storage,
        weights_only: bool | None = None,
    ) -> dict[str, Any]:
        together = torch.distributed.is_available() and torch.distributed.is_initialized()
        process = torch.distributed.get_rank() if together else 0
        return load_checkpoint(Path(path), map_location, process=process)

    def remove_checkpoint(self, path: str | os.PathLike[str]) -> None:
        target = Path(path)
        digests = _digests(target) if _digest_file(target).exists() else []
        for file in (*_files(target, max(2, len(digests))), _digest_file(target)):
            file.unlink(missing_ok=True)


def write(value: Any, path: Path) -> str:
    """Save a value to a file that is on the disk afterwards; return its SHA-256."""
    with path.open("wb") as file:
        torch.save(value, file)
        file.flush()
        os.fsync(file.fileno())
    return digest(path)


def load_checkpoint(
    path: Path, map_location: Any | None = "cpu", *, training: bool = True, process: int = 0
) -> dict[str, Any]:
    """Load a checkpoint after comparing its digests.

    Args:
        path: the checkpoint.
        map_location: as torch's.
        training: with what is `APART`, too, to go on training.
        process: whose part to read, of a training by several; None stands for the others'.

    A checkpoint holds NumPy arrays and generator states, which torch's weights-only
    loader refuses: load only files you or people you trust have written.

    Raises:
        CorruptCheckpointError: the file is not what was written.
    """
    if not is_whole(path, training=training):
        raise CorruptCheckpointError(f"checkpoint {path} is truncated or altered: its SHA-256 does not match")
    loaded: dict[str, Any] = torch.load(path, map_location=map_location, weights_only=False)
    if not training:
        return loaded
    _, *apart = _files(path, len(_digests(path)))
    if apart:
        loaded |= torch.load(apart[0], map_location=map_location, weights_only=False)
    if process < len(parts := apart[1:]):
        loaded["apart"][process] = torch.load(parts[process], map_location=map_location, weights_only=False)
    return loaded


def training_file(path: Path) -> Path:
    """Where what is `APART` of a checkpoint lies; without it a training cannot go on from there."""
    return path.with_suffix(".training")


def part_file(path: Path, process: int) -> Path:
    """Where the part lies that is this process's alone, of a training by several."""
    return path.with_suffix(f".{process}.training")


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_whole(path: Path, *, training: bool = True) -> bool:
    """Whether the file, and what is `APART` of it, have the digests recorded when they were written.

    Args:
        path: the checkpoint.
        training: whether more than the first file matters.
    """
    try:
        digests = _digests(path)[: None if training else 1]
        files = _files(path, len(digests))
        return bool(digests) and all(map(operator.eq, map(digest, files), digests))
    except (OSError, ValueError):
        return False


def is_altered(path: Path) -> bool:
    """Whether there is a digest beside the file that is not its own."""
    return _digest_file(path).exists() and not is_whole(path, training=False)


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoint files of a folder, newest first."""
    found = [path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith(".")]
    return sorted(found, key=lambda path: path.name, reverse=True)


def newest_whole(folder: Path, warn: Callable[[str], None]) -> Path | None:
    """The newest checkpoint that is whole; each broken one before it is reported."""
    for path in checkpoints(folder):
        if is_whole(path):
            return path
        warn(f"checkpoint {path} is truncated or altered; going back to the one before it")
    return None


def is_disk_full(error: BaseException) -> bool:
    """Whether this error, or the one it came from, is a full disk or quota."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        # torch reports a failed write of its zip as a RuntimeError without errno
        if isinstance(seen, RuntimeError) and "PytorchStreamWriter failed" in str(seen):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


class CheckpointWriter(Checkpoint):
    """Write a checkpoint every so many steps or seconds and at an interruption, keep the newest few.

    Args:
        folder: where to.
        seconds: wall-clock between two; ignored if `every` is given.
        every: training steps between two.
        keep: how many to keep; with 2 or more a damaged file costs little.

    Attributes:
        path: the newest one written by this process.
    """

    def __init__(self, folder: Path, seconds: float, every: int | None, keep: int) -> None:
        self.folder = folder
        self.seconds = seconds
        self.every = every
        self.keep = keep
        self.path: Path | None = None
        self._last = time.monotonic()
        self._steps = 0
        self._saved = 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._last = time.monotonic()

    # Rather than at the end of a step: now its metrics are logged, its validation is done and
    # Lightning's own counters have moved on, while the next batch has not been fetched.
    def between_steps(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self._steps == self._saved:
            return
        if self.every is not None:
            due = self._steps % self.every == 0
        else:
            # Clocks of several processes differ, and all have to save together.
            due = trainer.strategy.broadcast(time.monotonic() - self._last >= self.seconds)
        if due:
            self.write(trainer)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._steps += 1

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.write(trainer)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        if isinstance(exception, (Interrupted, SIGTERMException)) and self._steps != self._saved:
            self.write(trainer)

    def write(self, trainer: Trainer) -> None:
        """Write one now and drop those beyond `keep`."""
        path = self.folder / f"step-{self._steps:09d}{SUFFIX}"
        self._saved = self._steps
        trainer.save_checkpoint(path)
        if trainer.is_global_zero:
            for old in checkpoints(self.folder)[self.keep :]:
                trainer.strategy.remove_checkpoint(old)
        self._last = time.monotonic()
        self.path = path

    def state_dict(self) -> dict[str, Any]:
        return {"steps": self._steps}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._steps = self._saved = state_dict["steps"]


def _digests(path: Path) -> list[str]:
    return _digest_file(path).read_text(encoding="ascii").split()


def _files(path: Path, count: int) -> list[Path]:
    """The files of a checkpoint, in the order of their `count` digests."""
    if count < 2:
        return [path][:count]
    return [path, training_file(path), *(part_file(path, process) for process in range(count - 2))]


def _digest_file(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")
