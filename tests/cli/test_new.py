"""`framework new plugin`: what it writes works as written, and it refuses what it cannot do."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from framework.recipe.named import find_recipe
from framework.registry import installed
from framework.testing import check_recipe
from framework.testing.fixtures import RunCommand, RunRecipe
from tests.fresh import FreshEnvironment, check


def test_what_it_writes_passes_its_own_tests_and_runs(framework_command: RunCommand, tmp_path: Path) -> None:
    assert framework_command("new", "plugin", "my_paper").exit_code == 0
    project = tmp_path / "framework-my-paper"
    environment = FreshEnvironment(tmp_path / "venv")
    environment.install(project)

    environment.run("-m", "pytest", "-q", cwd=project)  # its last test runs its recipe

    listed = json.loads(environment.run("-m", "framework", "list", "--json", cwd=project).stdout)
    names = {component["name"] for component in listed["components"]}
    assert {"my_paper/point", "my_paper/policy", "my_paper/reinforce", "my_paper/mean_return"} <= names
    environment.run("-m", "framework", "check", "my_paper", cwd=tmp_path)


@pytest.fixture
def supervised(
    framework_command: RunCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A plugin written with --supervised, installed as far as this process goes."""
    assert framework_command("new", "plugin", "my_paper", "--supervised", "--path", "there").exit_code == 0
    source = tmp_path / "there" / "src"
    metadata = source / "framework_my_paper-0.1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: framework-my-paper\nVersion: 0.1\n")
    (metadata / "entry_points.txt").write_text("[framework]\nmy_paper = framework_my_paper\n")
    monkeypatch.syspath_prepend(source)
    monkeypatch.setenv("FRAMEWORK_PLUGINS", "my_paper")
    installed.cache_clear()
    yield tmp_path
    installed.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "framework_my_paper"]:
        del sys.modules[name]


def test_a_supervised_one_learns_by_name(supervised: Path, framework_run: RunRecipe) -> None:
    recipe = find_recipe("my_paper")
    assert recipe == supervised / "there/src/framework_my_paper/recipes/my_paper.yaml"
    check_recipe(recipe)
    short = ["environment.points=500", "trainer.max_epochs=12"]
    result = framework_run(recipe, [*short, "tracking.log_model=false", "tracking.system_metrics=false"])
    assert result.metrics["accuracy/accuracy"] > 0.7
    assert result.run.state.stages[""].checkpoint.startswith("kept/")


@pytest.mark.slow
def test_a_supervised_one_passes_its_own_tests(framework_command: RunCommand, tmp_path: Path) -> None:
    framework_command("new", "plugin", "my_paper", "--supervised")
    environment = FreshEnvironment(tmp_path / "venv")
    environment.install(tmp_path / "framework-my-paper")
    environment.run("-m", "pytest", "-q", cwd=tmp_path / "framework-my-paper")


@pytest.mark.parametrize("options", [[], ["--supervised"]])
def test_what_it_writes_is_clean(options: list[str], framework_command: RunCommand, tmp_path: Path) -> None:
    framework_command("new", "plugin", "my_paper", "--path", "there", *options)
    ruff = ["python", "-m", "ruff"]
    rules = ["--isolated", "--line-length", "110", "--target-version", "py311"]
    check([*ruff, "check", *rules, "--select", "B,C4,E,F,I,PIE,PT,RET,RUF,SIM,UP,W", "there"], cwd=tmp_path)
    check([*ruff, "format", "--check", *rules, "there"], cwd=tmp_path)
    left = [path for path in (tmp_path / "there").rglob("*") if path.is_file() and "$" in path.read_text()]
    assert not left, f"not filled in: {left}"


def test_it_says_what_to_do_next(framework_command: RunCommand) -> None:
    said = framework_command("new", "plugin", "my_paper", "--path", "there").stdout
    assert "cd there" in said
    assert "framework run my_paper\n" in said


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("My-Paper", "my_paper"),
        ("my-paper", "my_paper"),
        ("2fast", "fast"),
        ("a b", "a_b"),
        ("_x", "x"),
        ("x__y", "x_y"),
        ("../x", "x"),
        ("é", ""),
        ("", ""),
        ("core", "core_paper"),
    ],
)
def test_a_bad_name_is_refused(
    framework_command: RunCommand, tmp_path: Path, name: str, nearest: str
) -> None:
    answer = framework_command("new", "plugin", "--", name)
    assert answer.exit_code == 2
    assert repr(name) in answer.stderr
    assert not nearest or f"such as: {nearest}" in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_installed_name_is_refused(framework_command: RunCommand, tmp_path: Path) -> None:
    answer = framework_command("new", "plugin", "her")
    assert answer.exit_code == 2
    assert "framework-her" in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_existing_directory_is_left_alone(framework_command: RunCommand, tmp_path: Path) -> None:
    target = tmp_path / "framework-mine"
    target.mkdir()
    answer = framework_command("new", "plugin", "mine")
    assert answer.exit_code == 2
    assert "there already" in answer.stderr
    assert list(target.iterdir()) == []


def test_a_missing_parent_is_named(framework_command: RunCommand, tmp_path: Path) -> None:
    answer = framework_command("new", "plugin", "mine", "--path", "no/such/place")
    assert answer.exit_code == 2
    assert str(tmp_path / "no" / "such") in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_failure_half_way_leaves_nothing(
    framework_command: RunCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    write = Path.write_text

    def fail_at_third(path: Path, *arguments: str, **options: str) -> int:
        written.append(path)
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        return write(path, *arguments, **options)

    monkeypatch.setattr(Path, "write_text", fail_at_third)
    answer = framework_command("new", "plugin", "mine")
    assert answer.exit_code == 2
    assert "No space left on device" in answer.stderr
    assert list(tmp_path.iterdir()) == []
