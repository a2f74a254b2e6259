"""What several tests need: a plugin that is fast, and processes that start fast."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from framework import registry
from framework.runs import FINISHED, Run, RunState
from tests.zygote import SOCKET

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


@pytest.fixture
def tiny_plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """tests/tiny_plugin, installed for this process and those it starts; no other plugin is."""
    monkeypatch.syspath_prepend(str(TINY))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(TINY), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("FRAMEWORK_PLUGINS", "tiny")
    registry.installed.cache_clear()
    yield TINY
    registry.installed.cache_clear()


@pytest.fixture(scope="session")
def zygote() -> Iterator[None]:
    """Lets `tests.zygote.Forked` make processes."""
    # A short path: the name of a socket may have a hundred characters.
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "zygote"
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.zygote", path], cwd=Path(__file__).parents[1]
        )
        while not path.exists():
            assert process.poll() is None, "the zygote did not start"
            time.sleep(0.05)
        patch.setenv(SOCKET, str(path))
        yield
        process.kill()
        process.wait()


@pytest.fixture
def port() -> Iterator[int]:
    """A port to serve at, which no other process is given: it is bound here, and not listened on."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


@pytest.fixture
def workplace(tmp_path: Path, tracking_uri: str, tiny_plugin: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a tracking store and recipe.yaml, which uses the tiny plugin."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def make_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Makes run folders in runs/ of an empty working directory, each newer than the one before."""
    monkeypatch.chdir(tmp_path)
    count = 0

    def make(run_id: str, name: str = "her-seed=0", status: str = FINISHED, **more: object) -> Run:
        nonlocal count
        count += 1
        state = RunState(run_id.ljust(32, "0"), name, "e", "sqlite:///mlflow.db", "her.yaml", float(count))
        state.status = status
        for key, value in more.items():
            setattr(state, key, value)
        run = Run(Path("runs") / state.run_id, state)
        run.folder.mkdir(parents=True)
        run.save()
        return run

    return make
