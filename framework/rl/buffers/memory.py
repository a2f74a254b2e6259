"""What a replay buffer may take of the machine's memory."""

from __future__ import annotations

import psutil

from framework.errors import UserError


def require_memory(capacity: int, nbytes: int, max_bytes: int | None = None) -> None:
    """Check that a replay buffer fits, before it is filled.

    Args:
        capacity: transitions it is for.
        nbytes: what all of them take.
        max_bytes: what it may take; by default what the machine has free now.

    Raises:
        UserError: it does not fit; says how many would.
    """
    free = psutil.virtual_memory().available if max_bytes is None else max_bytes
    if nbytes > free:
        raise UserError(
            f"a replay buffer for {capacity} transitions takes {nbytes / 1e9:.2f} GB of memory; "
            f"{free / 1e9:.2f} GB are free\n"
            f"  a capacity of {int(capacity * free / nbytes)} would fit"
        )
