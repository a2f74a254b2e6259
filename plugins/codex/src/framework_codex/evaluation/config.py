"""Parameters of the evaluators."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from framework import Param
from framework_codex.code_model import STOP_SEQUENCES, Sampling
from framework_codex.execution.verdict import JudgeConfig


@dataclass(frozen=True, kw_only=True)
class DrawConfig:
    """Which samples of which problems, and how they are judged: what most evaluators share."""

    n: Annotated[int, Param("samples per problem; 0 for all there are, of recorded ones", ge=0)] = 200
    top_p: Annotated[float, Param("mass of the nucleus tokens are drawn from", gt=0, le=1)] = 0.95
    max_tokens: Annotated[int, Param("longest completion", unit="tokens", ge=1)] = 300
    stop: Annotated[tuple[str, ...], Param("text that ends a completion and is cut off")] = STOP_SEQUENCES
    lengths: Annotated[
        tuple[int, ...], Param("only problems of so many chained blocks; empty for all", ge=0)
    ] = ()
    limit: Annotated[int, Param("problems at most, spread evenly over the set; 0 for all", ge=0)] = 0
    judge: Annotated[JudgeConfig, Param("how programs are executed")] = field(default_factory=JudgeConfig)
    seed: Annotated[int, Param("of the samples", ge=0)] = 0

    def sampling(self, temperature: float) -> Sampling:
        """How the model is asked."""
        return Sampling(
            temperature=float(temperature), top_p=self.top_p, max_tokens=self.max_tokens, stop=self.stop
        )


@dataclass(frozen=True, kw_only=True)
class PassAtKConfig(DrawConfig):
    """Parameters of pass@k; the defaults are the paper's (section 2.1, figure 5)."""

    k: Annotated[tuple[int, ...], Param("samples of which one has to pass", ge=1)] = (1, 10, 100)
    temperatures: Annotated[
        tuple[float, ...], Param("each of which gets samples of its own", ge=0)
    ] = (0.2, 0.4, 0.6, 0.8, 1.0)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ChainLengthConfig(DrawConfig):
    """Parameters of the pass rate by number of chained blocks (section 5.3, figure 11)."""

    n: Annotated[int, Param("samples per problem; 0 for all there are, of recorded ones", ge=0)] = 20
    k: Annotated[tuple[int, ...], Param("samples of which one has to pass", ge=1)] = (1, 20)
    temperature: Annotated[float, Param("of the samples", ge=0)] = 0.8


@dataclass(frozen=True, kw_only=True)
class RankingConfig(DrawConfig):
    """Parameters of choosing one of several samples (section 3.3, figure 7)."""

    n: Annotated[int, Param("samples per problem; 0 for all there are, of recorded ones", ge=0)] = 100
    of: Annotated[
        tuple[int, ...], Param("numbers of samples to choose from; empty for 1, 2, 5, 10 ... n", ge=1)
    ] = ()
    temperature: Annotated[float, Param("of the samples", ge=0)] = 0.8
    describer: Annotated[
        Path | None, Param("checkpoint of a model that writes docstrings, for back-translation")
    ] = None


@dataclass(frozen=True, kw_only=True)
class BleuOverlapConfig(DrawConfig):
    """Parameters of the BLEU scores of right and wrong programs (section 3.3, figure 8)."""

    n: Annotated[int, Param("samples per problem; 0 for all there are, of recorded ones", ge=0)] = 100
    temperature: Annotated[float, Param("of the samples", ge=0)] = 0.8
    panels: Annotated[int, Param("problems in the figure", ge=1, le=12)] = 4


@dataclass(frozen=True, kw_only=True)
class VariableBindingConfig(DrawConfig):
    """Parameters of the probe of binding operations to variables (section 6)."""

    n: Annotated[int, Param("samples per problem", ge=1)] = 20
    temperature: Annotated[float, Param("of the samples", ge=0)] = 0.2
    problems: Annotated[int, Param("problems for each number of operations", ge=1)] = 20
    variables: Annotated[int, Param("of each function", ge=2, le=6)] = 4
    operations: Annotated[
        tuple[int, ...], Param("variables that something is added to or subtracted from", ge=0, le=6)
    ] = (0, 1, 2, 3, 4)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class DocstringsConfig(DrawConfig):
    """Parameters of grading the docstrings a model writes for chains (section 5)."""

    n: Annotated[int, Param("docstrings per problem", ge=1)] = 10
    k: Annotated[tuple[int, ...], Param("docstrings of which one has to be right", ge=1)] = (1, 10)
    temperature: Annotated[float, Param("of the docstrings", ge=0)] = 0.8


@dataclass(frozen=True, kw_only=True)
class ScalingConfig:
    """Parameters of the held-out loss against model size (section 3.2, figure 4)."""

    models: Annotated[tuple[Path, ...], Param("checkpoints of models of different sizes, at least three")]
    batch_size: Annotated[int, Param("sequences at once", ge=1)] = 32
    limit: Annotated[int, Param("documents at most; 0 for all", ge=0)] = 0


@dataclass(frozen=True, kw_only=True)
class TokensConfig:
    """Parameters of what tokens for runs of whitespace save (section 3.1)."""

    limit: Annotated[int, Param("documents at most; 0 for all", ge=0)] = 0
