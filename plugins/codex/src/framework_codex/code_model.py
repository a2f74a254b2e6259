"""What evaluators ask of a model of code: samples, and the likelihood of given text."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol, TypeAlias, runtime_checkable

from framework import Param

Finish: TypeAlias = Literal["stop", "length", "end"]

#: Section 2.1 of the paper: a line that begins with one of these ends the function.
STOP_SEQUENCES = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How completions are drawn."""

    temperature: Annotated[float, Param("0 takes the likeliest token", ge=0)] = 0.8
    top_p: Annotated[
        float, Param("nucleus sampling: keep the likeliest tokens with this probability together", gt=0, le=1)
    ] = 0.95
    max_tokens: Annotated[int, Param("longest completion", unit="tokens", ge=1)] = 300
    stop: Annotated[tuple[str, ...], Param("text that ends a completion and is cut off")] = STOP_SEQUENCES


@dataclass(frozen=True)
class Request:
    """One sample that is wanted.

    Attributes:
        task_id: of the problem.
        index: number of the sample among those of its problem.
        prompt: text to continue.
        suffix: text that follows the gap, for models that infill.
        seed: of the experiment; the draws depend on it, the task and the index alone, never
            on what else is in the batch.
    """

    task_id: str
    index: int
    prompt: str
    suffix: str = ""
    seed: int = 0

    def entropy(self) -> list[int]:
        """Numbers that seed this sample's own random stream."""
        digest = hashlib.sha256(f"{self.seed}\0{self.task_id}\0{self.index}".encode()).digest()
        return [int.from_bytes(digest[i : i + 8], "little") for i in (0, 8, 16, 24)]


@dataclass(frozen=True)
class Completion:
    """A drawn continuation.

    Attributes:
        text: without the stop sequence that ended it.
        tokens: how many were drawn; 0 if it is not known.
        logprob: sum of ln p of the drawn tokens at temperature 1; NaN if it is not known.
        finish: a stop sequence, the token limit, or the model's own end of text.
    """

    text: str
    tokens: int = 0
    logprob: float = math.nan
    finish: Finish = "stop"

    @property
    def mean_logprob(self) -> float:
        """Per token."""
        return self.logprob / self.tokens if self.tokens else math.nan


@dataclass(frozen=True)
class Likelihood:
    """ln P(text | prompt): its sum over tokens, and how many tokens."""

    logprob: float
    tokens: int


@runtime_checkable
class CodeModel(Protocol):
    """A model codex's evaluators can judge."""

    def fingerprint(self) -> str:
        """Changes whenever the samples would: weights, tokenizer, file."""
        ...

    def sample(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[int, Completion]]:
        """Yield `(position in requests, completion)` as soon as each is finished."""
        ...


@runtime_checkable
class Scores(Protocol):
    """A model that also tells how likely it finds a text."""

    def likelihood(self, pairs: Sequence[tuple[str, str]]) -> list[Likelihood]:
        """The likelihood of each `(prompt, continuation)`."""
        ...


@runtime_checkable
class Recorded(Protocol):
    """A model whose samples were drawn elsewhere, at a temperature it does not know."""

    def counts(self) -> Mapping[str, int]:
        """How many samples there are, by task id."""
        ...


def code_model_of(algorithm: Any) -> CodeModel:
    """The model behind what an evaluator is given: an algorithm's `model`, or a model itself.

    Raises:
        UserError: it cannot sample.
    """
    from framework.errors import UserError

    model = algorithm if isinstance(algorithm, CodeModel) else getattr(algorithm, "model", None)
    if not isinstance(model, CodeModel):
        raise UserError(
            f"{type(algorithm).__name__} cannot sample code\n  use one of the models codex/gpt, codex/hf, "
            "codex/openai_api, codex/recorded_samples"
        )
    return model
