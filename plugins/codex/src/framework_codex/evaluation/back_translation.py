"""Scoring programs by how well a docstring can be told from them (section 5)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from framework.errors import UserError
from framework_codex.code_model import Scores
from framework_codex.evaluation.estimator import Floats
from framework_codex.evaluation.samples import Samples


def load_describer(path: Path) -> Scores:
    """A model trained to write docstrings, from its checkpoint.

    Raises:
        UserError: it cannot be read.
    """
    from framework_codex.gpt.builder import load

    return load(path).eval()


def back_translation(describer: Scores, samples: Samples) -> Floats:
    """The score ln P(docstring | code) of each sample; equal programs are scored once.

    Args:
        describer: writes docstrings.
        samples: m of them.

    Returns:
        `(m,)`; NaN where the problem's prompt has no docstring.

    Raises:
        UserError: none has.
    """
    from framework_codex.training.docstrings import describe_completion, describe_prompt, take_apart

    asked: list[tuple[str, str] | None] = []
    for task, text in zip(samples.task, samples.texts, strict=True):
        code, docstring = take_apart(samples.problems[task].prompt, text)
        asked.append((describe_prompt(code), describe_completion(docstring)) if docstring else None)
    distinct = list(dict.fromkeys(pair for pair in asked if pair is not None))
    if not distinct:
        raise UserError("back-translation needs problems whose prompt ends with a docstring")
    found = {
        pair: likelihood.logprob
        for pair, likelihood in zip(distinct, describer.likelihood(distinct), strict=True)
    }
    return np.array([np.nan if pair is None else found[pair] for pair in asked])
