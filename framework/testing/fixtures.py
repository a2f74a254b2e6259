"""pytest fixtures for plugin authors: runs in a folder and a tracking store of their own.

Switched on in a plugin's pyproject.toml:

    [tool.pytest.ini_options]
    addopts = ["-p", "framework.testing.fixtures"]
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import socket
import sqlite3
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import pytest

if TYPE_CHECKING:
    import lightning.pytorch as pl

    from framework.experiment import Result


def pytest_configure(config: pytest.Config) -> None:
    """Leave out what is no author's matter: MLflow asks SQLAlchemy 2.1 for a loader it calls deprecated."""
    config.addinivalue_line("filterwarnings", "ignore:The ``noload`` loader strategy:DeprecationWarning")


class RunRecipe(Protocol):
    """The type of the fixture `framework_run`."""

    def __call__(self, recipe: Path | str | Mapping[str, Any], overrides: Iterable[str] = ()) -> Result: ...


class Fit(Protocol):
    """The type of the fixture `framework_fit`."""

    def __call__(
        self, algorithm: pl.LightningModule, resume: Path | None = None, **options: Any
    ) -> pl.Trainer: ...


class CommandResult(NamedTuple):
    """What a command answered."""

    exit_code: int
    stdout: str
    stderr: str


class RunCommand(Protocol):
    """The type of the fixture `framework_command`."""

    def __call__(self, *arguments: str) -> CommandResult: ...


@pytest.fixture(scope="session")
def tracking_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty MLflow database. Making one takes seconds, copying it none."""
    from mlflow import MlflowClient

    without_waiting_for_disks()
    path = tmp_path_factory.mktemp("tracking") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


def without_waiting_for_disks() -> None:
    """Let SQLite databases that this process opens lose their last changes in a power failure.

    A run commits hundreds of times.
    """
    from sqlalchemy import Engine, event

    if not event.contains(Engine, "connect", _do_not_wait):
        event.listen(Engine, "connect", _do_not_wait)


def _do_not_wait(connection: Any, _: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


@pytest.fixture
def tracking_uri(tracking_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty tracking store in this test's folder, also set as MLFLOW_TRACKING_URI."""
    from framework.runs.store import sqlite_uri

    path = tmp_path / "mlflow.db"
    shutil.copyfile(tracking_template, path)
    uri = sqlite_uri(path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    return uri


@pytest.fixture
def framework_run(tracking_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunRecipe:
    """Run a recipe, a file or a mapping, in this test's folder: `framework_run(RECIPE, ["seed=1"])`.

    Returns what `framework.run` returns. The working directory is the test's folder; a
    relative path of a recipe starts where pytest was; a recipe may be given by its name, too.
    """
    start = Path.cwd()
    monkeypatch.chdir(tmp_path)

    def run(recipe: Path | str | Mapping[str, Any], overrides: Iterable[str] = ()) -> Result:
        import yaml

        from framework import run as run_recipe

        if isinstance(recipe, Mapping):
            path = tmp_path / "recipe.yaml"
            path.write_text(yaml.safe_dump(dict(recipe), sort_keys=False), encoding="utf-8")
            recipe = path
        file = start / recipe
        return run_recipe(file if file.exists() else recipe, list(overrides), quiet=True)

    return run


@pytest.fixture
def framework_fit(tmp_path: Path) -> Fit:
    """Train an algorithm by a bare Trainer: `framework_fit(algorithm, resume=checkpoint, callbacks=[...])`.

    Keyword arguments go to the Trainer, which is returned.
    """
    import lightning.pytorch as pl

    def fit(algorithm: pl.LightningModule, resume: Path | None = None, **options: Any) -> pl.Trainer:
        quiet = {"logger": False, "enable_checkpointing": False, "default_root_dir": tmp_path}
        bars = {"enable_progress_bar": False, "enable_model_summary": False}
        with warnings.catch_warnings():
            # Lightning's own dealings with torch and Slurm; what it says of the algorithm is shown.
            warnings.filterwarnings("ignore", message=".*LeafSpec.*")
            warnings.filterwarnings("ignore", message=".*`srun` command is available.*")
            trainer = pl.Trainer(**{"accelerator": "cpu", "max_epochs": 1, **quiet, **bars, **options})
            trainer.fit(algorithm, ckpt_path=resume, weights_only=False)
        return trainer

    return fit


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever looks for another machine finds none, and the test fails for having looked."""
    asked = []

    def refuse(*address: Any, **_: Any) -> None:
        asked.append(address)  # whoever asks may pass over the error
        raise OSError("the network was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield
    assert asked == []


@pytest.fixture
def framework_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunCommand:
    """Run the command in this process and in this test's folder: `framework_command("list")`.

    Returns its `exit_code`, `stdout` and `stderr`. With the fixture `tracking_uri`
    beside it, the command finds that store.
    """
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str) -> CommandResult:
        from framework.cli import main

        stdout, stderr = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
            try:
                main([os.fspath(argument) for argument in arguments])
            except SystemExit as end:
                code = end.code
        return CommandResult(
            code if isinstance(code, int) else int(bool(code)), stdout.getvalue(), stderr.getvalue()
        )

    return invoke
