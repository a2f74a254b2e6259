"""framework completion: the scripts, and what the shells are offered."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

BASH = shutil.which("bash")


@pytest.mark.parametrize(
    ("shell", "part"),
    [
        ("bash", "complete -o nosort -F _framework_completion framework"),
        ("zsh", "#compdef framework"),
        ("fish", "complete --no-files --command framework"),
    ],
)
def test_scripts(shell: str, part: str, command: Callable[..., Any]) -> None:
    code, out, _ = command("completion", shell)
    assert code == 0
    assert part in out
    assert "_FRAMEWORK_COMPLETE" in out


@pytest.mark.skipif(BASH is None, reason="no bash")
def test_the_bash_script_is_bash(command: Callable[..., Any]) -> None:
    assert BASH is not None
    script = command("completion", "bash").out
    assert "compopt -o nospace" in script
    done = subprocess.run([BASH, "-n"], input=script, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def recipe(toy: Path) -> Path:
    (toy / "recipe.yaml").write_text(
        "algorithm: {use: toy/learn, budget: {steps: 3}}\nevaluators: [{use: toy/judge}]\n"
        "stages:\n  first: {}\n  second: {model: null}\n"
    )
    return toy / "recipe.yaml"


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch, command: Callable[..., Any]) -> Callable[..., list[str]]:
    """What TAB offers in a shell after the words of a line."""

    def ask(*words: str, shell: str = "zsh") -> list[str]:
        monkeypatch.setenv("_FRAMEWORK_COMPLETE", f"{shell}_complete")
        monkeypatch.setenv("COMP_WORDS", " ".join(["framework", *words]))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        lines = command().out.splitlines()
        # zsh: three lines for each: type, value, help. bash: "type,value".
        return lines[1::3] if shell == "zsh" else [line.partition(",")[2] for line in lines]

    return ask


def test_commands(offered: Callable[..., list[str]]) -> None:
    assert offered("ch") == ["check"]
    assert {"run", "check", "list", "info", "sweep"} <= set(offered(""))


def test_kinds_and_shells(offered: Callable[..., list[str]]) -> None:
    assert offered("list", "e") == ["environment", "evaluator"]
    assert offered("completion", "") == ["bash", "zsh", "fish"]


def test_components(toy: Path, offered: Callable[..., list[str]]) -> None:
    assert offered("info", "toy/") == ["toy/gone", "toy/learn", "toy/wrap", "toy/judge"]
    assert offered("info", "tra") == ["trainer", "tracking"]


def test_recipes_are_files(toy: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_FRAMEWORK_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "framework check rec")
    monkeypatch.setenv("COMP_CWORD", "2")
    assert command().out == "file,rec\n"


@pytest.mark.parametrize(
    ("incomplete", "expected"),
    [
        ("al", ["algorithm."]),
        ("se", ["seed="]),
        ("t", ["trainer.", "tracking."]),
        ("algorithm.b", ["algorithm.budget."]),
        ("algorithm.budget.", ["algorithm.budget.steps="]),
        ("algorithm.use=", ["algorithm.use=toy/gone", "algorithm.use=toy/learn", "algorithm.use=toy/wrap"]),
        ("algorithm.mode=", ["algorithm.mode=fast", "algorithm.mode=careful"]),
        ("algorithm.mode=c", ["algorithm.mode=careful"]),
        ("algorithm.log=", ["algorithm.log=true", "algorithm.log=false"]),
        ("algorithm.start=", ["algorithm.start=null"]),
        ("algorithm.rate=", []),
        ("algorithm.zzz", []),
        ("algorithm.zzz.y", []),
        ("algorithm.rate.y", []),
        ("model.", ["model.use="]),
        ("evaluators.", ["evaluators.0."]),
        ("evaluators.0.e", ["evaluators.0.episodes=", "evaluators.0.environment."]),
        ("evaluators.7.", ["evaluators.7.use="]),
        ("trainer.acc", ["trainer.accelerator="]),
        ("trainer.accelerator=c", ["trainer.accelerator=cpu", "trainer.accelerator=cuda"]),
        ("st", ["stages."]),
        ("stages.", ["stages.first.", "stages.second."]),
        ("stages.first.algorithm.m", ["stages.first.algorithm.mode="]),
        ("seed=", []),
    ],
)
def test_overrides(
    incomplete: str, expected: list[str], recipe: Path, offered: Callable[..., list[str]]
) -> None:
    assert offered("check", "recipe.yaml", incomplete) == expected
    assert offered("check", "recipe.yaml", "seed=3", incomplete) == expected


@pytest.mark.parametrize(
    ("incomplete", "expected"),
    [
        ("algorithm.", ["algorithm.use=", "algorithm.inner.", "algorithm.pool."]),
        ("algorithm.inner.u", ["algorithm.inner.use="]),
        ("algorithm.inner.use=toy/l", ["algorithm.inner.use=toy/learn"]),
        ("algorithm.inner.b", ["algorithm.inner.budget."]),
        ("algorithm.inner.budget.", ["algorithm.inner.budget.steps="]),
        ("algorithm.inner.mode=f", ["algorithm.inner.mode=fast"]),
        ("algorithm.pool.", ["algorithm.pool.0.", "algorithm.pool.1."]),
        ("algorithm.pool.0.e", ["algorithm.pool.0.episodes=", "algorithm.pool.0.environment."]),
        ("algorithm.pool.1.", ["algorithm.pool.1.use="]),
        ("evaluators.0.environment.", ["evaluators.0.environment.use="]),
    ],
)
def test_overrides_of_parts(
    incomplete: str, expected: list[str], toy: Path, offered: Callable[..., list[str]]
) -> None:
    (toy / "parts.yaml").write_text(
        "algorithm: {use: toy/wrap, inner: {use: toy/learn}, pool: [{use: toy/judge}, {}]}\n"
        "evaluators: [{use: toy/judge}]\n"
    )
    assert offered("check", "parts.yaml", incomplete) == expected


def test_bash_splits_words_at_the_equals_sign(recipe: Path, offered: Callable[..., list[str]]) -> None:
    assert offered("check", "recipe.yaml", "algorithm.mode", "=", shell="bash") == ["fast", "careful"]
    assert offered("check", "recipe.yaml", "algorithm.mode", "=", "c", shell="bash") == ["careful"]
    assert offered("check", "recipe.yaml", "algorithm.m", shell="bash") == ["algorithm.mode="]


@pytest.mark.parametrize("text", [None, "algorithm: {use: [", "algorithm: {use: toy/gone}", "- a list"])
def test_a_broken_recipe_disturbs_nobody(
    text: str | None, toy: Path, offered: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        (toy / "recipe.yaml").write_text(text)
    assert offered("check", "recipe.yaml", "algorithm.") == []
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(BASH is None, reason="no bash")
def test_in_bash(recipe: Path, command: Callable[..., Any]) -> None:
    assert BASH is not None
    program = recipe.parent / "framework"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m framework "$@"\n')
    program.chmod(0o755)
    script = command("completion", "bash").out + (
        "COMP_WORDS=(framework check recipe.yaml algorithm.mode = ca); COMP_CWORD=5\n"
        '_framework_completion framework\necho "${COMPREPLY[*]}"\n'
    )
    environment = {
        **os.environ,
        "PATH": f"{recipe.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(recipe.parents[1] / "site-packages"),
    }
    done = subprocess.run([BASH], input=script, text=True, capture_output=True, check=False, env=environment)
    assert (done.stdout, done.stderr) == ("careful\n", "")


def test_recipes(recipe: Path, offered: Callable[..., list[str]]) -> None:
    (recipe.parent / "recipes").mkdir()
    recipe.rename(recipe.parent / "recipes" / "toy_fast.yaml")
    for command in ("run", "check", "sweep"):
        assert "toy/fast" in offered(command, "to")
    assert "toy/fast" not in offered("run", "x")
    assert offered("run", "toy/fast", "algorithm.mode=c") == ["algorithm.mode=careful"]


def test_keys_of_a_runs_recipe(
    recipe: Path, make_run: Callable[..., Any], offered: Callable[..., list[str]]
) -> None:
    run = make_run("abcd")
    (run.folder / "resolved.yaml").write_text("algorithm: {use: toy/learn, budget: {steps: 3}}\n")
    assert offered("resume", "abcd", "algorithm.bud") == ["algorithm.budget."]
    assert offered("resume", "no such run", "algorithm.bud") == []


def test_callbacks(toy: Path, offered: Callable[..., list[str]]) -> None:
    (toy / "stopped.yaml").write_text("trainer: {callbacks: [{use: EarlyStopping, monitor: loss}]}\n")
    where = "trainer.callbacks.0."
    assert offered("check", "stopped", f"{where}use=Model") == [
        f"{where}use={name}" for name in ("ModelCheckpoint", "ModelPruning", "ModelSummary")
    ]
    assert offered("check", "stopped", f"{where}pat") == [f"{where}patience="]
    assert offered("check", "stopped", f"{where}strict=") == [f"{where}strict=true", f"{where}strict=false"]
