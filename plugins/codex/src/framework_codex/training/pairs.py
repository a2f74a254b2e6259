"""Pairs of prompt and completion; only the completion is learned (section 4.5 of the paper)."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import numpy as np

from framework.errors import UserError
from framework.supervised.order import Shuffled
from framework_codex.gpt.tokenizer import Tokenizer
from framework_codex.training.examples import Example, Examples

log = logging.getLogger("framework")


def pair_examples(
    pairs: Iterable[tuple[str, str]], tokenizer: Tokenizer, context: int, seed: int
) -> Examples:
    """Tokenise pairs; each ends with the end-of-text token, which is learned too.

    A pair longer than the context is left out, since its end would not be learned.

    Args:
        pairs: `(prompt, completion)`.
        tokenizer: of the model.
        context: tokens the model sees.
        seed: of the order.
    """
    examples, left_out = [], 0
    for prompt, completion in pairs:
        head, tail = tokenizer.split(prompt, completion)
        tokens = np.array([*head, *tail, tokenizer.end], np.int64)
        if len(tokens) > context + 1:
            left_out += 1
            continue
        examples.append(Example(tokens, learned_from=max(1, len(head))))
    if left_out:
        log.warning("%d pairs are longer than the context of %d tokens and left out", left_out, context)
    if not examples:
        raise UserError("the environment's split 'pairs' has no pair that fits into the model's context")
    return Examples(Shuffled(examples, seed), float(np.mean([len(e.tokens) - 1 for e in examples])))
