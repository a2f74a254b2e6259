"""framework recipes, and that plugins bring theirs."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from framework.recipe.named import find_recipe
from tests.fresh import ROOT

PLUGINS = sorted(path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml"))


def of(plugin: str) -> dict[str, str]:
    """The texts of a plugin's recipes in the repository, by path."""
    shelf = ROOT / "recipes"
    return {
        path.relative_to(shelf).as_posix(): path.read_text(encoding="utf-8")
        for path in shelf.rglob("*.yaml")
        if path.stem.split("_")[0] == plugin
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


def test_plugins_are_built_alike() -> None:
    hooks = {(ROOT / "plugins" / plugin / "hatch_build.py").read_text(encoding="utf-8") for plugin in PLUGINS}
    assert len(hooks) == 1


@pytest.mark.slow
@pytest.mark.parametrize("plugin", PLUGINS)
def test_wheels_and_source_distributions_carry_them(plugin: str, tmp_path: Path) -> None:
    project = ROOT / "plugins" / plugin
    hatch = [sys.executable, "-m", "hatchling", "build", "--target"]
    subprocess.run([*hatch, "sdist", "--directory", tmp_path], cwd=project, check=True)
    subprocess.run([*hatch, "wheel", "--directory", tmp_path], cwd=project, check=True)
    (source,) = tmp_path.glob("*.tar.gz")
    again = tmp_path / "again"
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", again, source], check=True)
    for wheel in (*tmp_path.glob("*.whl"), *again.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            package = f"framework_{plugin}/recipes/"
            carried = {
                name.removeprefix(package): archive.read(name).decode()
                for name in archive.namelist()
                if name.startswith(package)
            }
        assert carried == of(plugin), wheel
