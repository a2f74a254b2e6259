"""framework recipes, and that plugins bring theirs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import framework
from framework.recipe.named import find_recipe
from tests.fresh import ROOT

PLUGINS = sorted(path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml"))


def of(plugin: str) -> dict[str, str]:
    """The texts of a plugin's recipes in the repository, by path; of "" those that are no plugin's."""
    shelf = ROOT / "recipes"
    owner = {
        path: next((name for name in PLUGINS if f"{path.stem}_".startswith(f"{name}_")), "")
        for path in shelf.rglob("*.yaml")
    }
    return {
        path.relative_to(shelf).as_posix(): path.read_text(encoding="utf-8")
        for path in owner
        if owner[path] == plugin
    }


def test_in_the_working_directory(toy: Path, command: Callable[..., Any]) -> None:
    (toy / "recipes").mkdir()
    (toy / "recipes" / "toy_fast.yaml").write_text("# Learns\n# a little. Or not.\n\nseed: 3\n")
    (toy / "recipes" / "mine.yaml").write_text("seed: 3\n")
    code, out, err = command("recipes")
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[:3] == ["recipes/", "mine", "toy/fast Learns a little. Or not"]
    listed = {row["name"]: row for row in json.loads(command("recipes", "--json").out)}
    assert listed["toy/fast"] == {
        "name": "toy/fast",
        "path": "recipes/toy_fast.yaml",
        "plugin": None,
        "doc": "Learns a little. Or not",
    }


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_brings_its_recipes(plugin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run against a wheel in the plugin's own session, else against whatever is installed."""
    pytest.importorskip(f"framework_{plugin}")
    monkeypatch.chdir(tmp_path)
    for path, text in of(plugin).items():
        assert find_recipe(path.removesuffix(".yaml")).read_text(encoding="utf-8") == text
    assert find_recipe(plugin).name == f"{plugin}.yaml"


def test_the_core_brings_its_own(toy: Path, command: Callable[..., Any]) -> None:
    """Run against a wheel in tests/test_third_party.py."""
    of_the_core = find_recipe("ppo_cartpole")
    assert of_the_core.read_text(encoding="utf-8") == of("")["ppo_cartpole.yaml"]
    title = f"framework-core {framework.__version__}"
    listed = [row for row in json.loads(command("recipes", "--json").out) if row["plugin"] == title]
    assert {row["name"] for row in listed} == {path.removesuffix(".yaml") for path in of("")}
    (toy / "recipes").mkdir()
    (toy / "recipes" / "ppo_cartpole.yaml").write_text("extends: ppo_cartpole\nseed: 3\n")
    rows = [row for row in json.loads(command("recipes", "--json").out) if row["name"] == "ppo_cartpole"]
    assert [row["plugin"] for row in rows] == [None]  # it hides the core's, and may start from it
    own = find_recipe("ppo_cartpole")
    assert own == Path("recipes/ppo_cartpole.yaml")
    assert find_recipe("ppo_cartpole", apart=[own.resolve()]) == of_the_core
