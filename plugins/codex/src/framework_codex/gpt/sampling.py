"""Sampling many completions at once, each with random numbers of its own.

What a request draws depends on its `entropy()` alone, not on what else is in the batch or in
which order. Rounding does differ with the number of rows that are multiplied together, so
that two batch sizes may still, rarely, part at a token whose probability lies on the edge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import torch

from framework.supervised.precision import compute_type
from framework_codex.code_model import Completion, Request, Sampling
from framework_codex.gpt.cache import Prefix
from framework_codex.gpt.decoder import Decoder
from framework_codex.gpt.network import Network
from framework_codex.gpt.rows import REST, Rows

#: From so many requests on, a prompt's keys and values are shared and not copied to each row.
SHARE = 8

#: Bytes that keys and values of the rows may take.
MEMORY = 4 << 30


def sample(
    model: Network, requests: Sequence[Request], sampling: Sampling
) -> Iterator[tuple[int, Completion]]:
    """Yield `(position, completion)` as completions finish; what `GPT.sample` does.

    A prompt that leaves less than a quarter of the context is cut at its beginning. A
    completion ends with the context at the latest, and is then of finish `length`.
    """
    if not requests:
        return
    with torch.inference_mode():
        sampler = _Sampler(model, requests, sampling)
    while True:
        # Not while the caller works with what it was given.
        with torch.inference_mode():
            done = sampler.step()
        yield from done
        if sampler.finished:
            return


class _Waiting:
    """The requests of one prompt that have no row yet."""

    def __init__(self, prompt: str, numbers: list[int]) -> None:
        self.prompt, self.numbers = prompt, numbers
        self.share = len(numbers) >= SHARE
        self.prefix: Prefix | None = None


class _Sampler:
    """Gives requests to the rows of a decoder."""

    def __init__(self, model: Network, requests: Sequence[Request], sampling: Sampling) -> None:
        config, self.device = model.config, model.embedding.weight.device
        dtype = compute_type(config.precision, self.device)
        per_row = 4 * config.layers * config.context * config.width * dtype.itemsize
        self.capacity = max(1, min(config.sample_batch, len(requests), MEMORY // per_row))
        self.tokenizer, self.requests = model.tokenizer, requests
        self.longest = config.context - min(sampling.max_tokens, config.context // 4)
        self.decoder = Decoder(model, self.capacity, dtype)
        self.cache = self.decoder.cache
        self.rows = Rows(self.tokenizer, sampling, self.capacity, config.context, self.device)

        def prompt(number: int) -> str:
            return requests[number].prompt

        # Equal prompts one after the other, those of like length near each other.
        order = sorted(range(len(requests)), key=lambda number: (len(prompt(number)), prompt(number)))
        self.queue = [_Waiting(text, list(numbers)) for text, numbers in groupby(order, key=prompt)]

    @property
    def finished(self) -> bool:
        """Whether every request was answered."""
        return not self.queue and all(number == REST for number in self.rows.numbers)

    def step(self) -> list[tuple[int, Completion]]:
        """Put waiting requests into free rows and draw a token for each row."""
        done = self._replace()
        resting = self.rows.resting()
        if resting and (len(resting) * 8 >= self.capacity or not self.queue):
            self._compact()
        done += self._fill()
        self.cache.rest(self.rows.resting())
        if self.rows.numbers:
            logits = self.decoder.step(self.rows.last())
            done += self._advance(logits, range(len(self.rows.numbers)))
        return done

    def _replace(self) -> list[tuple[int, Completion]]:
        """Give rows that rest to requests of the same prompt: nothing has to be moved."""
        if not self.queue or not self.queue[0].share or self.queue[0].prefix is None:
            return []
        waiting, new = self.queue[0], []
        prefix = waiting.prefix
        assert prefix is not None
        alike = self.cache.rows_of(prefix)
        for row in self.rows.resting():
            if row in alike and waiting.numbers:
                self.cache.renew(row, prefix)
                self._begin(row, waiting)
                new.append(row)
        return self._first(waiting, new)

    def _compact(self) -> None:
        kept = [row for row, number in enumerate(self.rows.numbers) if number != REST]
        self.cache.keep(kept)
        self.rows.keep(kept)

    def _fill(self) -> list[tuple[int, Completion]]:
        """Add rows for waiting requests as long as there is room."""
        done = []
        while self.queue and len(self.rows.numbers) < self.capacity:
            waiting = self.queue[0]
            if waiting.prefix is None:
                waiting.prefix = self.decoder.read(self.tokenizer.head(waiting.prompt)[-self.longest :])
            first = len(self.rows.numbers)
            count = min(self.capacity - first, len(waiting.numbers))
            self.cache.append(waiting.prefix, count, waiting.share)
            for row in range(first, first + count):
                self._begin(row, waiting)
            done += self._first(waiting, range(first, first + count))
        return done

    def _begin(self, row: int, waiting: _Waiting) -> None:
        number = waiting.numbers.pop()
        self.rows.begin(row, number, self.requests[number])

    def _first(self, waiting: _Waiting, rows: Sequence[int]) -> list[tuple[int, Completion]]:
        """Draw the first token of rows that have just begun."""
        if not waiting.numbers:
            self.queue.remove(waiting)
        if not rows or waiting.prefix is None:
            return []
        return self._advance(waiting.prefix.logits.expand(len(rows), -1), rows)

    def _advance(self, logits: torch.Tensor, rows: Sequence[int]) -> list[tuple[int, Completion]]:
        which = torch.tensor(rows, device=self.device)
        return self.rows.advance(logits, which, self.cache.positions[which])
