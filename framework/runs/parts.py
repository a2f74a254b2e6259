"""What each of several processes writes of a checkpoint, itself: no process holds what all have."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer

from framework.errors import UserError
from framework.runs.checkpoints import CheckedCheckpointIO, DiskFullError, Part, is_disk_full, write


def of_each_process(trainer: Trainer, own: Any) -> list[Part]:
    """What to put under "apart" of a checkpoint: a part for each process, written by it.

    All processes call this together. What travels between them is where each has written, and the
    digest of it; `CheckedCheckpointIO` takes the files over.

    Args:
        trainer: of a training by several processes.
        own: what this process needs to go on.

    Raises:
        DiskFullError: for one of them, and so for all.
        UserError: the trainer writes its checkpoints in another way.
    """
    if not isinstance(trainer.strategy.checkpoint_io, CheckedCheckpointIO):
        raise UserError(
            "this trainer writes no checkpoints of several processes\n"
            "  give it plugins=[framework.runs.checkpoints.CheckedCheckpointIO()]"
        )
    # In the folder of the stage: which checkpoint it will be of is known to those who write it.
    path = Path(trainer.default_root_dir, f".process-{trainer.global_rank}.training.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    gathered: list[Part | None] = [None] * trainer.world_size
    try:
        torch.distributed.all_gather_object(gathered, _write(own, path))
        parts = [part for part in gathered if part is not None]
        if len(parts) < len(gathered):
            raise DiskFullError(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return parts


def _write(own: Any, path: Path) -> Part | None:
    """None for a full disk: the others have to hear of it before anybody raises it."""
    try:
        return Part(path, write(own, path))
    except Exception as error:
        if is_disk_full(error):
            return None
        raise
