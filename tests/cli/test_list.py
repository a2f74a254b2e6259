"""framework list."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .. import distributions  # noqa: TID252  (tests are not installed)

LIST = """\
algorithms
  toy/gone   Cannot be described
  toy/learn  Learns a little
  toy/wrap   Wraps another
evaluators
  toy/judge  Judges
"""
BROKEN = (
    "broken plugin bad (framework-bad 0.3): "
    "ModuleNotFoundError: No module named 'nowhere_to_be_found'\n"
)  # fmt: skip


def test_all(toy: Path, command: Callable[..., Any]) -> None:
    assert command("list") == (0, LIST, BROKEN)


@pytest.mark.parametrize("kind", ["evaluator", "evaluators", "Evaluators"])
def test_one_kind(kind: str, toy: Path, command: Callable[..., Any]) -> None:
    assert command("list", kind) == (0, "evaluators\n  toy/judge  Judges\n", BROKEN)


def test_a_kind_that_nobody_registers(toy: Path, command: Callable[..., Any]) -> None:
    assert command("list", "model") == (0, "", "no plugin registers any model\n" + BROKEN)


def test_no_plugins(toy: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framework.plugins.discover", lambda: iter(()))
    monkeypatch.delenv("FRAMEWORK_PLUGINS")
    said = "no plugins are installed, for example: pip install framework-her\n"
    assert command("list") == (0, "", said)


def test_json(toy: Path, command: Callable[..., Any]) -> None:
    code, out, err = command("list", "--json")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert [component["name"] for component in answer["components"]] == [
        "toy/gone",
        "toy/learn",
        "toy/wrap",
        "toy/judge",
    ]
    assert answer["components"][1] == {
        "name": "toy/learn",
        "kind": "algorithm",
        "doc": "Learns a little",
        "source": "Nobody 2020",
        "plugin": "toy",
        "distribution": "framework-toy",
    }
    bad, good = answer["plugins"]
    assert bad["error"] == "ModuleNotFoundError: No module named 'nowhere_to_be_found'"
    assert bad["trace"].startswith("Traceback")
    assert good == {
        "name": "toy",
        "distribution": "framework-toy",
        "version": "1.2",
        "components": 4,
        "error": None,
        "trace": None,
        "warnings": [],
    }


def test_a_warning(toy: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    code = "from framework import hookimpl\n@hookimpl\ndef register_rewards(): pass\n"
    distributions.install(tmp_path / "site-packages", "bad", code, version="0.4", distribution="bad")
    for folder in (tmp_path / "site-packages").glob("framework_bad*"):
        shutil.rmtree(folder)
    said = "plugin bad (bad 0.4): this core does not know its hook register_rewards; a newer core may"
    assert command("list").err.startswith(f"warning: {said}")
    assert said.partition(": ")[2] in " ".join(command("info", "bad").out.split())


def test_json_of_one_kind(toy: Path, command: Callable[..., Any]) -> None:
    answer = json.loads(command("list", "evaluators", "--json").out)
    assert [component["name"] for component in answer["components"]] == ["toy/judge"]


def test_a_filter_that_names_nothing_installed(
    toy: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAMEWORK_PLUGINS", "tyo")
    code, out, err = command("list")
    assert (code, out) == (2, "")
    assert err.startswith("error: FRAMEWORK_PLUGINS names 'tyo', which is not installed\n")
