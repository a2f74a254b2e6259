"""What only a plugin without the others can break: that it loads."""

from __future__ import annotations

from framework.testing import check_plugin


def test_plugin() -> None:
    check_plugin("grasp")
