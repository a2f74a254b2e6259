"""Training a GPT: on text, on solved tasks (Codex-S), on docstrings of code (Codex-D)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from framework import Report, Table
from framework.contracts import Progress, Served
from framework.errors import UserError
from framework.supervised.algorithm import Descent
from framework_codex.code_model import Completion, Request, Sampling
from framework_codex.gpt.model import GPT
from framework_codex.training import docstrings
from framework_codex.training.config import TrainingConfig
from framework_codex.training.examples import Example, Examples, collate
from framework_codex.training.pairs import pair_examples
from framework_codex.training.text import text_examples


class LanguageModel(Descent):
    """Minimise the negative log-likelihood of text (section 3.2 of the paper).

    One training step is one step of AdamW on `batch_tokens` tokens, in micro-batches.

    Args:
        environment: splits by name; learned from is `split`.
        model: the model.
        config: optimiser, schedule and budget.
    """

    split = "train"

    def __init__(self, environment: Any, model: GPT, config: TrainingConfig) -> None:
        super().__init__(config)
        if self.split not in environment:
            raise UserError(
                f"{type(self).__name__} learns from the split '{self.split}', and the environment has only "
                f"{', '.join(environment)}"
            )
        self.environment, self.model, self.config = environment, model, config
        self._examples: Examples | None = None
        self._restored: dict[str, Any] = {}

    def make_examples(self) -> Examples:
        """Text, packed."""
        context, config = self.model.config.context, self.config
        documents = self.environment[self.split]
        return text_examples(documents, self.model.tokenizer, context, config.window, config.seed)

    @property
    def examples(self) -> Examples:
        """Made when they are first needed: a trained model that is only evaluated needs none."""
        if self._examples is None:
            self._examples = self.make_examples()
            if self._restored:
                self._examples.supply.load_state_dict(self._restored["examples"])
        return self._examples

    # One step ------------------------------------------------------------------------------

    @property
    def learned(self) -> GPT:
        return self.model

    def accumulate(self) -> dict[str, float]:
        """Gradients of the mean loss over all processes' tokens; returns this one's, in nats per token."""
        world = self.world_size
        # Every process draws the same examples and learns from its share of them. Gradients are averaged
        # over processes: each divides by a process's mean number of tokens, not by its own.
        everyone = self.examples.supply.take(self.batch_size * world)
        examples = everyone[self.global_rank :: world]
        share = _learned(everyone) / world
        total = 0.0
        # Sequences of like length together pad less.
        ordered = sorted(examples, key=lambda example: len(example.tokens))
        for start in range(0, len(ordered), self.config.micro_batch):
            batch = collate(ordered[start : start + self.config.micro_batch])
            summed = self.model.loss(
                batch.tokens.to(self.device), batch.targets.to(self.device), reduction="sum"
            )
            self.manual_backward(summed / share)
            total += summed.item()
        return {"loss": total / _learned(examples)}

    # How far ---------------------------------------------------------------------------------

    @property
    def batch_size(self) -> int:
        """Sequences per step and process."""
        return max(1, round(self.config.batch_tokens / self.mean_length))

    @property
    def mean_length(self) -> float:
        """Tokens predicted per sequence."""
        known: float | None = self._restored.get("mean_length")
        return self.examples.mean_length if known is None else known

    @property
    def total_steps(self) -> int:
        return math.ceil(self.config.tokens / self.tokens_per_step)

    @property
    def tokens_per_step(self) -> float:
        return self.batch_size * self.world_size * self.mean_length

    def progress(self) -> Progress:
        each = self.tokens_per_step
        return Progress(round(self.steps_done * each), round(self.total_steps * each), "tokens")

    def data_state(self) -> dict[str, Any]:
        return {"examples": self.examples.supply.state_dict(), "mean_length": self.mean_length}

    def load_data_state(self, state: dict[str, Any]) -> None:
        self._restored, self._examples = state, None

    # What it can do --------------------------------------------------------------------------

    def generate(self, prompt: str, n: int = 1, sampling: Sampling | None = None, seed: int = 0) -> list[str]:
        """Continue a prompt.

        Args:
            prompt: what is continued.
            n: how many continuations.
            sampling: how they are drawn, and what ends them; `Sampling()` by default.
            seed: of the draws.

        Returns:
            The continuations, without the prompt.
        """
        return [one.text for one in self._draw(prompt, n, sampling or Sampling(), seed)]

    def _draw(self, prompt: str, n: int, sampling: Sampling, seed: int = 0) -> list[Completion]:
        requests = [Request("play", index, prompt, seed=seed) for index in range(n)]
        completions = dict(self.model.sample(requests, sampling))
        return [completions[index] for index in range(n)]

    def served(self) -> Served:
        """The next token's probabilities, from as many token numbers as the context holds."""
        tokens = np.full((2, self.model.config.context), self.model.tokenizer.end, np.int64)
        return Served(NextToken(self.model), {"tokens": tokens})

    def play(
        self,
        environment: Any,
        prompt: str = "",
        n: int = 3,
        temperature: float = 0.2,
        top_p: float = 0.95,
        max_tokens: int = 200,
    ) -> Report:
        """Continue a prompt, or the first problem's if none is given: `framework play RUN --prompt "..."`."""
        if not prompt:
            if "problems" not in environment:
                raise UserError('what should be continued? give --prompt "def ..."')
            prompt = environment["problems"][0]["prompt"]
        # A shell passes the two characters \\n where a new line is meant.
        prompt = str(prompt).replace("\\n", "\n")
        sampling = Sampling(temperature=temperature, top_p=top_p, max_tokens=max_tokens)
        drawn = self._draw(prompt, n, sampling)
        rows = [[i, one.finish, one.tokens, one.mean_logprob] for i, one in enumerate(drawn)]
        table = Table(["sample", "ended by", "tokens", "mean ln p"], rows)
        return Report(tables={"Samples": table}, notes=[prompt + one.text for one in drawn])


def _learned(examples: list[Example]) -> int:
    """Tokens that count in the loss."""
    return sum(len(example.tokens) - example.learned_from for example in examples)


class Supervised(LanguageModel):
    """Codex-S: fine-tune on solved tasks with the prompt's loss masked (section 4.5)."""

    split = "pairs"

    def make_examples(self) -> Examples:
        return pair_examples(self.pairs(), self.model.tokenizer, self.model.config.context, self.config.seed)

    def pairs(self) -> Iterator[tuple[str, str]]:
        """What is shown, and what is learned."""
        for row in self.environment[self.split]:
            yield row["prompt"], row["completion"]


class Docstrings(Supervised):
    """Codex-D: learn to write the docstring of given code (section 5)."""

    def pairs(self) -> Iterator[tuple[str, str]]:
        for prompt, completion in super().pairs():
            code, docstring = docstrings.take_apart(prompt, completion)
            if docstring:
                yield docstrings.describe_prompt(code), docstrings.describe_completion(docstring)


class NextToken(torch.nn.Module):
    """Token numbers `(b, t)` to the probabilities `(b, vocab_size)` of the next."""

    def __init__(self, model: GPT) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.model(tokens)[:, -1]
        return logits.softmax(-1)
