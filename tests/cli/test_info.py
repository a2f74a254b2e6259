"""framework info."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from framework.plugins import Plugin
from framework.reference import SECTIONS, describe
from framework.registry import Registry, installed

LEARN = """\
toy/learn: algorithm of framework-toy 1.2
  Learns a little
  source: Nobody 2020

parameter     type             default   meaning
budget        Budget           required  when to stop
budget.steps  int              100       how long (env steps, >= 1, may change
                                         on resume)
rate          float            0.1       step size, of which a long explanation
                                         follows here (> 0 and < 1)
mode          fast | careful   fast      how
sizes         tuple[int, ...]  [8, 8]
log           bool             false
start         path | null      null
seed          int              ${seed}
"""


def test_a_component(toy: Path, command: Callable[..., Any]) -> None:
    assert command("info", "toy/learn") == (0, LEARN, "")


def test_a_component_described_by_its_signature(toy: Path, command: Callable[..., Any]) -> None:
    out = command("info", "toy/judge").out
    assert "\n  all of it may change on resume\n" in out
    assert out.endswith(
        "parameter    type                      default  meaning\n"
        "episodes     int                       10       episodes (>= 1)\n"
        "environment  part: environment | null  null     judge in this one instead of the\n"
        "                                                recipe's\n"
    )


def test_parts(toy: Path, command: Callable[..., Any]) -> None:
    out = command("info", "toy/wrap").out
    assert out.endswith(
        "parameter  type                   default   meaning\n"
        "inner      part: algorithm        required  what is wrapped\n"
        "pool       list[part: evaluator]  []        of judges\n"
    )
    (described,) = json.loads(command("info", "toy/wrap", "--json").out)
    assert [parameter["part"] for parameter in described["parameters"]] == ["algorithm", "evaluator"]


PLUGIN = """\
toy: plugin, framework-toy 1.2
  offers no names to other plugins

algorithms
  toy/learn  Learns a little
  toy/gone   Cannot be described
  toy/wrap   Wraps another

evaluators
  toy/judge  Judges
"""


def test_a_plugin(toy: Path, command: Callable[..., Any]) -> None:
    shown = command("info", "toy")
    assert (shown.code, shown.err) == (0, "")
    assert sorted(shown.out.splitlines()) == sorted(PLUGIN.splitlines())
    (described,) = json.loads(command("info", "toy", "--json").out)
    assert described["kind"] == "plugin"
    assert described["public"] == described["builds_on"] == []
    assert {"name": "toy/judge", "kind": "evaluator", "doc": "Judges"} in described["components"]
    assert "broken: ModuleNotFoundError" in command("info", "bad").out


def test_all_plugins_need_the_core_which_none_is_said_to_build_on() -> None:
    core = Plugin("rl", "framework-core", "1.0", builtin=True)
    plugins = [Plugin(name, f"framework-{name}", "1.0") for name in ("adr", "her")]
    plugins[0].requirements = frozenset({"framework-core", "framework-her"})
    (described,) = describe("adr", Registry([core, *plugins]))
    assert described["builds_on"] == ["her"]


@pytest.mark.parametrize("width", [60, 80, 100, 400])
@pytest.mark.parametrize("name", ["toy/learn", "trainer", "tracking"])
def test_it_fits_the_terminal(
    name: str, width: int, toy: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    out = command("info", name).out
    assert max(map(len, out.splitlines())) <= min(width, 120)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_name_is_broken(
    width: int, toy: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for name in ("toy/learn", "trainer", "tracking"):
        (described,) = json.loads(command("info", name, "--json").out)
        words = set(re.findall(r"[\w.]+", command("info", name).out))
        assert {parameter["name"] for parameter in described["parameters"]} <= words


def test_json(toy: Path, command: Callable[..., Any]) -> None:
    (answer,) = json.loads(command("info", "toy/learn", "--json").out)
    assert answer["name"] == "toy/learn"
    assert (answer["kind"], answer["distribution"], answer["version"]) == (
        "algorithm",
        "framework-toy",
        "1.2",
    )
    assert answer["source"] == "Nobody 2020"
    parameters = {parameter["name"]: parameter for parameter in answer["parameters"]}
    assert parameters["rate"] == {
        "name": "rate",
        "type": "float",
        "part": "",
        "required": False,
        "default": 0.1,
        "shown": "0.1",
        "doc": "step size, of which a long explanation follows here",
        "unit": "",
        "bounds": "> 0 and < 1",
        "ge": None,
        "gt": 0,
        "le": None,
        "lt": 1,
        "may_change": False,
        "parameters": [],
    }
    assert parameters["budget"]["required"]
    (steps,) = parameters["budget"]["parameters"]
    assert (steps["name"], steps["unit"], steps["default"]) == ("steps", "env steps", 100)
    assert steps["may_change"]
    assert not parameters["budget"]["may_change"]


@pytest.mark.parametrize("name", SECTIONS)
def test_sections(name: str, toy: Path, command: Callable[..., Any]) -> None:
    code, out, err = command("info", name)
    assert (code, err) == (0, "")
    assert out.startswith(f"{name}: section of the recipe\n")
    (answer,) = json.loads(command("info", name, "--json").out)
    assert all(parameter["doc"] for parameter in answer["parameters"])


def test_unknown(toy: Path, command: Callable[..., Any]) -> None:
    said = "error: unknown component 'toy/lern'\n  did you mean 'toy/learn'?\n"
    assert command("info", "toy/lern") == (2, "", said)


def test_of_a_plugin_that_is_absent(
    toy: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = "plugin bad (framework-bad 0.3) is broken: ModuleNotFoundError: No module named"
    assert command("info", "bad/thing").err.startswith(f"error: unknown component 'bad/thing'\n  {reason}")
    assert command("info", "tyo").err == "error: unknown component 'tyo'\n  did you mean 'toy'?\n"
    monkeypatch.setenv("FRAMEWORK_PLUGINS", "bad")
    installed.cache_clear()
    reason = "plugin toy (framework-toy 1.2) is left out: FRAMEWORK_PLUGINS is 'bad'"
    for name in ("toy", "toy/learn"):
        assert command("info", name).err == f"error: unknown component {name!r}\n  {reason}\n"
    Path("recipe.yaml").write_text("algorithm: {use: toy/learn}\n")
    said = f"error: recipe.yaml:1:18: unknown algorithm 'toy/learn'\n  {reason}\n"
    assert command("check", "recipe.yaml") == (2, "", said)


def test_parameters_that_cannot_be_imported(toy: Path, command: Callable[..., Any]) -> None:
    code, out, err = command("info", "toy/gone")
    assert (code, out) == (2, "")
    assert err.startswith("error: component toy/gone (framework-toy): cannot import its parameters")
