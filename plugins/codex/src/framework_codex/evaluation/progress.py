"""A line now and then about long work."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

log = logging.getLogger("framework")

#: Seconds between two lines.
EVERY = 30.0

T = TypeVar("T")


def counted(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Pass the items on, and log how many there were so far: `1200 of 8200 samples drawn`."""
    last = time.monotonic()
    for number, item in enumerate(items, start=1):
        yield item
        if time.monotonic() - last >= EVERY:
            last = time.monotonic()
            log.info("%d of %d %s", number, total, what)
