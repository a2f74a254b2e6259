"""From the recipe to the thing: what builders receive."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from framework.recipe import CheckpointRef, Recipe, load_text
from framework.recipe.checkpoint import construct, fill
from framework.registry import Registry

from .fake import Budget, Built, Learn, Net, World, build_from


def recipe(text: str, toys: Registry) -> Recipe:
    return load_text(text, registry=toys)


def test_context_comes_first(toys: Registry) -> None:
    use = recipe("algorithm: {use: toy/learn, budget: {steps: 3}}", toys).stages["main"].algorithm
    assert use is not None
    assert build_from(use, "env", "net") == Built(("env", "net", Learn(budget=Budget(steps=3))), {})


def test_the_seed_is_filled_in(toys: Registry) -> None:
    text = "environment: {use: toy/world}\nevaluators: [{use: toy/judge}]"
    use = recipe(text, toys).stages["main"].environment
    assert use is not None
    assert build_from(use, seed=11) == Built((World(seed=11),), {})
    given = load_text(text, overrides=["environment.seed=5"], registry=toys).stages["main"].environment
    assert given is not None
    assert build_from(given, seed=11) == Built((World(seed=5),), {})


def test_a_component_without_a_seed_gets_none(toys: Registry) -> None:
    (use,) = recipe("evaluators: [{use: toy/judge}]", toys).stages["main"].evaluators
    assert build_from(use, seed=11).options == {"episodes": 10, "names": ()}


def test_building_twice_shares_nothing(toys: Registry) -> None:
    use = (
        recipe("model: {use: toy/net, hidden: [8]}\nevaluators: [{use: toy/judge}]", toys)
        .stages["main"]
        .model
    )
    assert use is not None
    first, second = build_from(use).given[0], build_from(use).given[0]
    assert first == second == Net(hidden=[8])
    assert first.hidden is not second.hidden
    assert first.hidden is not use.arguments["hidden"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Start:
    weights: Path | None = None
    others: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if self.weights is not None and self.weights.name == "bad":
            raise ValueError("these weights are bad")


def test_checkpoints_deep_inside() -> None:
    reference, other = CheckpointRef("a"), CheckpointRef("b")
    start = construct(Start, {"weights": reference, "others": (Path("x"), other)})
    assert start.weights == reference
    value = {"list": [start], "plain": 1}
    filled = fill(value, lambda ref: Path("/found") / ref.name)
    expected = Start(weights=Path("/found/a"), others=(Path("x"), Path("/found/b")))
    assert filled == {"list": [expected], "plain": 1}


def test_the_real_file_is_checked_too() -> None:
    start = construct(Start, {"weights": CheckpointRef("a")})
    with pytest.raises(ValueError, match="bad"):
        fill(start, lambda ref: Path("bad"))
