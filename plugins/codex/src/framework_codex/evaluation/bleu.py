"""BLEU of programs against a reference, and how far right and wrong ones overlap (section 3.3)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from framework.errors import UserError
from framework_codex.evaluation.estimator import Floats

#: Names, numbers, strings of one operator: what a programmer would call a token.
_TOKEN = re.compile(r"\w+|[^\w\s]")


def code_bleu(programs: Sequence[str], reference: str) -> Floats:
    """The sentence BLEU (Papineni et al. 2002) of each program over code tokens, 0 ... 100.

    Orders that a short program has no n-grams of are left out, and an order without a match
    is smoothed, as sacrebleu does for sentences.

    Raises:
        UserError: sacrebleu is not installed.
    """
    try:
        from sacrebleu.metrics.bleu import BLEU
    except ImportError:
        raise UserError("codex/bleu_overlap needs: pip install sacrebleu") from None
    metric = BLEU(tokenize="none", effective_order=True)
    expected = [tokenised(reference)]
    known = {
        program: metric.sentence_score(tokenised(program), expected).score
        for program in dict.fromkeys(programs)
    }
    # Rounding takes equal programs above 100.
    return np.minimum([known[program] for program in programs], 100.0)


def tokenised(program: str) -> str:
    """Code tokens with a space between each."""
    return " ".join(_TOKEN.findall(program))


def overlap(right: ArrayLike, wrong: ArrayLike) -> float:
    """Probability that a wrong program scores higher than a right one; ties count half.

    0 if the score tells them apart, 0.5 if it tells nothing.
    """
    ordered = np.sort(np.asarray(right, dtype=np.float64))
    below = np.searchsorted(ordered, wrong, side="left") + np.searchsorted(ordered, wrong, side="right")
    return float(below.mean() / (2 * len(ordered)))
