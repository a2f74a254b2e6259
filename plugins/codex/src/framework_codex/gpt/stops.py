"""Where a completion ends: stop sequences, looked for when a token that may complete one is drawn."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from framework_codex.gpt.tokenizer import Tokenizer


class Stops:
    """The stop sequences of a sampling, for one tokenizer.

    Args:
        stops: texts; empty ones are ignored.
        tokenizer: of the model.
        device: of `ending`.

    Attributes:
        ending: `(vocab,)` bool: tokens that may be the last: the end of text, and those that can
            complete a stop sequence. The text of a row is looked at only after one of these.
    """

    def __init__(self, stops: Sequence[str], tokenizer: Tokenizer, device: torch.device) -> None:
        self._stops = [stop.encode("utf-8", "replace") for stop in stops if stop]
        self._longest = max(map(len, self._stops), default=0)
        self._bytes_of = tokenizer.bytes_of
        ending = [any(_may_complete(token, stop) for stop in self._stops) for token in tokenizer.bytes_of]
        ending[tokenizer.end] = True
        self.ending: Tensor = torch.tensor(ending, device=device)

    def find(self, tokens: Sequence[int], skip: int) -> int | None:
        """Where in the bytes of the tokens the first stop sequence begins; None if there is none.

        Args:
            tokens: all drawn; no stop sequence was complete before the last.
            skip: bytes at the beginning in which none counts.
        """
        # The last token completes it, so that it begins at most so many tokens before.
        recent = b"".join([self._bytes_of[token] for token in tokens[-1 - self._longest :]])
        before = sum(len(self._bytes_of[token]) for token in tokens[: -1 - self._longest])
        found = [recent.find(stop, max(0, skip - before)) for stop in self._stops]
        return min((before + place for place in found if place >= 0), default=None)


def _may_complete(token: bytes, stop: bytes) -> bool:
    return stop in token or any(token.startswith(stop[-n:]) for n in range(1, min(len(stop), len(token)) + 1))
