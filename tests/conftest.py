"""What several tests need: a tracking store without the wait, and a plugin that is fast."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from framework import registry

TINY = Path(__file__).parent / "tiny_plugin"

RECIPE = """\
seed: 0
environment: {use: tiny/points}
model: {use: tiny/line}
algorithm: {use: tiny/descent, steps: 20}
evaluators: [{use: tiny/error, every: 5}]
trainer: {accelerator: cpu}
tracking: {experiment: tiny, system_metrics: false, log_model: false}
"""


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database without runs: making one takes seconds, so there is one, to be copied."""
    from framework.store import Store

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    Store(f"sqlite:///{path}")
    return path


@pytest.fixture
def tracking_uri(empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A tracking store of the test's own, in its folder; the default for what runs there."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


@pytest.fixture
def tiny_plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """tests/tiny_plugin, installed for this process and those it starts; no other plugin is."""
    monkeypatch.syspath_prepend(str(TINY))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(TINY), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("FRAMEWORK_PLUGINS", "tiny")
    registry.installed.cache_clear()
    yield TINY
    registry.installed.cache_clear()


@pytest.fixture
def workplace(tmp_path: Path, tracking_uri: str, tiny_plugin: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a tracking store and recipe.yaml, which uses the tiny plugin."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    return tmp_path
