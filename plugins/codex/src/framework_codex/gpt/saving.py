"""What tokens for runs of whitespace save (section 3.2 of the paper: about 30% for code)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import NamedTuple

from framework_codex.gpt.tokenizer import Tokenizer


class Saving(NamedTuple):
    """Tokens that a corpus of code needs.

    Attributes:
        plain: by a BPE learned from natural language.
        with_runs: by the same BPE with extra tokens for runs of spaces.
        share: of the tokens that are saved, 0 to 1.
    """

    plain: int
    with_runs: int
    share: float


def whitespace_saving(
    code_texts: Sequence[str],
    docstrings: Sequence[str],
    vocab_size: int = 4096,
    whitespace_runs: int = 32,
) -> Saving:
    """Compare the tokens of code with and without whitespace-run tokens.

    GPT-3's tokenizer was learned from the text of the web. Docstrings stand in for it, as
    running prose: their own line breaks and indentation are code's, so they are taken out.

    Args:
        code_texts: code to tokenise.
        docstrings: natural language to learn the BPE from.
        vocab_size: of that BPE.
        whitespace_runs: longest run that gets a token.
    """
    prose = [re.sub(r"\s+", " ", inspect.cleandoc(text)) for text in docstrings]
    plain = Tokenizer.train(prose, vocab_size, whitespace_runs=0)
    before = sum(map(len, plain.encode_batch(code_texts)))
    after = sum(map(len, plain.with_runs(whitespace_runs).encode_batch(code_texts)))
    return Saving(before, after, 1 - after / before if before else 0.0)
