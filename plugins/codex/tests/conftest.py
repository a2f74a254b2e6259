from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import torch

# With another process on the machine, two threads wait for each other most of the time.
torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def quick_datasets(no_fingerprints: None) -> None: ...


def pytest_runtest_setup(item: pytest.Item) -> None:
    missing = shutil.which("bwrap") is None
    # Where it counts nothing may be left out without a word.
    if missing and item.get_closest_marker("sandbox") and "CI" not in os.environ:
        pytest.skip("bubblewrap is not installed")


@pytest.fixture(scope="session")
def data() -> Path:
    """Where the published problem sets are."""
    folder = os.environ.get("FRAMEWORK_TEST_DATA")
    if not folder or not Path(folder, "codex").is_dir():
        pytest.skip("FRAMEWORK_TEST_DATA names no folder with codex/ in it")
    return Path(folder, "codex")


@pytest.fixture(autouse=True)
def own_caches(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Harvested functions are kept in a cache that the tests of one session share."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
