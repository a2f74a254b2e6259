"""`framework ui`: the server it starts, and what it says when there is nothing to show."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import click
import pytest

from framework.cli import ui
from framework.runs import Run, RunState
from framework.testing.fixtures import RunCommand

EXPERIMENTS = {"experiments": [{"experiment_id": "7"}]}
RUN = {"run": {"info": {"experiment_id": "3"}}}
# In the place of MLflow's: knows one run. The port comes before `--workers 1`.
SERVER = f"""
import http.server, json, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = "run_id=known" in self.path or "experiments/search" in self.path
        self.send_response(200 if known else 404)
        self.end_headers()
        self.wfile.write(json.dumps({RUN} if "runs/get" in self.path else {EXPERIMENTS}).encode())
    def log_message(self, *_): pass
print("the server says", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[-3])), Handler).serve_forever()
"""


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """The command lines of the servers; as soon as one's page is shown, Ctrl-C is pressed."""
    found: list[list[str]] = []

    def start(arguments: list[str], **options: Any) -> subprocess.Popen[bytes]:
        found.append(arguments)
        return popen([sys.executable, "-S", "-c", SERVER, *arguments], **options)

    def show(link: str, opens: bool | None) -> None:
        click.echo(link)
        signal.raise_signal(signal.SIGINT)

    popen = subprocess.Popen
    monkeypatch.setattr(ui.subprocess, "Popen", start)
    monkeypatch.setattr(ui, "_show", show)
    yield found
    assert signal.getsignal(signal.SIGTERM) is not signal.default_int_handler


def test_it_serves_the_store_of_this_directory(
    framework_command: RunCommand,
    tmp_path: Path,
    started: list[list[str]],
    port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "mlflow.db").touch()
    answer = framework_command("ui", "--port", str(port))
    # Without a run, the experiment that changed last, where its results are.
    assert answer.stdout == f"http://127.0.0.1:{port}/#/experiments/7/runs?workflowType=machine_learning\n"
    assert answer.exit_code == 0 and "Traceback" not in answer.stderr
    (command,) = started
    assert command[1:4] == ["-m", "mlflow", "server"]
    assert command[command.index("--backend-store-uri") + 1] == "sqlite:///mlflow.db"
    assert command[command.index("--port") + 1] == str(port)


def test_it_serves_the_store_of_the_environment(
    framework_command: RunCommand,
    tmp_path: Path,
    started: list[list[str]],
    port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "other.db").touch()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/other.db")
    assert framework_command("ui", "--port", str(port)).exit_code == 0
    assert f"sqlite:///{tmp_path}/other.db" in started[0]


def test_it_serves_a_store_named_to_it(
    framework_command: RunCommand, tmp_path: Path, started: list[list[str]], port: int
) -> None:
    (tmp_path / "other.db").touch()
    assert framework_command("ui", "--uri", "sqlite:///other.db", "--port", str(port)).exit_code == 0
    assert "sqlite:///other.db" in started[0]


def test_a_run_is_shown_in_its_own_store(
    framework_command: RunCommand, tmp_path: Path, started: list[list[str]], port: int
) -> None:
    uri = f"sqlite:///{tmp_path}/its.db"
    (tmp_path / "its.db").touch()
    _run("known", uri)
    answer = framework_command("ui", "known", "--port", str(port))
    assert answer.stdout.endswith("/#/experiments/3/runs/known?workflowType=machine_learning\n")
    assert uri in started[0]


def test_a_server_that_has_the_run_is_not_started_again(
    framework_command: RunCommand, tmp_path: Path, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(RUN).encode())

        def log_message(self, *_: Any) -> None: ...

    shown: list[str] = []
    monkeypatch.setattr(ui, "_show", lambda link, opens: shown.append(link))
    (tmp_path / "its.db").touch()
    _run("known", f"sqlite:///{tmp_path}/its.db")
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert framework_command("ui", "last", "--port", str(server.server_port)).exit_code == 0
        server.shutdown()
    assert shown == [
        f"http://127.0.0.1:{server.server_port}/#/experiments/3/runs/known?workflowType=machine_learning"
    ]
    assert not started


def test_a_damaged_database_is_named(
    framework_command: RunCommand, tmp_path: Path, started: list[list[str]]
) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"nothing that SQLite has written" * 100)
    answer = framework_command("ui", "--uri", "sqlite:///mlflow.db")
    assert answer.exit_code == 2
    assert answer.stderr.startswith(
        f"error: the tracking database {tmp_path}/mlflow.db is damaged: file is not a database\n"
    )
    assert not started


def test_a_server_that_does_not_start_says_why(
    framework_command: RunCommand, tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui, "server_arguments", lambda *_: [sys.executable, "-S", "-c", "import nothing"])
    answer = framework_command("ui", "--port", str(port))
    assert answer.exit_code == 1
    assert "No module named 'nothing'" in answer.stderr


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


def _run(run_id: str, uri: str) -> None:
    folder = Path("runs") / run_id
    folder.mkdir(parents=True)
    Run(folder, RunState(run_id, "name", "experiment", uri, "recipe.yaml", 0.0)).save()
