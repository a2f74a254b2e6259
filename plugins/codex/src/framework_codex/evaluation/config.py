"""Parameters of the evaluators."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from framework import Param, Part
from framework.errors import UserError
from framework_codex.code_model import STOP_SEQUENCES, Sampling
from framework_codex.execution.verdict import JudgeConfig


@dataclass(frozen=True, kw_only=True)
class DrawConfig:
    """How samples are drawn."""

    n: Annotated[int, Param("samples to draw of each problem; recorded ones are all taken", ge=1)] = 100
    top_p: Annotated[
        float,
        Param("nucleus sampling: keep the likeliest tokens that together have this probability", gt=0, le=1),
    ] = 0.95
    max_tokens: Annotated[int, Param("maximum length of a sample", unit="tokens", ge=1)] = 300
    stop: Annotated[tuple[str, ...], Param("text that ends a sample and is cut off")] = STOP_SEQUENCES
    seed: Annotated[int, Param("seed of the sampling", ge=0)] = 0

    def sampling(self, temperature: float) -> Sampling:
        """How the model is asked."""
        return Sampling(
            temperature=float(temperature), top_p=self.top_p, max_tokens=self.max_tokens, stop=self.stop
        )


@dataclass(frozen=True, kw_only=True)
class SelectConfig:
    """Which of the environment's problems are taken."""

    lengths: Annotated[
        tuple[int, ...], Param("only problems with these numbers of chained blocks; empty: all", ge=0)
    ] = ()
    limit: Annotated[int, Param("maximum number of problems, spread evenly over the set; 0: all", ge=0)] = 0


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """How programs are judged."""

    judge: Annotated[JudgeConfig, Param("how programs are executed")] = field(default_factory=JudgeConfig)


@dataclass(frozen=True, kw_only=True)
class PassAtKConfig(RunConfig, SelectConfig, DrawConfig):
    """Parameters of pass@k; the defaults are the paper's (section 2.1, figure 5)."""

    n: Annotated[int, Param("samples to draw of each problem; recorded ones are all taken", ge=1)] = 200
    k: Annotated[tuple[int, ...], Param("the k of pass@k: at least one of k samples passes", ge=1)] = (
        1,
        10,
        100,
    )
    temperatures: Annotated[
        tuple[float, ...], Param("sampling temperatures, each with samples of its own", ge=0)
    ] = (
        0.2,
        0.4,
        0.6,
        0.8,
        1.0,
    )

    filtered: Annotated[
        bool, Param("also count only samples that pass the examples in the prompt (section 3.5)")
    ] = False

    def __post_init__(self) -> None:
        _refuse_empty(k=self.k, temperatures=self.temperatures)


@dataclass(frozen=True, kw_only=True)
class ChainLengthConfig(RunConfig, SelectConfig, DrawConfig):
    """Parameters of the pass rate by number of chained blocks (section 5.3, figure 11)."""

    n: Annotated[int, Param("samples to draw of each problem; recorded ones are all taken", ge=1)] = 20
    k: Annotated[
        tuple[int, ...], Param("the k of pass@k: at least one of k samples passes; 1 is always added", ge=1)
    ] = (1, 20)
    temperature: Annotated[float, Param("sampling temperature", ge=0)] = 0.8


@dataclass(frozen=True, kw_only=True)
class RankingConfig(RunConfig, SelectConfig, DrawConfig):
    """Parameters of choosing one of several samples (section 3.3, figure 7)."""

    of: Annotated[
        tuple[int, ...], Param("numbers of samples to choose from; empty: 1, 2, 5, 10 ... n", ge=1)
    ] = ()
    temperature: Annotated[float, Param("sampling temperature", ge=0)] = 0.8
    describer: Annotated[
        Path | None,
        Param("checkpoint of codex/docstrings, to rank by back-translation; null: leave that out"),
    ] = None


@dataclass(frozen=True, kw_only=True)
class BleuOverlapConfig(RunConfig, SelectConfig, DrawConfig):
    """Parameters of the BLEU scores of right and wrong programs (section 3.3, figure 8)."""

    temperature: Annotated[float, Param("sampling temperature", ge=0)] = 0.8
    panels: Annotated[int, Param("problems shown in the figure", ge=1, le=12)] = 4


@dataclass(frozen=True, kw_only=True)
class VariableBindingConfig(RunConfig, DrawConfig):
    """Parameters of the probe of binding operations to variables (section 6)."""

    n: Annotated[int, Param("samples per problem", ge=1)] = 20
    temperature: Annotated[float, Param("sampling temperature", ge=0)] = 0.2
    problems: Annotated[int, Param("problems for each number of operations", ge=1)] = 20
    variables: Annotated[int, Param("variables of each function", ge=2, le=6)] = 4
    operations: Annotated[
        tuple[int, ...],
        Param("numbers of operations to try: each adds to or subtracts from another variable", ge=0, le=6),
    ] = (0, 1, 2, 3, 4)

    def __post_init__(self) -> None:
        _refuse_empty(operations=self.operations)
        if max(self.operations) > self.variables:
            raise UserError(
                f"operations: {max(self.operations)} operations on different variables need as many "
                f"variables, and there are {self.variables}"
            )


@dataclass(frozen=True, kw_only=True)
class MisalignmentConfig(RunConfig, SelectConfig, DrawConfig):
    """Parameters of the pass rate after clean and after buggy code (section 7.2, figures 12 and 14)."""

    n: Annotated[int, Param("samples to draw of each problem in each context", ge=1)] = 20
    temperature: Annotated[float, Param("sampling temperature", ge=0)] = 0.2
    examples: Annotated[int, Param("solutions of other problems that stand before each", ge=1)] = 2


@dataclass(frozen=True, kw_only=True)
class InsecureCodeConfig(SelectConfig, DrawConfig):
    """Parameters of the share of programs that use cryptography insecurely (section 7.4, figure 15)."""

    n: Annotated[int, Param("samples to draw of each problem; recorded ones are all taken", ge=1)] = 30
    temperature: Annotated[float, Param("sampling temperature", ge=0)] = 0.8


@dataclass(frozen=True, kw_only=True)
class DocstringsConfig(SelectConfig, DrawConfig):
    """Parameters of grading the docstrings a model writes for chains (section 5)."""

    n: Annotated[int, Param("docstrings to draw of each problem", ge=1)] = 10
    k: Annotated[tuple[int, ...], Param("the k of pass@k: at least one of k docstrings is right", ge=1)] = (
        1,
        10,
    )
    stop: Annotated[tuple[str, ...], Param("text that ends a docstring and is cut off")] = ('"""',)
    temperature: Annotated[float, Param("sampling temperature", ge=0)] = 0.8

    def __post_init__(self) -> None:
        _refuse_empty(k=self.k)


@dataclass(frozen=True, kw_only=True)
class ScalingConfig:
    """Parameters of the held-out loss against model size (section 3.2, figure 4)."""

    models: Annotated[tuple[Path, ...], Param("checkpoints of codex/gpt in at least three sizes")]
    batch_size: Annotated[int, Param("sequences per batch", ge=1)] = 32
    limit: Annotated[int, Param("maximum number of held-out documents; 0: all", ge=0)] = 0


@dataclass(frozen=True, kw_only=True)
class BySizeConfig:
    """Parameters of what an evaluator finds of models of several sizes."""

    models: Annotated[
        dict[str, tuple[Path, ...]],
        Param("checkpoints of codex/gpt in several sizes, by what they have in common, such as `fresh`"),
    ]
    evaluator: Annotated[Any, Part("evaluator"), Param("what judges each of them")]
    metrics: Annotated[
        tuple[str, ...], Param("the evaluator's metrics that are shown; empty: all but ends of intervals")
    ] = ()
    batch_size: Annotated[int, Param("sequences per batch, for the held-out loss", ge=1)] = 32
    limit: Annotated[int, Param("maximum number of held-out documents; 0: all", ge=0)] = 0


@dataclass(frozen=True, kw_only=True)
class TokensConfig:
    """Parameters of what tokens for runs of whitespace save (section 3.2)."""

    vocab_size: Annotated[
        int, Param("size of the vocabulary, tokens for runs of spaces not counted", unit="tokens", ge=257)
    ] = 4096
    runs: Annotated[int, Param("longest run of spaces that is one token", ge=2)] = 32
    characters: Annotated[
        int, Param("training text that the tokenizers are learned from", unit="characters", ge=1)
    ] = 5_000_000
    limit: Annotated[int, Param("maximum number of held-out documents; 0: all", ge=0)] = 2000


def _refuse_empty(**values: tuple[object, ...]) -> None:
    for name, value in values.items():
        if not value:
            raise UserError(f"{name}: the list is empty; give at least one")
