from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from framework.errors import UserError
from framework.runs.store import Store
from framework.runs.tracker import Tracker


def history(store: Store, run_id: str, key: str) -> dict[int, float]:
    return {metric.step: metric.value for metric in store.client.get_metric_history(run_id, key)}


@pytest.fixture
def store(tracking_uri: str) -> Store:
    return Store(tracking_uri)


@pytest.fixture
def open_tracker(store: Store, tmp_path: Path) -> Callable[[], Tracker]:
    run_id = store.create_run(store.experiment("x"), "name", {})

    def make() -> Tracker:
        return Tracker(store, run_id, tmp_path / "run")

    return make


def test_metrics_arrive(store: Store, open_tracker: Callable[[], Tracker]) -> None:
    tracker = open_tracker()
    for step in range(2500):  # more than MLflow takes in one request
        tracker.metrics({"loss": step / 2}, step)
    tracker.metrics({"odd": float("nan")}, 0)
    tracker.close()
    assert tracker.lost == ""
    assert history(store, tracker.run_id, "loss") == {step: step / 2 for step in range(2500)}
    assert np.isnan(history(store, tracker.run_id, "odd")[0])


def test_a_killed_process_sends_the_rest_when_it_comes_back(
    store: Store, open_tracker: Callable[[], Tracker], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Tracker, "_log_batch", lambda self, metrics: 1 / 0)  # nothing gets through
        dying = open_tracker()
        dying.metrics({"loss": 1.0}, 1)
        dying.close(patience=5)
        assert dying.lost
    tracker = open_tracker()
    tracker.metrics({"loss": 1.0}, 1)  # the step it repeats
    tracker.metrics({"loss": 2.0}, 2)
    tracker.close()
    assert tracker.lost == ""
    found = store.client.get_metric_history(tracker.run_id, "loss")
    assert [(metric.step, metric.value) for metric in found] == [(1, 1.0), (2, 2.0)]


def test_the_logged_model_answers_any_batch(
    store: Store, open_tracker: Callable[[], Tracker], monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow
    import torch

    tracker = open_tracker()
    module = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))
    assert tracker.model(module, np.zeros((2, 3), np.float32), store.experiment("x"))
    tracker.close()
    loaded = mlflow.pyfunc.load_model(f"runs:/{tracker.run_id}/model")
    inputs = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    with torch.no_grad():
        expected = module(torch.from_numpy(inputs)).numpy()
    np.testing.assert_allclose(loaded.predict(inputs), expected, rtol=1e-5)


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:9", "nonsense://x", "sqlite:////proc/no/such/folder/mlflow.db"]
)
def test_an_unusable_store_is_named_at_once(uri: str) -> None:
    start = time.monotonic()
    with pytest.raises(UserError, match="cannot be used") as caught:
        Store(uri)
    assert uri in str(caught.value) and "tracking.uri" in str(caught.value)
    assert time.monotonic() - start < 60


def test_a_deleted_experiment_is_named(store: Store) -> None:
    store.client.delete_experiment(store.experiment("gone"))
    with pytest.raises(UserError, match="is deleted"):
        store.experiment("gone")


def test_artifacts_lie_beside_the_database(
    store: Store, open_tracker: Callable[[], Tracker], tmp_path: Path
) -> None:
    tracker = open_tracker()
    (tmp_path / "a.txt").write_text("a")
    tracker.artifacts(tmp_path / "a.txt", "texts")
    tracker.close()
    assert store.local is not None
    (found,) = (store.local.parent / "mlartifacts").rglob("a.txt")
    assert found.read_text() == "a"


@contextmanager
def server(folder: Path, port: int) -> Iterator[None]:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
            *("--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"),
            *("--artifacts-destination", str(folder / "artifacts"), "--workers", "1"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.2)
        else:
            pytest.fail("mlflow server does not start")
        yield
    finally:
        import os
        import signal

        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_server_that_goes_away_and_comes_back(
    tmp_path: Path, tracking_uri: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    database = Path(tracking_uri.partition("sqlite:///")[2])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "note.txt").write_text("finished work")
    with server(database.parent, port):
        store = Store(f"http://127.0.0.1:{port}")
        run_id = store.create_run(store.experiment("x"), "name", {})
        tracker = Tracker(store, run_id, tmp_path / "run")
        tracker.metrics({"loss": 1.0}, 1)
        while tracker.journal.sent < 1:
            time.sleep(0.05)
    tracker.metrics({"loss": 2.0}, 2)
    tracker.artifacts(tmp_path / "note.txt")
    tracker.status("FINISHED")
    tracker.close(patience=10)
    assert tracker.lost
    assert "does not answer; the run goes on" in caplog.text
    with server(database.parent, port):
        again = Tracker(store, run_id, tmp_path / "run")
        again.catch_up()
        again.status("FINISHED")
        again.close()
        assert again.lost == ""
        assert history(store, run_id, "loss") == {1: 1.0, 2: 2.0}
        assert [item.path for item in store.client.list_artifacts(run_id)] == ["note.txt"]
        assert store.client.get_run(run_id).info.status == "FINISHED"
