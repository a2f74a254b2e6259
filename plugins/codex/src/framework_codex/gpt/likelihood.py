"""How likely a model finds given text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from framework.supervised.precision import autocast
from framework_codex.code_model import Likelihood
from framework_codex.gpt.cross_entropy import IGNORE, cross_entropy
from framework_codex.gpt.network import Network

#: Tokens that are looked at together, padding included.
BATCH = 8192


@dataclass
class _Window:
    """A part of a text that fits the context.

    Attributes:
        pair: which text it is of.
        tokens: `t + 1` of them.
        first: place of the first token that is scored here.
        allowed: by place, the tokens that could stand there, where the prompt's open end
            leaves only some.
    """

    pair: int
    tokens: list[int]
    first: int
    allowed: dict[int, list[int]]


def likelihood(model: Network, pairs: Sequence[tuple[str, str]]) -> list[Likelihood]:
    """Find ln P(continuation | prompt) of each pair; what `GPT.likelihood` does.

    It is what sampling would have reported for the same tokens. A text longer than the
    context is gone through in parts, each token seeing at least half of it where there is so much.
    """
    windows: list[_Window] = []
    counts = []
    for number, (prompt, continuation) in enumerate(pairs):
        head, tail = model.tokenizer.split(prompt, continuation)
        counts.append(len(tail))
        allowed = _allowed(model, prompt, tail, len(head))
        windows += _windows(number, [*head, *tail], len(head), allowed, model.config.context)
    sums = torch.zeros(len(pairs), dtype=torch.double)
    with torch.inference_mode():
        for batch in _batches(windows):
            for window, logprob in zip(batch, _score(model, batch), strict=True):
                sums[window.pair] += logprob
    return [Likelihood(float(total), count) for total, count in zip(sums, counts, strict=True)]


def _allowed(model: Network, prompt: str, tail: list[int], first: int) -> dict[int, list[int]]:
    left, found = model.tokenizer.open_end(prompt).encode("utf-8", "replace"), {}
    for place, token in enumerate(tail, first):
        if not left:
            break
        found[place] = model.tokenizer.continuing(left)
        left = left[len(model.tokenizer.bytes_of[token]) :]
    return found


def _windows(
    pair: int, tokens: list[int], first: int, allowed: dict[int, list[int]], context: int
) -> Iterator[_Window]:
    while first < len(tokens):
        fits = len(tokens) - first <= context
        start = max(0, min(first - 1, len(tokens) - context - 1) if fits else first - context // 2)
        end = min(len(tokens), start + context + 1)
        here = {place - start: those for place, those in allowed.items() if first <= place < end}
        yield _Window(pair, tokens[start:end], first - start, here)
        first = end


def _batches(windows: list[_Window]) -> Iterator[list[_Window]]:
    """Windows of like length together."""
    batch: list[_Window] = []
    for window in sorted(windows, key=lambda window: len(window.tokens)):
        if batch and (len(batch) + 1) * len(window.tokens) > BATCH:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch


def _score(model: Network, batch: list[_Window]) -> list[float]:
    device, longest = model.embedding.weight.device, len(batch[-1].tokens) - 1
    tokens = torch.zeros((len(batch), longest), dtype=torch.long)
    targets = torch.full((len(batch), longest), IGNORE)
    for row, window in enumerate(batch):
        ids = torch.tensor(window.tokens)
        tokens[row, : len(ids) - 1] = ids[:-1]
        targets[row, window.first - 1 : len(ids) - 1] = ids[window.first :]
    with autocast(model.config.precision, device):
        features = model.features(tokens.to(device))
        losses = cross_entropy(features.flatten(0, 1), model.output, targets.to(device).flatten())
        totals = -losses.view(len(batch), longest).double().sum(1)
        for row, window in enumerate(batch):
            for place, those in window.allowed.items():
                totals[row] -= _mass(model, features[row, place - 1], those)
    scores: list[float] = totals.tolist()
    return scores


def _mass(model: Network, features: Tensor, tokens: list[int]) -> Tensor:
    """Ln of the probability that one of these tokens comes next."""
    logits = F.linear(features, model.output.to(features.dtype)).float()
    return logits.log_softmax(-1)[tokens].logsumexp(-1)
