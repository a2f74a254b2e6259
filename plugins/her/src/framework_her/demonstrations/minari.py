"""Demonstrations from Minari's data sets, the community's format (pip install framework-her[minari])."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from framework.errors import UserError
from framework_her.demonstrations.files import SEEN, Demonstration


def read_minari(folder: Path) -> Iterator[tuple[int, Demonstration]]:
    """The episodes of a data set with their numbers; it has no exact states.

    Args:
        folder: its `data`.

    Raises:
        UserError: Minari is not installed, the data set is damaged, or not of a task with goals.
    """
    try:
        from minari import MinariDataset
    except ImportError as error:
        raise UserError(
            f"{folder} is one of Minari's data sets, and {error.name} is not installed\n"
            "  python -m pip install 'framework-her[minari]'"
        ) from error
    try:
        for episode in MinariDataset(folder).iterate_episodes():
            yield int(episode.id), _demonstration(episode, folder)
    except UserError:
        raise
    except Exception as error:  # a damaged file breaks HDF5 and Arrow in many ways
        raise UserError(f"{folder} cannot be read: {type(error).__name__}: {error}") from error


def _demonstration(episode: Any, folder: Path) -> Demonstration:
    seen = episode.observations
    if not isinstance(seen, Mapping) or any(key not in seen for key in SEEN):
        raise UserError(f"{folder} is not of a task with goals: its observations have no {', '.join(SEEN)}")
    success = next(
        (episode.infos[name] for name in ("is_success", "success") if name in (episode.infos or {})), None
    )
    return Demonstration(
        **{key: np.asarray(seen[key], np.float64) for key in SEEN},
        action=np.asarray(episode.actions, np.float64),
        success=None if success is None else bool(np.asarray(success).ravel()[-1]),
    )
