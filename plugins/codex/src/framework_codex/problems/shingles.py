"""Texts as arrays of hashed tokens, the ground on which texts are compared."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Hashes: TypeAlias = NDArray[np.uint64]

_TOKEN = re.compile(r"\w+|[^\w\s]")
_WORD = re.compile(r"\w+")
_MULTIPLIER = 0x9E3779B97F4A7C15


def tokens(text: str) -> list[str]:
    """Words, numbers and single signs; white space separates and is left out."""
    return _TOKEN.findall(text)


def shingles(text: str, n: int) -> Hashes:
    """A hash of each run of n tokens, in their order; shape `(max(0, tokens - n + 1),)`.

    The same in every process. Two different runs have the same hash with probability 2^-64.
    """
    return _runs(tokens(text), n)


def word_shingles(text: str, n: int) -> Hashes:
    """The same of words alone, in lower case."""
    return _runs(_WORD.findall(text.lower()), n)


def _runs(parts: list[str], n: int) -> Hashes:
    hashed = np.fromiter(map(_hash, parts), np.uint64, len(parts))
    count = max(0, len(hashed) - n + 1)
    total = np.zeros(count, np.uint64)
    for i in range(n):
        total = (total * np.uint64(_MULTIPLIER)) + hashed[i : i + count]
    return total


@lru_cache(maxsize=1 << 18)
def _hash(token: str) -> int:
    digest = hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")
