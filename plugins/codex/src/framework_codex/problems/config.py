"""Parameters of the environments: synthetic chains, documented functions, problem sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from framework import Param

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
