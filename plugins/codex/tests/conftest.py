from __future__ import annotations

import os
import shutil

import pytest
import torch

# With another process on the machine, two threads wait for each other most of the time.
torch.set_num_threads(1)


def pytest_runtest_setup(item: pytest.Item) -> None:
    missing = shutil.which("bwrap") is None
    # Where it counts nothing may be left out without a word.
    if missing and item.get_closest_marker("sandbox") and "CI" not in os.environ:
        pytest.skip("bubblewrap is not installed")
