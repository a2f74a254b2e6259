"""Stages: what they inherit, in which order they are, and whose checkpoints they may use."""

from __future__ import annotations

from pathlib import Path

from framework.recipe import CheckpointRef, load, load_text
from framework.registry import Registry

from .fake import build_from

TEXT = """
seed: 1
environment: {use: toy/world, size: 9}
model: {use: toy/net, hidden: [8]}
algorithm: {use: toy/learn, budget: {steps: 10}, k: "${seed}"}
evaluators: [{use: toy/judge}]
trainer: {threads: 2}
stages:
  first: {}
  second:
    seed: 2
    model: {weights: "${checkpoint:first}", start: "${checkpoint:another run}"}
    algorithm: {budget: {steps: 20}, low: "${stages.third.seed}"}
    evaluators: []
  third: {seed: 3, environment: null, trainer: {keep: 5}}
"""


def test_inheritance(toys: Registry) -> None:
    recipe = load_text(TEXT, registry=toys)
    assert recipe.staged
    assert list(recipe.stages) == ["first", "second", "third"]
    first, second, third = recipe.stages.values()
    assert [stage.seed for stage in (first, second, third)] == [1, 2, 3]
    uses = [stage.algorithm for stage in (first, second, third)]
    assert [use.arguments["k"] for use in uses if use] == [1, 2, 3], (
        "an interpolation means the stage's own value"
    )
    assert [use.arguments["budget"].steps for use in uses if use] == [10, 20, 10]
    assert [len(stage.evaluators) for stage in (first, second, third)] == [1, 0, 1]
    assert third.environment is None
    assert (third.trainer.threads, third.trainer.keep) == (2, 5)


def test_a_stage_may_look_into_another(toys: Registry) -> None:
    second = load_text(TEXT, registry=toys).stages["second"]
    assert second.algorithm is not None
    assert second.algorithm.arguments["low"] == 3


def test_checkpoints(toys: Registry) -> None:
    model = load_text(TEXT, registry=toys).stages["second"].model
    assert model is not None
    assert model.arguments["weights"] == CheckpointRef("first", stage=True)
    assert model.arguments["start"] == CheckpointRef("another run", stage=False, text=True)
    asked: list[CheckpointRef] = []

    def resolve(reference: CheckpointRef) -> Path:
        asked.append(reference)
        return Path("/runs") / reference.name

    (net,) = build_from(model, resolve=resolve).given
    assert net.weights == Path("/runs/first")
    assert net.start == "/runs/another run"
    assert [reference.stage for reference in asked] == [True, False]


def test_resolved_stages_stand_alone(toys: Registry) -> None:
    recipe = load_text(TEXT, registry=toys)
    resolved = recipe.resolved()
    assert set(resolved) == {"stages", "tracking"}
    assert resolved["stages"]["second"]["environment"]["size"] == 9
    assert resolved["stages"]["second"]["model"]["weights"] == "${checkpoint:first}"
    assert "environment" not in resolved["stages"]["third"]
    again = load_text(recipe.to_yaml(), registry=toys)
    assert again.resolved() == resolved


def test_overrides_of_all_stages_and_of_one(toys: Registry) -> None:
    recipe = load_text(
        TEXT,
        overrides=["algorithm.k=0", "stages.second.algorithm.k=4", "algorithm.budget.steps=7"],
        registry=toys,
    )
    uses = [stage.algorithm for stage in recipe.stages.values()]
    assert [use.arguments["k"] for use in uses if use] == [0, 4, 0]
    assert [use.arguments["budget"].steps for use in uses if use] == [7, 20, 7]


def test_a_recipe_that_extends_adds_a_stage_and_changes_one(folder: Path, toys: Registry) -> None:
    (folder / "base.yaml").write_text(TEXT)
    (folder / "recipe.yaml").write_text(
        "extends: base.yaml\nstages:\n  second: {seed: 8}\n"
        "  last: {model: {weights: '${checkpoint:third}'}}\n"
    )
    recipe = load("recipe.yaml", registry=toys)
    assert list(recipe.stages) == ["first", "second", "third", "last"]
    assert recipe.stages["second"].seed == 8
    assert recipe.stages["second"].evaluators == []
    last = recipe.stages["last"].model
    assert last is not None
    assert last.arguments["weights"] == CheckpointRef("third", stage=True)


def test_null_takes_the_stages_away(folder: Path, toys: Registry) -> None:
    (folder / "base.yaml").write_text(TEXT)
    (folder / "recipe.yaml").write_text("extends: base.yaml\nstages: null\n")
    recipe = load("recipe.yaml", registry=toys)
    assert list(recipe.stages) == ["main"]
    assert not recipe.staged


def test_a_single_stage_stays_a_stage(toys: Registry) -> None:
    recipe = load_text("evaluators: [{use: toy/judge}]\nstages: {main: {}}", registry=toys)
    assert recipe.staged
    assert load_text(recipe.to_yaml(), registry=toys).staged
