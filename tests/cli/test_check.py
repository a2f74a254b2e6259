"""framework check, and the recipes that are shipped."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from framework.plugins import discover
from framework.recipe import load
from framework.recipe.check import sweep_of
from framework.recipe.compose import compose, read_file
from framework.sweep.plan import Goal, Plan

ROOT = Path(__file__).parents[2]
RECIPE = "algorithm:\n  use: toy/learn\n  budget: {steps: 3}\nevaluators: [{use: toy/judge}]\n"


@pytest.fixture
def recipe(toy: Path) -> Path:
    (toy / "recipe.yaml").write_text(RECIPE)
    return toy / "recipe.yaml"


def test_a_right_one(recipe: Path, command: Callable[..., Any]) -> None:
    assert command("check", "recipe.yaml") == (0, "recipe.yaml: OK\n  toy/learn, toy/judge\n", "")


def test_stages(recipe: Path, command: Callable[..., Any]) -> None:
    recipe.write_text(RECIPE + "stages:\n  first: {evaluators: []}\n  second: {}\n")
    lines = "  first: toy/learn\n  second: toy/learn, toy/judge\n"
    assert command("check", "recipe.yaml") == (0, f"recipe.yaml: OK\n{lines}", "")


def test_overrides_are_checked(recipe: Path, command: Callable[..., Any]) -> None:
    assert command("check", "recipe.yaml", "algorithm.rate=0.5", "seed=3").code == 0
    said = (
        "error: override 'algorithm.rate=2', column 16: parameter 'rate' of algorithm toy/learn cannot be 2\n"
        "  expected a number > 0 and < 1 (see: framework info toy/learn)\n"
    )
    assert command("check", "recipe.yaml", "algorithm.rate=2") == (2, "", said)


def test_every_problem_is_listed_once(recipe: Path, command: Callable[..., Any]) -> None:
    recipe.write_text(RECIPE.replace("budget", "buget").replace("judge", "juge"))
    code, out, err = command("check", "recipe.yaml")
    assert (code, out) == (2, "")
    assert err == (
        "error: recipe.yaml:2:3: missing parameter 'budget' of algorithm toy/learn\n"
        "  expected a mapping of steps (see: framework info toy/learn)\n"
        "recipe.yaml:3:3: unknown parameter 'buget' for algorithm toy/learn\n"
        "  did you mean 'budget'? (see: framework info toy/learn)\n"
        "recipe.yaml:4:20: unknown evaluator 'toy/juge'\n"
        "  did you mean 'toy/judge'?\n"
    )


def test_resolved_is_a_recipe(recipe: Path, command: Callable[..., Any]) -> None:
    whole = load("recipe.yaml", ["seed=3"])
    code, out, err = command("check", "recipe.yaml", "--resolved", "seed=3")
    assert (code, out, err) == (0, whole.to_yaml(), "")
    Path("again.yaml").write_text(out)
    assert load("again.yaml").resolved() == whole.resolved()
    code, out, err = command("check", "recipe.yaml", "--resolved", "seed=x")
    assert (code, out) == (2, "")


def test_json(recipe: Path, command: Callable[..., Any]) -> None:
    code, out, err = command("check", "recipe.yaml", "--json", "seed=3")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert (answer["ok"], answer["problems"]) == (True, [])
    assert answer["recipe"] == load("recipe.yaml", ["seed=3"]).resolved()


def test_json_of_a_wrong_one(recipe: Path, command: Callable[..., Any]) -> None:
    recipe.write_text(RECIPE + "seed: x\n")
    code, out, err = command("check", "recipe.yaml", "--json")
    assert (code, err) == (2, "")
    assert json.loads(out) == {
        "ok": False,
        "problems": [
            {
                "source": "recipe.yaml",
                "line": 5,
                "column": 7,
                "message": "parameter 'seed' of the recipe cannot be 'x'",
                "hints": ["expected a whole number >= 0 and <= 4294967295"],
            }
        ],
        "recipe": None,
    }


def test_a_missing_file(toy: Path, command: Callable[..., Any]) -> None:
    assert command("check", "nowhere.yaml") == (2, "", "error: nowhere.yaml: no such file\n")


SHIPPED = sorted((ROOT / "recipes").rglob("*.yaml"))
#: What only the user can say.
ASKED = {
    "codex_humaneval.yaml": ["model.path=model"],
    "glide_folder.yaml": ["environment.path=pictures"],
}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_shipped_recipe_is_right(path: Path) -> None:
    plugins = {plugin.name for plugin, _ in discover()}
    # Whatever it extends may be what names them.
    whole = str(compose(read_file(path), str(path), path, ()).data)
    needed = set(re.findall(r"'use': '(\w+)/", whole))
    missing = needed & {folder.name for folder in (ROOT / "plugins").iterdir()} - plugins
    if missing:
        pytest.skip(f"not installed: {', '.join(sorted(missing))}")
    if "gymnasium" in needed:
        pytest.importorskip("gymnasium")
    assert load(path, ASKED.get(path.name, [])).stages
    if sweep_of(path):
        # Every value that the recipe lists, though not in every combination.
        assert Plan.make(path, ["seed=0"], Goal(trials=1, metric="any")).checked
