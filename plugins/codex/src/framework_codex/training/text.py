"""Documents packed into rows of one length, so that no token of a batch is padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from datasets import Dataset, IterableDataset, disable_progress_bars

from framework.errors import UserError
from framework.supervised.order import Shuffled, Streamed
from framework_codex.gpt.tokenizer import Tokenizer
from framework_codex.training.examples import Example, Examples

#: Documents tokenised and packed together; what fills no row at their end is left out.
CHUNK = 1000


def text_examples(
    documents: Dataset | IterableDataset, tokenizer: Tokenizer, context: int, window: int, seed: int
) -> Examples:
    """Rows of `context + 1` tokens from documents joined by the end-of-text token.

    Args:
        documents: a column `text`; a stream is read as it goes.
        tokenizer: of the model.
        context: tokens the model sees.
        window: rows shuffled together, for a stream.
        seed: of the order.
    """

    def pack(chunk: dict[str, list[str]]) -> dict[str, Any]:
        joined: list[int] = []
        for tokens in tokenizer.encode_batch(chunk["text"]):
            joined += tokens
            joined.append(tokenizer.end)
        # Rows overlap by a token: the last target of one is the first input of the next.
        starts = range(0, len(joined) - context, context)
        return {"tokens": [joined[start : start + context + 1] for start in starts]}

    disable_progress_bars()  # the terminal's last line is the core's
    settings: dict[str, Any] = {"batched": True, "batch_size": CHUNK}
    if isinstance(documents, IterableDataset):
        stream = documents.map(pack, remove_columns=documents.column_names or ["text"], **settings)
        return Examples(Streamed(stream, _example, window, seed), context)
    rows = documents.map(pack, remove_columns=documents.column_names, **settings)
    if not len(rows):
        raise UserError(
            f"the environment's split 'train' holds less text than one row of {context + 1} tokens\n"
            "  give it more text, or the model a smaller context"
        )
    return Examples(Shuffled(Rows(rows), seed), context)


class Rows(Sequence[Example]):
    """Packed rows, read from where `datasets` keeps them."""

    def __init__(self, rows: Dataset) -> None:
        self.rows = rows.with_format("numpy")

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Any:
        return _example(self.rows[int(index)])


def _example(row: Any) -> Example:
    return Example(np.asarray(row["tokens"], np.int64))
