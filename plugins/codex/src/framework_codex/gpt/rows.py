"""What each row of a batch has drawn so far, and when it is finished."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from framework_codex.code_model import Completion, Finish, Request, Sampling
from framework_codex.gpt.nucleus import UNIFORMS, draw
from framework_codex.gpt.stops import Stops
from framework_codex.gpt.tokenizer import Tokenizer

REST = -1


class Rows:
    """Rows that work on requests, or rest.

    Args:
        tokenizer: of the model.
        sampling: how to draw.
        capacity: rows at most.
        context: of the model, in tokens.
        device: of the logits.

    Attributes:
        numbers: the request each row works on, `REST` if none.
    """

    def __init__(
        self, tokenizer: Tokenizer, sampling: Sampling, capacity: int, context: int, device: torch.device
    ) -> None:
        self.numbers: list[int] = []
        self._tokenizer, self._sampling, self._context = tokenizer, sampling, context
        self._stops = Stops(sampling.stop, tokenizer, device)
        self._limit = min(sampling.max_tokens, context)
        self._tokens = torch.zeros((capacity, self._limit), dtype=torch.long, device=device)
        self._counts = torch.zeros(capacity, dtype=torch.long, device=device)
        self._logprobs = torch.zeros(capacity, dtype=torch.double, device=device)
        self._uniforms = torch.zeros((capacity, self._limit, UNIFORMS), device=device)
        # Rows that first have to repeat the open end of their prompt: the whole of it, and what is left.
        self._skip: dict[int, int] = {}
        self._forced: dict[int, bytes] = {}
        self._masks: dict[bytes, Tensor] = {}

    def begin(self, row: int, number: int, request: Request) -> None:
        """Put a row to work; `row` rests, or is the next one after the last."""
        if row == len(self.numbers):
            self.numbers.append(number)
        self.numbers[row] = number
        self._counts[row] = 0
        self._logprobs[row] = 0.0
        random = np.random.Generator(np.random.Philox(np.random.SeedSequence(request.entropy())))
        uniforms = random.random((self._limit, UNIFORMS), dtype=np.float32)
        self._uniforms[row] = torch.from_numpy(uniforms)
        end = self._tokenizer.open_end(request.prompt).encode("utf-8", "replace")
        self._skip[row] = len(end)
        self._forced.pop(row, None)
        if end:
            self._forced[row] = end

    def resting(self) -> list[int]:
        """Rows without work."""
        return [row for row, number in enumerate(self.numbers) if number == REST]

    def last(self) -> Tensor:
        """The last token of every row, `(n,)`."""
        n = len(self.numbers)
        return self._tokens[torch.arange(n, device=self._tokens.device), (self._counts[:n] - 1).clamp_(min=0)]

    def advance(self, logits: Tensor, rows: Tensor, positions: Tensor) -> list[tuple[int, Completion]]:
        """Draw a token for each of some rows; return what is finished, by number of the request.

        Args:
            logits: `(n, vocab)`.
            rows: `(n,)`.
            positions: `(n,)`: tokens the model has seen of each.
        """
        which = rows.tolist() if self._forced else []
        counts = self._counts[rows]
        uniforms = self._uniforms[rows, counts]
        sampling = self._sampling
        tokens, logprobs = draw(
            self._constrained(logits, which), uniforms, sampling.temperature, sampling.top_p
        )
        self._tokens[rows, counts] = tokens
        self._counts[rows] = counts + 1
        self._logprobs[rows] += logprobs
        self._consume(which, tokens)
        ending = self._stops.ending[tokens] | (counts + 1 == self._limit) | (positions >= self._context)
        done = []
        for i in ending.nonzero()[:, 0].tolist():
            row = int(rows[i])
            finished = self._finished(row, bool(positions[i] >= self._context))
            if finished is not None and self.numbers[row] != REST:
                done.append((self.numbers[row], finished))
            if finished is not None or self.numbers[row] == REST:
                self.numbers[row] = REST
                self._counts[row] = 0
        return done

    def keep(self, rows: Sequence[int]) -> None:
        """Drop all rows but these, given in ascending order."""
        source = torch.tensor(rows, dtype=torch.long, device=self._tokens.device)
        for tensor in (self._tokens, self._counts, self._logprobs, self._uniforms):
            tensor[: len(rows)] = tensor[source]
        self.numbers = [self.numbers[row] for row in rows]
        self._skip = {new: self._skip[row] for new, row in enumerate(rows)}
        self._forced = {new: self._forced[row] for new, row in enumerate(rows) if row in self._forced}

    def _finished(self, row: int, full: bool) -> Completion | None:
        count = int(self._counts[row])
        tokens = self._tokens[row, :count].tolist()
        finish: Finish
        cut = None
        if tokens[-1] == self._tokenizer.end:
            finish = "end"
        elif (cut := self._stops.find(tokens, self._skip[row])) is not None:
            finish = "stop"
        elif full or count == self._limit:
            finish = "length"
        else:
            return None
        data = b"".join([self._tokenizer.bytes_of[token] for token in tokens])
        text = data[self._skip[row] : cut].decode("utf-8", "replace")
        return Completion(text, count, float(self._logprobs[row]), finish)

    def _constrained(self, logits: Tensor, rows: list[int]) -> Tensor:
        forced = [i for i, row in enumerate(rows) if row in self._forced]
        if forced:
            logits = logits.clone()
            for i in forced:
                logits[i] += self._mask(self._forced[rows[i]], logits)
        return logits

    def _mask(self, end: bytes, logits: Tensor) -> Tensor:
        if end not in self._masks:
            mask = torch.full_like(logits[0], -torch.inf)
            mask[self._tokenizer.continuing(end)] = 0.0
            self._masks[end] = mask
        return self._masks[end]

    def _consume(self, rows: list[int], tokens: Tensor) -> None:
        for i, row in enumerate(rows):
            if row in self._forced:
                left = self._forced[row][len(self._tokenizer.bytes_of[int(tokens[i])]) :]
                if left:
                    self._forced[row] = left
                else:
                    del self._forced[row]
