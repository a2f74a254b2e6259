"""The framework's own checks on the environment."""

from __future__ import annotations

from framework.testing import check_environment


def test_environment() -> None:
    check_environment({"use": "hide_seek/game", "num_envs": 3, "steps": 20}, steps=40)
