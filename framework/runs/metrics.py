"""Which of a run's metrics is meant by a name."""

from __future__ import annotations

from collections.abc import Iterable


def meant(name: str, finals: Iterable[str]) -> list[str]:
    """The final metrics that a name stands for: itself, its last part, or its evaluator's first one.

    Args:
        name: such as `success_rate/rate`, `rate`, or `success_rate`.
        finals: `evaluator/metric`, behind `stage/` in a recipe with stages, in the order of the
            reports: an evaluator gives the one that matters first.

    Returns:
        None, one, or one for each evaluator that could be meant.
    """
    finals = list(finals)
    if name in finals:
        return [name]
    first: dict[str, str] = {}
    for final in finals:
        first.setdefault(final.rpartition("/")[0], final)
    by_part = [final for final in finals if final.endswith(f"/{name}")]
    return by_part or [final for above, final in first.items() if f"/{above}".endswith(f"/{name}")]
