"""Sampling many completions at once, each as if it were alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from framework_codex.code_model import Completion, Finish, Request, Sampling
from framework_codex.gpt.decoder import Decoder
from framework_codex.gpt.nucleus import draw
from framework_codex.gpt.precision import compute_type
from framework_codex.gpt.stops import Stops

if TYPE_CHECKING:
    from framework_codex.gpt.model import GPT

#: Completions that are drawn at a time, at most.
MAX_ROWS = 100


@dataclass
class _Row:
    """A completion in the making."""

    position: int
    uniforms: np.ndarray
    skip: bytes
    tokens: list[int] = field(default_factory=list)
    logprob: float = 0.0


def sample(
    model: GPT, requests: Sequence[Request], sampling: Sampling, max_rows: int = MAX_ROWS
) -> Iterator[tuple[int, Completion]]:
    """Yield `(position, completion)` as completions finish."""
    sampler = _Sampler(model, sampling, min(max_rows, len(requests)))
    order = sorted(range(len(requests)), key=lambda i: (len(requests[i].prompt), requests[i].prompt))
    waiting = [(i, requests[i]) for i in order]
    yield from sampler.run(waiting)


class _Sampler:
    def __init__(self, model: GPT, sampling: Sampling, max_rows: int) -> None:
        device = model.embedding.weight.device
        self.tokenizer, self.sampling, self.max_rows = model.tokenizer, sampling, max_rows
        self.context = model.config.context
        self.stops = Stops(sampling.stop, self.tokenizer)
        with torch.inference_mode():
            self.decoder = Decoder(model, max_rows, compute_type(model.config.precision, device))
        self.rows: list[_Row] = []

    def run(self, waiting: list[tuple[int, Request]]) -> Iterator[tuple[int, Completion]]:
        waiting.reverse()
        while waiting or self.rows:
            done = []
            with torch.inference_mode():
                while waiting and len(self.rows) < self.max_rows:
                    done += self._admit(waiting)
                if self.rows:
                    last = torch.tensor([row.tokens[-1] for row in self.rows])
                    done += self._advance(self.decoder.step(last), 0)
            yield from done

    def _admit(self, waiting: list[tuple[int, Request]]) -> list[tuple[int, Completion]]:
        prompt = waiting[-1][1].prompt
        first = len(self.rows)
        while waiting and waiting[-1][1].prompt == prompt and len(self.rows) < self.max_rows:
            position, request = waiting.pop()
            random = np.random.Generator(np.random.Philox(np.random.SeedSequence(request.entropy())))
            skip = self.tokenizer.open_end(prompt).encode("utf-8", "replace")
            self.rows.append(_Row(position, random.random(self.sampling.max_tokens), skip))
        tokens = self.tokenizer.head(prompt)
        room = min(self.sampling.max_tokens, self.context // 4)
        new = len(self.rows) - first
        logits = self.decoder.prefill(tokens[-(self.context - room) :], first, new)
        return self._advance(logits.expand(new, -1), first)

    def _advance(self, logits: Tensor, first: int) -> list[tuple[int, Completion]]:
        """Draw a token for the rows from `first` on, and take out those that are finished."""
        rows = self.rows[first:]
        logits = self._constrained(logits, rows)
        uniforms = torch.tensor([row.uniforms[len(row.tokens)] for row in rows], dtype=torch.float32)
        tokens, logprobs = draw(logits, uniforms, self.sampling.temperature, self.sampling.top_p)
        done, kept = [], []
        for i, (row, token, logprob) in enumerate(zip(rows, tokens.tolist(), logprobs.tolist(), strict=True)):
            row.tokens.append(token)
            row.logprob += logprob
            finish, cut = self._finish(row, int(self.decoder.lengths[first + i]))
            if finish is None:
                kept.append(first + i)
            else:
                text = b"".join([self.tokenizer.bytes_of[token] for token in row.tokens])
                text = (text if cut < 0 else text[:cut])[len(row.skip) :]
                completion = Completion(text.decode("utf-8", "replace"), len(row.tokens), row.logprob, finish)
                done.append((row.position, completion))
        if done:
            order = torch.tensor([*range(first), *kept], dtype=torch.long)
            self.decoder.keep(order)
            self.rows = [self.rows[i] for i in order.tolist()]
        return done

    def _constrained(self, logits: Tensor, rows: list[_Row]) -> Tensor:
        for i, row in enumerate(rows):
            made = sum(len(self.tokenizer.bytes_of[token]) for token in row.tokens) if row.skip else 0
            if made < len(row.skip):
                logits = logits.clone()
                allowed = torch.zeros(logits.shape[-1], dtype=torch.bool)
                allowed[self.tokenizer.continuing(row.skip[made:])] = True
                logits[i, ~allowed] = -torch.inf
        return logits

    def _finish(self, row: _Row, length: int) -> tuple[Finish | None, int]:
        token = row.tokens[-1]
        if token == self.tokenizer.end:
            return "end", -1
        if self.stops.completing[token] and (cut := self.stops.find(row.tokens, len(row.skip))) >= 0:
            return "stop", cut
        if len(row.tokens) == self.sampling.max_tokens or length == self.context:
            return "length", -1
        return None, -1
