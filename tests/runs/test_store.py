"""Tracking stores in folders of any name."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from framework.cli.ui import server_arguments
from framework.errors import UserError
from framework.runs.store import Store, absolute, reason_of, sqlite_path, sqlite_uri, tracking_uri

FOLDERS = ["plain", "a b", "a%20b", "50%", "what?", "a?b=c&d", "#1", "größe", 'it\'s $HOME; "x"', "a@b:c"]


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("name", FOLDERS)
def test_all_is_in_the_working_directory(
    name: str, tmp_path: Path, tracking_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "above" / name
    folder.mkdir(parents=True)
    shutil.copyfile(tracking_template, folder / "mlflow.db")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    before = everything(tmp_path / "above")
    store = Store(tracking_uri(None))
    run_id = store.create_run(store.experiment("x/../y"), "name", {})
    store.client.log_metric(run_id, "loss", 0.5)
    store.client.log_text(run_id, "text", "notes/a.txt")

    made = everything(tmp_path / "above") - before
    assert {path for path in made if not path.startswith(f"{name}/")} == set()
    with sqlite3.connect(folder / "mlflow.db") as database:
        assert database.execute("select value from metrics").fetchall() == [(0.5,)]
    database.close()
    (text,) = (folder / "mlartifacts").rglob("a.txt")
    assert text.read_text() == "text"
    assert Path(store.client.download_artifacts(run_id, "notes/a.txt")).read_text() == "text"

    # From somewhere else.
    monkeypatch.chdir(tmp_path)
    served = server_arguments(store.uri, "127.0.0.1", 0)
    assert served[served.index("--backend-store-uri") + 1] == store.uri
    assert Store(store.uri).client.get_run(run_id).data.metrics == {"loss": 0.5}
    assert everything(tmp_path / "above") - before == made


def test_what_a_database_says_is_the_reason() -> None:
    wrapped = "(raised as a result of ...)\n(sqlite3.OperationalError) database or disk is full\n[SQL: ...]"
    assert reason_of(Exception(wrapped)) == "database or disk is full"
    assert reason_of(Exception("one line\nand another")) == "one line"


@pytest.mark.parametrize("location", ["a%20b", "my files #1", "what?"])
def test_files_go_where_they_are_asked_to(
    location: str, tracking_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store(tracking_uri)
    run_id = store.create_run(store.experiment("x", location), "name", {})
    store.client.log_text(run_id, "text", "a.txt")
    assert [path.name for path in (tmp_path / location).rglob("*.txt")] == ["a.txt"]


@pytest.mark.parametrize("name", ["..", ".", "a/b", "x" * 300, "größe #1"])
def test_experiments_keep_their_files_to_themselves(
    name: str, tracking_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store(tracking_uri)
    run_id = store.create_run(store.experiment(name), "name", {})
    store.client.log_text(run_id, "text", "a.txt")
    (found,) = tmp_path.rglob("a.txt")
    assert found.parents[2].parent == tmp_path / "mlartifacts"


def test_addresses_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in FOLDERS:
        assert sqlite_path(sqlite_uri(tmp_path / name / "x.db")) == tmp_path / name / "x.db"
    assert absolute("sqlite:///x.db?timeout=30") == f"sqlite:///{tmp_path}/x.db?timeout=30"
    assert absolute("http://localhost:5000") == "http://localhost:5000"
    assert sqlite_path("postgresql://x/y") is None
    for wrong in ("sqlite:x.db", "sqlite://"):
        with pytest.raises(UserError, match="three slashes"):
            Store(wrong)
