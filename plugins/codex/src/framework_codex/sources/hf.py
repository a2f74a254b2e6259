"""Any local causal language model of transformers."""

from __future__ import annotations

import hashlib
import inspect
import logging
import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from framework.errors import UserError
from framework_codex.code_model import Completion, Likelihood, Request, Sampling
from framework_codex.sources.config import HfConfig
from framework_codex.sources.hf_decoding import Batch, Row, rows_of
from framework_codex.sources.hf_loading import load
from framework_codex.sources.hf_text import Text

log = logging.getLogger("framework")

# Logits in memory at a time while a likelihood is computed: 2^27 float32 are half a GiB.
_LOGITS = 2**27


class HfModel(nn.Module):
    """A `CodeModel` and `Scores` from a folder in the Hugging Face format.

    Prompts that do not leave room for a completion keep their end. The draws of a sample depend
    on the request alone; what else is in the batch shows only in the last bits of the logits.

    Args:
        environment: not looked at.
        config: the parameters.

    Raises:
        UserError: transformers is not installed, or the folder holds no causal language model.
    """

    def __init__(self, environment: Any, config: HfConfig) -> None:
        super().__init__()
        self.config = config
        self.network, self.tokenizer = load(config)
        self.text = Text(self.tokenizer, self.network, config.infill == "tokens")
        self.eval()
        self._printed: tuple[object, str] | None = None

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits `(b, t, vocab)` of each next token, from tokens `(b, t)`."""
        logits: Tensor = self.network(input_ids=tokens, use_cache=False).logits
        return logits

    def fingerprint(self) -> str:
        """Of weights, their type, the tokenizer, and what becomes of suffixes."""
        state = self.network.state_dict()
        version = tuple((value.data_ptr(), value._version) for value in state.values())
        if self._printed is None or self._printed[0] != version:
            digest = hashlib.sha256(self.text.description().encode("utf-8", "surrogatepass"))
            digest.update(f"{self.config.infill} {self.text.context} {sorted(self.text.ends)}".encode())
            for name, value in state.items():
                digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
                digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
            self._printed = version, digest.hexdigest()
        return self._printed[1]

    def sample(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[int, Completion]]:
        """Completions as they are finished, `batch_size` drawn side by side.

        Raises:
            UserError: memory does not suffice for one, or the model cannot fill in the middle.
        """
        waiting = rows_of(requests, sampling, self.text)
        size = self.config.batch_size
        while waiting:
            rows, done = waiting[:size], set()
            failure: str | None = None
            try:
                for position, completion in self._continued(list(rows), sampling):
                    done.add(position)
                    yield position, completion
            except (RuntimeError, MemoryError) as error:
                if not _out_of_memory(error):
                    raise
                failure = f"{type(error).__name__}: {error}"
            waiting = [row for row in rows if row.position not in done] + waiting[size:]
            if failure is not None:
                size = self._smaller(len(rows), failure)
                waiting = [_afresh(row) for row in waiting]

    def _continued(self, rows: list[Row], sampling: Sampling) -> Iterator[tuple[int, Completion]]:
        batch = Batch(self.network, self.text, rows, sampling)
        yield from batch.start()
        while batch.rows:
            yield from batch.step()

    def likelihood(self, pairs: Sequence[tuple[str, str]]) -> list[Likelihood]:
        """Find ln P(continuation | prompt), as tokens are split where both meet.

        Of a prompt that does not fit the context its end counts; a continuation that does not
        fit is read in parts, each after at least half a context of text.
        """
        found = []
        for prompt, continuation in pairs:
            head, tail = self.text.encode(prompt) or [self.text.begin()], self.text.continuation(continuation)
            total = math.fsum(self._logprob(head, tail))
            found.append(Likelihood(total, len(tail)))
        return found

    @torch.inference_mode()
    def _logprob(self, head: list[int], tail: list[int]) -> Iterator[float]:
        device = next(self.network.parameters()).device
        takes = inspect.signature(self.network.forward).parameters
        whole, done = [*head, *tail], len(head)
        part = max(1, min(self.text.context // 2, _LOGITS // self.text.size))
        while done < len(whole):
            end = min(done + part, len(whole))
            tokens = torch.tensor(whole[max(0, end - self.text.context) : end], device=device)
            options = {"logits_to_keep": end - done} if "logits_to_keep" in takes else {}
            logits = self.network(input_ids=tokens[None, :-1], use_cache=False, **options).logits
            logits = logits[0, done - end :, : self.text.size].float()
            chosen = logits.gather(-1, tokens[done - end :, None])[:, 0]
            yield from (chosen - logits.logsumexp(-1)).tolist()
            done = end

    def _smaller(self, size: int, failure: str) -> int:
        if size <= 1:
            raise UserError(
                f"memory does not suffice for one completion: {failure.splitlines()[0][:200]}\n"
                "  try dtype: bfloat16, fewer max_tokens, or another device"
            )
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        log.warning("memory does not suffice for %d completions at once: going on with %d", size, size // 2)
        return size // 2


def _afresh(row: Row) -> Row:
    return Row(row.position, row.head, row.uniforms, row.ends)


def _out_of_memory(error: BaseException) -> bool:
    # On a CPU torch raises a plain RuntimeError.
    text = str(error)
    return (
        isinstance(error, (torch.OutOfMemoryError, MemoryError))
        or "not enough memory" in text
        or "can't allocate memory" in text
    )
