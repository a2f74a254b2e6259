"""Refuse what would go wrong silently: actions and masks of the wrong form."""

from __future__ import annotations

from typing import Any

import numpy as np

from framework.sim.arrays import Flags, Floats, Rows


def checked_actions(actions: Any, shape: tuple[int, ...], rows: Rows) -> Floats:
    """Return actions as a floating array of this shape, finite in these rows.

    Raises:
        ValueError: another shape, no numbers, or a NaN or infinity; the message names the
            environments.
    """
    actions = np.asarray(actions)
    if actions.shape != shape:
        raise ValueError(f"actions have shape {actions.shape}, expected {shape} (num_envs first)")
    if not np.issubdtype(actions.dtype, np.floating):
        actions = actions.astype(np.float64)
    if not np.isfinite(actions[rows]).all():
        bad = np.arange(len(actions))[rows][~np.isfinite(actions[rows]).all(axis=1)]
        raise ValueError(f"actions of environments {bad.tolist()} are not finite: {actions[bad[0]]}")
    return actions  # type: ignore[no-any-return]


def checked_mask(mask: Any, num_envs: int) -> Flags:
    """Return the mask of `reset(options={"reset_mask": mask})`.

    Raises:
        TypeError: not a NumPy array of bool.
        ValueError: another shape than `(num_envs,)`, or nothing chosen.
    """
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
        raise TypeError("options['reset_mask'] must be a NumPy array of bool")
    if mask.shape != (num_envs,):
        raise ValueError(f"options['reset_mask'] has shape {mask.shape}, expected ({num_envs},)")
    if not mask.any():
        raise ValueError("options['reset_mask'] chooses no environment")
    return mask
