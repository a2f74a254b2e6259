"""A plugin written from the docs alone, installed beside the core as a stranger would."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.fresh import ROOT, FreshEnvironment

CARTPOLE = ROOT / "tests" / "third_party" / "framework-cartpole"
COMPONENTS = {"cartpole/balance", "cartpole/policy", "cartpole/reinforce", "cartpole/mean_return"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> FreshEnvironment:
    environment = FreshEnvironment(tmp_path_factory.mktemp("third-party") / "venv")
    environment.install(ROOT, CARTPOLE)
    return environment


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CARTPOLE, tmp_path / "project"))


def test_the_core_is_the_one_that_was_installed(installed: FreshEnvironment, tmp_path: Path) -> None:
    found = installed.run("-c", "import framework; print(framework.__file__)", cwd=tmp_path).stdout
    assert Path(found.strip()).is_relative_to(installed.folder)


def test_list_shows_its_components(installed: FreshEnvironment, tmp_path: Path) -> None:
    listed = json.loads(installed.framework("list", "--json", cwd=tmp_path).stdout)
    assert {component["name"] for component in listed["components"]} >= COMPONENTS
    (plugin,) = (plugin for plugin in listed["plugins"] if plugin["name"] == "cartpole")
    assert plugin["error"] is None
    assert plugin["distribution"] == "framework-cartpole"


def test_info_describes_its_parameters(installed: FreshEnvironment, tmp_path: Path) -> None:
    said = installed.framework("info", "cartpole/reinforce", cwd=tmp_path).stdout
    assert "discount" in said
    assert "Williams 1992" in said


def test_the_core_brings_its_own_recipe(installed: FreshEnvironment, tmp_path: Path) -> None:
    said = json.loads(installed.framework("recipes", "--json", cwd=tmp_path).stdout)
    (recipe,) = (row for row in said if row["name"] == "ppo_cartpole")
    assert Path(recipe["path"]).is_relative_to(installed.folder)
    installed.framework("check", "ppo_cartpole", cwd=tmp_path)


def test_its_recipe_runs(installed: FreshEnvironment, project: Path) -> None:
    short = ("algorithm.updates=3", "evaluators.0.episodes=4", "tracking.log_model=false")
    said = json.loads(installed.framework("run", "cartpole", *short, "--json", cwd=project).stdout)
    assert said["status"] == "FINISHED"
    assert (project / "mlflow.db").is_file()
    (report,) = project.glob("runs/*/reports/mean_return/report.json")
    assert json.loads(report.read_text(encoding="utf-8"))["metrics"]["return"] > 1


@pytest.mark.slow
def test_its_own_tests_pass(installed: FreshEnvironment, project: Path) -> None:
    # The last of them runs its recipe whole, which has to learn.
    installed.run("-m", "pytest", "-q", cwd=project)
