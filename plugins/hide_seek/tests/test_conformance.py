"""The framework's own checks on every component of this plugin."""

from __future__ import annotations

from framework.testing import check_environment, check_plugin


def test_plugin() -> None:
    check_plugin("hide_seek")


def test_environment() -> None:
    check_environment({"use": "hide_seek/game", "num_envs": 3, "steps": 20}, steps=40)
