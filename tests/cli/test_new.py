"""`framework new plugin`: what it writes works as written, and it refuses what it cannot do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from framework.testing.fixtures import RunCommand
from tests.fresh import ROOT, FreshEnvironment, check


def test_what_it_writes_passes_its_own_tests_and_runs(framework_command: RunCommand, tmp_path: Path) -> None:
    assert framework_command("new", "plugin", "my_paper").exit_code == 0
    project = tmp_path / "framework-my-paper"
    environment = FreshEnvironment(tmp_path / "venv")
    environment.install(ROOT, project)

    environment.run("-m", "pytest", "-q", cwd=project)  # its last test runs its recipe

    listed = json.loads(environment.framework("list", "--json", cwd=project).stdout)
    names = {component["name"] for component in listed["components"]}
    assert {"my_paper/point", "my_paper/policy", "my_paper/reinforce", "my_paper/mean_return"} <= names
    environment.framework("check", "recipes/my_paper.yaml", cwd=project)


def test_what_it_writes_is_clean(framework_command: RunCommand, tmp_path: Path) -> None:
    framework_command("new", "plugin", "my_paper", "--path", "there")
    ruff = ["python", "-m", "ruff"]
    rules = ["--isolated", "--line-length", "110", "--target-version", "py311"]
    check([*ruff, "check", *rules, "--select", "B,C4,E,F,I,PIE,PT,RET,RUF,SIM,UP,W", "there"], cwd=tmp_path)
    check([*ruff, "format", "--check", *rules, "there"], cwd=tmp_path)
    left = [path for path in (tmp_path / "there").rglob("*") if path.is_file() and "$" in path.read_text()]
    assert not left, f"not filled in: {left}"


def test_it_says_what_to_do_next(framework_command: RunCommand) -> None:
    said = framework_command("new", "plugin", "my_paper", "--path", "there").stdout
    assert "cd there" in said
    assert "framework run recipes/my_paper.yaml" in said


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
