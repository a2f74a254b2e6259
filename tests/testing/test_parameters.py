"""Awkward values are made of every parameter's bounds, and what a run makes of them is told apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from framework.component import Component, Param
from framework.errors import UserError
from framework.plugins import Plugin
from framework.registry import Registry
from framework.rl.budget import Budget
from framework.testing import awkward_recipes, check_small_run

TINY: dict[str, Any] = {
    "environment": "tiny/points",
    "model": {"use": "tiny/line"},
    "algorithm": {"use": "tiny/descent", "steps": 3},
    "evaluators": ["tiny/error"],
}


@dataclass(frozen=True, kw_only=True)
class Inner:
    share: Annotated[float, Param("share", gt=0, lt=1)] = 0.5
    name: Annotated[str, Param("name")] = "a"


@dataclass(frozen=True, kw_only=True)
class Every:
    size: Annotated[int, Param("size", ge=4)] = 8
    few: Annotated[int | None, Param("few", gt=0, le=3)] = None
    rate: Annotated[float, Param("rate", ge=0, le=1)] = 0.5
    sizes: Annotated[tuple[int, ...], Param("sizes", ge=1, le=5)] = (1, 2)
    pair: Annotated[tuple[float, float], Param("pair", ge=-1)] = (0.0, 1.0)
    inner: Annotated[Inner, Param("inner")] = Inner()
    budget: Annotated[Budget, Param("budget")]
    free: Annotated[float, Param("anything")] = 0.0
    mode: Annotated[Literal["a", "b"], Param("mode")] = "a"


def test_values_are_at_the_bounds_and_divide_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    component = Component("every", "builtins:dict", Every, plugin="fake", kind="model")
    fake = Registry([Plugin("fake", "framework-fake", "1.0", components=[component])])
    for module in ("sections", "parameters"):
        monkeypatch.setattr(f"framework.testing.{module}.installed", lambda: fake)
    given = {"use": "fake/every", "inner": {"name": "b"}, "budget": {"env_steps": 5}}
    found: dict[str, list[Any]] = {}
    for name, recipe in awkward_recipes({"model": given}):
        changed = {key: value for key, value in recipe["model"].items() if value != given.get(key)}
        ((key, value),) = changed.items()
        assert name == f"fake/every.{key}={value}" or key in ("inner", "budget")
        found.setdefault(key, []).append(value)
    assert found == {
        "size": [4, 7, 11],
        "few": [1, 3],
        "rate": [0, 1],
        "sizes": [[1], [3]],
        "pair": [[-1, -1]],
        "inner": [{"name": "b", "share": 1e-6}, {"name": "b", "share": 1 - 1e-6}],
        # The one that was given and the other may not stand together.
        "budget": [{"env_steps": v} for v in (1, 3, 7)] + [{"updates": v} for v in (1, 3, 7)],
    }


def test_every_number_of_a_plugin_is_tried(tiny_plugin: Path) -> None:
    told_to_fail = ("fail_at", "die_at")
    cases = {
        name: recipe
        for name, recipe in awkward_recipes(TINY)
        if not name.split(".")[1].startswith(told_to_fail)
    }
    assert {"tiny/points.noise=0", "tiny/descent.batch=[7]", "tiny/error.every=3"} <= set(cases)
    for recipe in cases.values():
        assert check_small_run(recipe) == ""


def test_refusals_are_returned_and_failures_raised(
    tiny_plugin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = {**TINY, "algorithm": {"use": "tiny/descent", "fail_at": 1}}
    with pytest.raises(RuntimeError, match="told to fail"):
        check_small_run(failing)
    assert "cannot be 0" in check_small_run({**TINY, "algorithm": {"use": "tiny/descent", "steps": 0}})
    import framework_tiny.parts

    def refuse(*_: Any) -> None:
        raise UserError("no points today")

    monkeypatch.setattr(framework_tiny.parts.Points, "__init__", refuse)
    assert check_small_run(TINY) == "no points today"
    monkeypatch.setattr(framework_tiny.parts.Points, "__init__", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        check_small_run(TINY)
