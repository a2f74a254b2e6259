"""The checks of parameters and model fields: right environments pass, each fault is named."""

from __future__ import annotations

import re

import pytest

from framework.component import Component
from framework.plugins import Plugin
from framework.registry import Registry
from framework.testing import check_environment
from tests.testing import windy


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    components = [
        Component(name, f"tests.testing.windy:{name}", plugin="fake", kind="environment")
        for name, value in vars(windy).items()
        if isinstance(value, type)
    ]
    fake = Registry([Plugin("fake", "framework-fake", "1.0", components=components)])
    monkeypatch.setattr("framework.testing.sections.installed", lambda: fake)


@pytest.mark.parametrize("name", ["Windy", "Plain", "Cart", "Randomised"])
def test_a_right_environment_passes(name: str) -> None:
    check_environment(f"fake/{name}", steps=40)
    check_environment({"use": f"fake/{name}", "num_envs": 1}, seed=5, steps=20)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Shared", "'wind', after an array that parameters() returned was written into"),
        ("Scalar", "not one for each environment"),
        ("OutOfRange", "'wind' is [0. 0. 0.], out of its range [1.0, 2.0]"),
        ("ForAll", "'wind', set in one environment differs in 2 of 3 elements"),
        ("Together", "'slope', while 'wind' is set in one environment"),
        ("Calms", "'wind', set in one environment, after a reset"),
        ("TakesNan", "set_parameters takes a NaN"),
        ("TakesMore", "out of range,; expected a UserError"),
        ("HalfSet", "'wind' after set_parameters refused an unknown name after a good one"),
        ("Drifts", "with its parameters set to what they are"),
        ("ForgetsWind", "get_state after set_state in the same environment:['wind'] differs in 3 of 3"),
        ("ForgetsFields", "with model fields changed: step"),
        ("NarrowFinal", "final_obs['goal'] has dtype float32, not float64"),
    ],
)
def test_a_wrong_environment_is_refused(name: str, message: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(message)):
        check_environment(f"fake/{name}", steps=40)
