from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from framework.contracts import Served
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
        patch.setattr(Tracker, "_log", lambda self, kind, entities: 1 / 0)  # nothing gets through
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
    assert tracker.model(Served(module, np.zeros((2, 3), np.float32)), store.experiment("x"))
    tracker.close()
    loaded = mlflow.pyfunc.load_model(f"runs:/{tracker.run_id}/model")
    inputs = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    with torch.no_grad():
        expected = module(torch.from_numpy(inputs)).numpy()
    np.testing.assert_allclose(loaded.predict(inputs), expected, rtol=1e-5)


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:9", "nonsense://x", "sqlite:////proc/no/such/folder/mlflow.db"]
)
def test_an_unusable_store_is_named(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(UserError, match="cannot be used") as caught:
        Store(uri)
    assert uri in str(caught.value) and "tracking.uri" in str(caught.value)


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


@pytest.fixture
def server(
    tracking_uri: str, tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Any]:
    """MLflow's server on the tracking store, in a thread, as a context; at the same address each time."""
    from mlflow import server as mlflow_server
    from mlflow.server import handlers
    from werkzeug.serving import make_server

    monkeypatch.setenv(mlflow_server.BACKEND_STORE_URI_ENV_VAR, tracking_uri)
    monkeypatch.setenv(mlflow_server.ARTIFACT_ROOT_ENV_VAR, "mlflow-artifacts:/")
    monkeypatch.setenv(mlflow_server.ARTIFACTS_DESTINATION_ENV_VAR, str(tmp_path / "artifacts"))
    monkeypatch.setenv(mlflow_server.SERVE_ARTIFACTS_ENV_VAR, "true")
    monkeypatch.setattr(handlers, "_tracking_store", None)
    monkeypatch.setattr(handlers, "_artifact_repo", None)

    @contextmanager
    def serve() -> Iterator[str]:
        serving = make_server("127.0.0.1", port, mlflow_server.app, threaded=True)
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            serving.shutdown()
            thread.join()
            serving.server_close()

    return serve


def test_a_server_that_goes_away_and_comes_back(
    server: Callable[[], Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    (tmp_path / "note.txt").write_text("finished work")
    with server() as address:
        store = Store(address)
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
    with server():
        again = Tracker(store, run_id, tmp_path / "run")
        again.catch_up()
        again.status("FINISHED")
        again.close()
        assert again.lost == ""
        assert history(store, run_id, "loss") == {1: 1.0, 2: 2.0}
        assert [item.path for item in store.client.list_artifacts(run_id)] == ["note.txt"]
        assert store.client.get_run(run_id).info.status == "FINISHED"


def test_a_name_that_mlflow_refuses_costs_no_other_its_value(
    store: Store, open_tracker: Callable[[], Tracker], caplog: pytest.LogCaptureFixture
) -> None:
    tracker = open_tracker()
    tracker.metrics({"loss": 1.0, "pass@1": 0.5, "../up": 2.0, "a//b": 3.0, "x" * 300: 4.0}, 1)
    tracker.metrics({"loss": 0.5, "pass@1": 0.6, "pass_1": 7.0}, 2)
    tracker.close()
    assert tracker.lost == ""
    metrics = store.client.get_run(tracker.run_id).data.metrics
    assert metrics.pop("loss") == 0.5
    assert metrics.pop("pass_1") == 0.6
    assert metrics.pop("__/up") == 2.0
    assert metrics.pop("a/b") == 3.0
    assert sorted((value, key[:4]) for key, value in metrics.items()) == [(4.0, "xxxx"), (7.0, "pass")]
    assert caplog.text.count("'pass@1'") == 1
    assert "does not answer" not in caplog.text

    again = open_tracker()  # gives the names it gave before
    again.metrics({"pass_1": 8.0}, 3)
    again.metrics({"pass@1": 0.7}, 3)
    again.close()
    assert history(store, tracker.run_id, "pass_1") == {1: 0.5, 2: 0.6, 3: 0.7}


def test_params_and_tags_arrive_whatever_they_are_called(
    store: Store, open_tracker: Callable[[], Tracker], caplog: pytest.LogCaptureFixture
) -> None:
    tracker = open_tracker()
    params = [(f"p{number}", number) for number in range(150)]
    params += [("a@b", 1), ("a#b", 2), ("/lead", 3), ("", 4), ("k" * 300, 5), ("long", "x" * 7000)]
    params += [("twice", "first"), ("twice", "second"), ("odd", "a\0b\ud800"), ("none", None)]
    tracker.params(params)
    tracker.tags({"a@b": "x", "long": "y" * 10_000, "plain": "z"})
    tracker.close()
    assert tracker.lost == ""
    run = store.client.get_run(tracker.run_id)
    found = run.data.params
    assert len(found) == 150 + 9
    assert found["p149"] == "149"
    assert found["a_b"] == "1" and "2" in found.values() and found["lead"] == "3"
    assert found["long"] == "x" * 499 + "…"
    assert found["twice"] == "first"
    assert "'twice'" in caplog.text
    assert run.data.tags["a_b"] == "x" and run.data.tags["plain"] == "z"
    assert run.data.tags["long"].startswith("yyyy")


def test_a_run_is_made_with_any_tags_and_name(store: Store) -> None:
    run_id = store.create_run(store.experiment("x"), "n" * 400, {"a@b": "x", "long": "y" * 10_000})
    run = store.client.get_run(run_id)
    assert run.data.tags["a_b"] == "x"
    assert run.info.run_name == "n" * 249 + "…"


def test_what_the_store_refuses_is_not_called_its_failure(store: Store) -> None:
    with pytest.raises(UserError, match="refuses this") as caught:
        store.experiment("x" * 600)
    assert "start its server" not in str(caught.value)
    with pytest.raises(UserError, match="refuses this"):
        store.create_run(store.experiment("x"), "one", {"mlflow.runName": "another"})


def test_an_image_of_any_title_arrives(store: Store, open_tracker: Callable[[], Tracker]) -> None:
    tracker = open_tracker()
    for title in ("judge/größe@1", "a:b", "t" * 300):
        tracker.image(title, np.zeros((4, 4, 3), np.uint8), 1)
    tracker.close()
    pngs = [item.path for item in store.client.list_artifacts(tracker.run_id, "images") if "png" in item.path]
    assert len(pngs) == 3


def test_what_could_not_be_sent_is_sent_later(
    store: Store, open_tracker: Callable[[], Tracker], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("a")
    with monkeypatch.context() as patch:
        patch.setattr(store.client, "log_batch", lambda *_, **__: 1 / 0)
        patch.setattr(store.client, "log_artifact", lambda *_, **__: 1 / 0)
        dying = open_tracker()
        dying.params([("k", 4)])
        dying.tags({"who": "me"})
        dying.artifacts(tmp_path / "a.txt")
        dying.close(patience=5)
        assert dying.lost
    tracker = open_tracker()
    tracker.catch_up()
    tracker.close()
    assert tracker.lost == ""
    run = store.client.get_run(tracker.run_id)
    assert run.data.params == {"k": "4"}
    assert run.data.tags["who"] == "me"
    assert [item.path for item in store.client.list_artifacts(tracker.run_id)] == ["a.txt"]


def test_a_deleted_run_keeps_what_is_for_it(
    store: Store, open_tracker: Callable[[], Tracker], caplog: pytest.LogCaptureFixture
) -> None:
    tracker = open_tracker()
    store.client.delete_run(tracker.run_id)
    tracker.metrics({"a": 1.0, "b": 2.0}, 1)
    tracker.close(patience=10)
    assert "mlflow runs restore" in tracker.lost
    store.client.restore_run(tracker.run_id)
    again = open_tracker()
    again.close()
    assert store.client.get_run(tracker.run_id).data.metrics == {"a": 1.0, "b": 2.0}
