"""What a recipe says is to be swept, and what the command line says over it."""

from __future__ import annotations

from pathlib import Path

import pytest

from framework.errors import UserError
from framework.recipe import RecipeError, load
from framework.sweep.plan import Plan

pytestmark = pytest.mark.usefixtures("workplace")


def write(sweep: str, name: str = "figure.yaml", extends: str = "recipe.yaml") -> Path:
    Path(name).write_text(f"extends: {extends}\nsweep: {sweep}\n")
    return Path(name)


def names(path: Path, *settings: str) -> list[str]:
    return [combination.name for combination, _ in Plan.make(path, settings).checked]


def test_a_recipe_lists_what_is_swept() -> None:
    path = write("{algorithm.lr: [0.1, 0.2], seed: [0, 1]}")
    assert names(path) == ["lr=0.1 seed=0", "lr=0.1 seed=1", "lr=0.2 seed=0", "lr=0.2 seed=1"]
    rates = [recipe.resolved()["algorithm"]["lr"] for _, recipe in Plan.make(path, []).checked]
    assert rates == [0.1, 0.1, 0.2, 0.2]


def test_the_command_line_goes_before_it() -> None:
    path = write("{algorithm.lr: [0.1, 0.2], seed: [0, 1]}")
    assert names(path, "seed=7") == ["lr=0.1", "lr=0.2"]
    assert {recipe.stages["main"].seed for _, recipe in Plan.make(path, ["seed=7"]).checked} == {7}
    assert names(path, "algorithm.lr=0.5", "algorithm.steps=3,4", "seed=0") == ["steps=3", "steps=4"]


def test_what_a_recipe_extends_is_swept_too() -> None:
    write("{algorithm.lr: [0.1, 0.2]}")
    path = write("{seed: [0, 1]}", "more.yaml", "figure.yaml")
    assert names(path) == ["lr=0.1 seed=0", "lr=0.1 seed=1", "lr=0.2 seed=0", "lr=0.2 seed=1"]


def test_the_same_command_gives_the_same_sweep() -> None:
    path = write("{seed: [0, 1]}")
    plan = Plan.make(path, ["algorithm.lr=0.1,0.2"])
    assert Plan.make(path, plan.settings).digest == plan.digest
    assert Plan.make(Path("recipe.yaml"), plan.settings).digest == plan.digest


def test_run_makes_it_as_it_stands() -> None:
    recipe = load(write("{algorithm.lr: [0.1, 0.2]}"))
    assert "sweep" not in recipe.resolved()
    assert recipe.resolved() == load("recipe.yaml").resolved()


def test_what_is_wrong_with_it_is_told_where_it_is() -> None:
    path = write("{algorithm.lr: 0.1}")
    for tried in (lambda: load(path), lambda: Plan.make(path, [])):
        with pytest.raises(
            RecipeError, match=r"figure.yaml:2:23: parameter 'sweep.algorithm.lr' .* cannot be 0.1"
        ):
            tried()
    with pytest.raises(UserError, match="did you mean 'lr'"):
        Plan.make(write("{algorithm.lrr: [0.1, 0.2]}"), [])
    with pytest.raises(UserError, match="under sweep:"):
        Plan.make(Path("recipe.yaml"), [])
