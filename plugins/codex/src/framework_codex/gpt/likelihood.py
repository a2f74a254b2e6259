"""How likely a model finds given text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from framework_codex.code_model import Likelihood

if TYPE_CHECKING:
    from framework_codex.gpt.model import GPT


def likelihood(model: GPT, pairs: Sequence[tuple[str, str]]) -> list[Likelihood]:
    """Find ln P(continuation | prompt) of each pair."""
    from framework_codex.gpt.cross_entropy import IGNORE

    split = [model.tokenizer.split(prompt, continuation) for prompt, continuation in pairs]
    device = model.embedding.weight.device
    results = []
    with torch.inference_mode():
        for head, tail in split:
            ids = torch.tensor([*head, *tail], device=device)[-model.config.context - 1 :]
            targets = ids[1:].clone()
            targets[: max(0, len(targets) - len(tail))] = IGNORE
            total = model.loss(ids[None, :-1], targets[None], "sum")
            results.append(Likelihood(-float(total), len(tail)))
    return results
