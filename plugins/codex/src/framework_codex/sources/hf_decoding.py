"""Draw many completions side by side from a network of transformers."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from framework.errors import UserError
from framework_codex.code_model import Completion, Finish, Request, Sampling
from framework_codex.gpt.nucleus import UNIFORMS, draw
from framework_codex.sources.answer import cut
from framework_codex.sources.hf_text import Text


@dataclass
class Row:
    """A completion in the making."""

    position: int
    head: list[int]
    uniforms: NDArray[np.float64]
    ends: set[int]
    tokens: list[int] = field(default_factory=list)
    logprob: float = 0.0


def rows_of(requests: Sequence[Request], sampling: Sampling, text: Text) -> list[Row]:
    """A row for each request; those with a long prompt first, those with the same one together."""
    heads: dict[tuple[str, str], list[int]] = {}
    rows = []
    for position, request in enumerate(requests):
        key = (request.prompt, request.suffix)
        if key not in heads:
            heads[key] = text.head(request, sampling.max_tokens)
        # Numbers of its own, so that what else is drawn beside it does not matter.
        stream = np.random.Generator(np.random.Philox(np.random.SeedSequence(request.entropy())))
        ends = text.fill_ends if request.suffix and text.infill else text.ends
        uniforms = stream.random((sampling.max_tokens, UNIFORMS))
        rows.append(Row(position, heads[key], uniforms, ends))
    return sorted(rows, key=lambda row: (-len(row.head), row.head))


class Batch:
    """Rows that are continued together; finished ones leave it.

    Prompts are padded on the left, so that all rows continue at the same place of the cache.
    """

    def __init__(self, network: Any, text: Text, rows: list[Row], sampling: Sampling) -> None:
        self.network, self.text, self.rows, self.sampling = network, text, rows, sampling
        self.device = next(network.parameters()).device
        self.window = 4 + max((len(stop.encode("utf-8", "replace")) for stop in sampling.stop), default=0)
        self.cache: Any = None
        self.takes = set(inspect.signature(network.forward).parameters)

    @torch.inference_mode()
    def start(self) -> list[tuple[int, Completion]]:
        """Read the prompts, each once, and draw the first tokens."""
        heads = list(dict.fromkeys(tuple(row.head) for row in self.rows))
        longest = max(map(len, heads))
        tokens = torch.tensor([[0] * (longest - len(head)) + list(head) for head in heads])
        mask = torch.tensor([[0] * (longest - len(head)) + [1] * len(head) for head in heads])
        tokens, self.mask = tokens.to(self.device), mask.to(self.device)
        logits = self._forward(tokens, (self.mask.cumsum(-1) - 1).clamp(min=0))
        places = {head: i for i, head in enumerate(heads)}
        which = torch.tensor([places[tuple(row.head)] for row in self.rows], device=self.device)
        self._select(which)
        return self._draw(logits[which])

    @torch.inference_mode()
    def step(self) -> list[tuple[int, Completion]]:
        """Draw a token for each row; return what is finished by it."""
        tokens = torch.tensor([[row.tokens[-1]] for row in self.rows], device=self.device)
        self.mask = torch.cat([self.mask, torch.ones_like(tokens)], dim=1)
        return self._draw(self._forward(tokens, self.mask.sum(-1, keepdim=True) - 1))

    def _forward(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Logits `(rows, vocab)` of the next token, float32."""
        options = {"position_ids": positions, "logits_to_keep": 1}
        answer = self.network(
            input_ids=tokens,
            attention_mask=self.mask,
            past_key_values=self.cache,
            use_cache=True,
            **{name: value for name, value in options.items() if name in self.takes},
        )
        self.cache = getattr(answer, "past_key_values", None)
        if not hasattr(self.cache, "reorder_cache"):
            raise UserError(
                f"{type(self.network).__name__} keeps its past in a way that codex/hf cannot handle\n"
                "  serve it, with vLLM for example, and use codex/openai_api"
            )
        # Networks often have more rows than the tokenizer has tokens; those stand for no text.
        logits: Tensor = answer.logits[:, -1, : self.text.size].float()
        return logits

    def _draw(self, logits: Tensor) -> list[tuple[int, Completion]]:
        numbers = np.stack([row.uniforms[len(row.tokens)] for row in self.rows])
        uniforms = torch.from_numpy(numbers).to(self.device, torch.float32)
        tokens, logprobs = draw(logits, uniforms, self.sampling.temperature, self.sampling.top_p)
        done, kept = [], []
        for i, (token, logprob) in enumerate(zip(tokens.tolist(), logprobs.tolist(), strict=True)):
            row = self.rows[i]
            row.tokens.append(token)
            row.logprob += logprob
            completion = self._finished(row)
            if completion is None:
                kept.append(i)
            else:
                done.append((row.position, completion))
        if done and kept:
            self._select(torch.tensor(kept, device=self.device))
        self.rows = [self.rows[i] for i in kept]
        return done

    def _finished(self, row: Row) -> Completion | None:
        finish: Finish
        drawn = row.tokens
        if drawn[-1] in row.ends:
            finish, text = "end", self.text.completion(row.head, drawn[:-1])
        elif any(stop and stop in self.text.recent(drawn[-self.window :]) for stop in self.sampling.stop):
            text = self.text.completion(row.head, drawn)
            end = cut(text, self.sampling.stop)
            if end == len(text):
                return None
            finish, text = "stop", text[:end]
        elif len(drawn) == self.sampling.max_tokens or len(row.head) + len(drawn) >= self.text.context:
            finish, text = "length", self.text.completion(row.head, drawn)
        else:
            return None
        return Completion(text, len(drawn), row.logprob, finish)

    def _select(self, rows: Tensor) -> None:
        self.cache.reorder_cache(rows)
        self.mask = self.mask[rows]
