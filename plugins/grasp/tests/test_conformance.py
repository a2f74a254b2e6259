"""The framework's own checks on every component of this plugin."""

from __future__ import annotations

import pytest

from framework.testing import check_environment


@pytest.mark.parametrize("threads", [1, 2])
def test_random_objects(threads: int) -> None:
    check_environment(
        {"use": "grasp/random_objects", "scenes": 5, "per_shard": 2, "grasps": 4, "threads": threads}
    )
