"""The learning rate: a linear warm-up, then a cosine."""

from __future__ import annotations

import math


def learning_rate(step: int, total: int, peak: float, warmup: int, final: float) -> float:
    """The learning rate of a step.

    Args:
        step: 0 for the first.
        total: steps in the whole training.
        peak: the highest rate, reached after `warmup` steps.
        warmup: steps of linear rise; cut to a tenth of `total`, or a short run would end in it.
        final: what is left at the end, as a share of `peak`.
    """
    # A function of the step rather than torch's LambdaLR, whose product of rate and factor is
    # another number in the last bit, at 40 of 1777 steps tried.
    warmup = min(warmup, total // 10)
    if step < warmup:
        return peak * (step + 1) / warmup
    done = (step - warmup) / max(1, total - warmup)
    return peak * (final + (1 - final) * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))
