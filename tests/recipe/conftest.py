from __future__ import annotations

from pathlib import Path

import pytest

from framework.registry import Registry

from . import fake


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def toys() -> Registry:
    """The components of the made-up plugin."""
    return fake.registry()
