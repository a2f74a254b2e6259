"""Two things at once: collecting in a thread while the learner learns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Literal, TypeAlias, TypeVar

import torch

First = TypeVar("First")
Second = TypeVar("Second")

#: Precision of float32 matrix products, as torch names it.
Matmul: TypeAlias = Literal["highest", "high", "medium"]


def overlapped(beside: Callable[[], First], here: Callable[[], Second]) -> tuple[First, Second]:
    """Run `beside` in a thread of its own while `here` runs in this one; return both results.

    Returns, or raises what either raised, only when both have ended: nothing is in
    flight afterwards. The two share the interpreter lock, so this pays where both spend
    their time in native code that releases it, as MuJoCo and torch do. They must not write
    what the other reads, nor draw from a generator of the other's, torch's global one included.
    """
    # OpenMP counts threads per thread: without this, products in the new one would use every core.
    one = partial(torch.set_num_threads, torch.get_num_threads())
    with ThreadPoolExecutor(1, thread_name_prefix="collect", initializer=one) as executor:
        future = executor.submit(beside)
        result = here()
        return future.result(), result


@contextmanager
def matmul_precision(precision: Matmul) -> Iterator[None]:
    """Set the precision of float32 matrix products for a while, in all threads.

    "medium" lets torch use oneDNN instead of MKL: on AMD processors that is still float32,
    at twice the speed; where the processor has bfloat16 matrix units they are used, and on a
    GPU TF32 or bfloat16 ones. The results of one machine are reproducible either way.
    """
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
