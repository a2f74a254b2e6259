"""`framework ui`: the server it starts, and what it says when there is nothing to show."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from framework.testing.fixtures import RunCommand


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The command lines this process would have been replaced by."""
    found: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda program, arguments: found.append([program, *arguments[1:]]))
    return found


def test_it_serves_the_store_of_this_directory(
    framework_command: RunCommand, tmp_path: Path, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "mlflow.db").touch()
    port = str(_free_port())
    assert framework_command("ui", "--port", port).exit_code == 0
    (command,) = started
    assert command[1:4] == ["-m", "mlflow", "server"]
    assert command[command.index("--backend-store-uri") + 1] == "sqlite:///mlflow.db"
    assert command[command.index("--port") + 1] == port


def test_it_serves_the_store_of_the_environment(
    framework_command: RunCommand, tmp_path: Path, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other.db").touch()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/other.db")
    assert framework_command("ui", "--port", str(_free_port())).exit_code == 0
    assert f"sqlite:///{tmp_path}/other.db" in started[0]


def test_it_serves_a_store_named_to_it(
    framework_command: RunCommand, tmp_path: Path, started: list[list[str]]
) -> None:
    (tmp_path / "other.db").touch()
    assert framework_command("ui", "--uri", "sqlite:///other.db", "--port", str(_free_port())).exit_code == 0
    assert "sqlite:///other.db" in started[0]


def test_no_store_yet(
    framework_command: RunCommand, tmp_path: Path, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    answer = framework_command("ui")
    assert answer.exit_code == 2
    assert str(tmp_path / "mlflow.db") in answer.stderr
    assert "framework run RECIPE" in answer.stderr
    assert not started


def test_a_server_has_pages_of_its_own(
    framework_command: RunCommand, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    answer = framework_command("ui")
    assert answer.exit_code == 2
    assert "http://127.0.0.1:1" in answer.stderr
    assert not started


def test_a_taken_port_is_named(
    framework_command: RunCommand, tmp_path: Path, started: list[list[str]]
) -> None:
    (tmp_path / "other.db").touch()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = framework_command("ui", "--uri", "sqlite:///other.db", "--port", str(port))
    assert answer.exit_code == 2
    assert f"--port {port + 1}" in answer.stderr
    assert not started


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
