"""Loss on text that was not trained on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import torch

from framework.errors import UserError

if TYPE_CHECKING:
    from framework_codex.gpt.model import GPT

IGNORED = -100


@dataclass(frozen=True)
class HeldOut:
    """The loss summed over a text.

    Attributes:
        nats: negative log-likelihood.
        tokens: predicted, the one that ends each document among them.
        size: bytes of UTF-8.
    """

    nats: float
    tokens: int
    size: int

    @property
    def per_token(self) -> float:
        """In nats."""
        return self.nats / self.tokens

    @property
    def per_byte(self) -> float:
        """In nats; comparable between tokenizers."""
        return self.nats / self.size


def held_out_texts(environment: Any, limit: int) -> list[str]:
    """Documents of the split `validation`, the first `limit` of them if that is not 0.

    Raises:
        UserError: there is none.
    """
    splits = list(environment.keys()) if hasattr(environment, "keys") else []
    if "validation" not in splits:
        raise UserError(
            f"the environment has no split 'validation', only {', '.join(splits) or 'no splits at all'}\n"
            "  use codex/chains or codex/code"
        )
    texts = [row["text"] for row in islice(environment["validation"], limit or None)]
    if not any(texts):
        raise UserError("the environment's split 'validation' has no text")
    return texts


def held_out_loss(model: GPT, texts: Iterable[str], batch_size: int) -> HeldOut:
    """The loss of a model in evaluation mode, every token of every document predicted once.

    Documents follow each other as in training, cut into rows of the model's context.

    Args:
        model: what predicts.
        texts: documents.
        batch_size: rows at once.
    """
    texts = list(texts)
    device = next(model.parameters()).device
    nats, tokens = 0.0, 0
    rows = _rows(model, texts)
    with torch.inference_mode():
        while batch := list(islice(rows, batch_size)):
            longest = len(batch[0]) - 1  # only the last row of all is shorter
            inputs = torch.full((len(batch), longest), model.tokenizer.end, device=device)
            targets = torch.full((len(batch), longest), IGNORED, device=device)
            for place, row in enumerate(batch):
                inputs[place, : len(row) - 1] = torch.tensor(row[:-1])
                targets[place, : len(row) - 1] = torch.tensor(row[1:])
                tokens += len(row) - 1
            nats += float(model.loss(inputs, targets, "sum"))
    return HeldOut(nats, tokens, sum(len(text.encode("utf-8", "surrogatepass")) for text in texts))


def _rows(model: GPT, texts: list[str]) -> Iterator[list[int]]:
    """Rows that overlap by a token; the first begins with the end of nothing."""
    end, context = model.tokenizer.end, model.config.context
    held = [end]
    for text in texts:
        held += [*model.tokenizer.encode(text), end]
        while len(held) > context:
            yield held[: context + 1]
            held = held[context:]
    if len(held) > 1:
        yield held
