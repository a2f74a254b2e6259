"""GPT: the network, and what it does with text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from framework_codex.code_model import Completion, Likelihood, Request, Sampling
from framework_codex.gpt.likelihood import likelihood
from framework_codex.gpt.network import Network
from framework_codex.gpt.sampling import sample


class GPT(Network):
    """A `CodeModel` that can be trained; also `Scores`."""

    def sample(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[int, Completion]]:
        return sample(self, requests, sampling)

    def likelihood(self, pairs: Sequence[tuple[str, str]]) -> list[Likelihood]:
        return likelihood(self, pairs)
