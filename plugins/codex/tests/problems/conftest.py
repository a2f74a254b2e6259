from __future__ import annotations

import os
from pathlib import Path

import pytest


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
    base = tmp_path_factory.getbasetemp()
    monkeypatch.setenv("XDG_CACHE_HOME", str(base / "cache"))
