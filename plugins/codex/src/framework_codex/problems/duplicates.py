"""Near-duplicates: MinHash over runs of tokens, banded, then checked.

Broder 1997; the paper's own deduplication is of whole files (section 3.1).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from framework_codex.problems.shingles import Hashes, shingles, tokens

#: Tokens in a run; a pair of texts with this Jaccard similarity of their runs is one text.
RUN, SIMILAR = 5, 0.8
#: 16 bands of 4 find a pair at SIMILAR with probability 0.9998, one at half of it with 0.34.
BANDS, ROWS = 16, 4

_RNG = np.random.Generator(np.random.PCG64(20210707))
_MULTIPLY = _RNG.integers(1, 2**63, (BANDS * ROWS, 1), np.uint64) * np.uint64(2) + np.uint64(1)
_ADD = _RNG.integers(0, 2**63, (BANDS * ROWS, 1), np.uint64)


def deduplicate(texts: Iterable[str]) -> list[int]:
    """Positions of the texts that are unlike all those kept before them."""
    kept: list[int] = []
    runs: list[NDArray[np.uint64]] = []
    exact: set[str] = set()
    buckets: dict[tuple[int, bytes], list[int]] = {}
    for position, text in enumerate(texts):
        normal = " ".join(tokens(text))
        if normal in exact:
            continue
        exact.add(normal)
        own = np.unique(shingles(text, RUN))
        keys = [(band, key) for band, key in enumerate(_bands(own))] if len(own) else []
        near = {other for key in keys for other in buckets.get(key, ())}
        if any(_similarity(own, runs[other]) >= SIMILAR for other in near):
            continue
        for key in keys:
            buckets.setdefault(key, []).append(len(runs))
        kept.append(position)
        runs.append(own)
    return kept


def _bands(own: Hashes) -> list[bytes]:
    # Multiply, add and take the high bits: the low ones of a product depend on low ones alone.
    signature = ((own * _MULTIPLY + _ADD) >> np.uint64(32)).min(axis=1)
    return [band.tobytes() for band in signature.reshape(BANDS, ROWS)]


def _similarity(a: Hashes, b: Hashes) -> float:
    common = len(np.intersect1d(a, b, assume_unique=True))
    return common / (len(a) + len(b) - common)
