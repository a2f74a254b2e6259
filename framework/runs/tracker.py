"""MLflow: runs, metrics and artifacts, without making the run depend on it.

Metrics go to the run's journal and from there to the server in a thread of their own;
artifacts lie in the run folder before they are uploaded. A server that goes away costs
nothing: what it missed waits in the folder until `framework resume`.
"""

from __future__ import annotations

import json
import logging
import threading
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers.logger import Logger

from framework.quiet import quiet
from framework.runs import write_atomically
from framework.runs.journal import Journal
from framework.runs.store import Store

BATCH = 1000  # metrics in one request: MLflow's limit
log = logging.getLogger("framework")


class Tracker:
    """Records one MLflow run.

    Args:
        store: where to.
        run_id: the run.
        folder: keeps the journal and the outbox of what could not be sent.
    """

    def __init__(self, store: Store, run_id: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.store = store
        self.run_id = run_id
        self.journal = Journal(folder / "metrics.jsonl")
        self._outbox = folder / "outbox.json"
        self._closing = threading.Event()
        self._wake = threading.Event()
        self._lost = ""
        self._sender = threading.Thread(target=self._send, name="mlflow-metrics", daemon=True)
        self._sender.start()

    def metrics(self, values: Mapping[str, float], step: int) -> None:
        """Record metrics; returns at once (the file is written, the server hears later)."""
        self.journal.append(values, step)
        self._wake.set()

    def params(self, values: Mapping[str, Any]) -> None:
        """Log parameters; MLflow cuts at 250 characters what the recipe has in full."""
        from mlflow.entities import Param

        entities = [Param(name, str(value)[:250]) for name, value in values.items()]
        self._do(lambda: self.store.client.log_batch(self.run_id, params=entities))

    def tags(self, values: Mapping[str, str]) -> None:
        from mlflow.entities import RunTag

        entities = [RunTag(name, value) for name, value in values.items()]
        self._do(lambda: self.store.client.log_batch(self.run_id, tags=entities))

    def artifacts(self, path: Path, target: str = "") -> None:
        """Upload a file or folder; if that fails it stays in the outbox."""
        if not self._do(lambda: self._upload(path, target)):
            self._post([str(path), target])

    def image(self, key: str, image: Any, step: int) -> None:
        """Log an `(h, w, 3)` uint8 image that the UI shows with a step slider."""
        self._do(lambda: self.store.client.log_image(self.run_id, image, key=key, step=step))

    def model(self, module: Any, example: Any, experiment_id: str) -> bool:
        """Log the trained model so that `mlflow models serve` answers."""
        import mlflow
        import mlflow.pytorch
        import torch

        def put() -> None:
            mlflow.set_tracking_uri(self.store.uri)
            mlflow.set_experiment(experiment_id=experiment_id)
            with warnings.catch_warnings(), quiet("mlflow"):
                warnings.simplefilter("ignore")
                mlflow.pytorch.log_model(
                    module.cpu().eval(),
                    name="model",
                    input_example=example,
                    run_id=self.run_id,
                    pip_requirements=[
                        f"torch=={torch.__version__.partition('+')[0]}",
                        f"mlflow=={mlflow.__version__}",
                    ],
                )

        return self._do(put)

    def status(self, status: str) -> None:
        """Set the run's status: RUNNING, FINISHED, FAILED or KILLED."""
        if status == "RUNNING":
            self._do(lambda: self.store.client.update_run(self.run_id, status=status))
        else:
            self._do(lambda: self.store.client.set_terminated(self.run_id, status))

    def catch_up(self) -> None:
        """Send what an earlier process could not."""
        waiting = self._read_outbox()
        write_atomically(self._outbox, "[]\n")
        for path, target in waiting:
            if Path(path).exists():
                self.artifacts(Path(path), target)

    def close(self, patience: float = 30.0) -> None:
        """Send what is left, for at most `patience` seconds."""
        self._closing.set()
        self._wake.set()
        self._sender.join(patience)
        self.journal.close()

    @property
    def lost(self) -> str:
        """Why something could not be sent, or "" if the server has everything."""
        behind = self.journal.sent < len(self.journal.records)
        waiting = bool(self._read_outbox())
        return (self._lost or "the server is slow") if behind or waiting else ""

    def _upload(self, path: Path, target: str) -> None:
        if path.is_dir():
            self.store.client.log_artifacts(self.run_id, str(path), target or None)
        else:
            self.store.client.log_artifact(self.run_id, str(path), target or None)

    def _do(self, call: Callable[[], Any]) -> bool:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                call()
        except Exception as error:
            self._missed(error)
            return False
        return True

    def _missed(self, error: Exception) -> None:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        if not self._lost:
            log.warning("tracking store %s does not answer; the run goes on: %s", self.store.uri, reason)
        self._lost = reason

    def _post(self, letter: list[str]) -> None:
        waiting = self._read_outbox()
        if letter not in waiting:
            write_atomically(self._outbox, json.dumps([*waiting, letter]) + "\n")

    def _read_outbox(self) -> list[list[str]]:
        try:
            waiting: list[list[str]] = json.loads(self._outbox.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return waiting

    def _send(self) -> None:
        from mlflow.entities import Metric

        pause = 1.0
        while True:
            self._wake.wait()
            # Collect for a moment: one request for many steps.
            self._closing.wait(pause)
            self._wake.clear()
            while records := self.journal.pending(BATCH):
                batch = [
                    Metric(name, value, record.time, record.step)
                    for record in records
                    for name, value in record.metrics.items()
                ]
                parts = [batch[i : i + BATCH] for i in range(0, len(batch), BATCH)]
                if not all(self._do(lambda p=part: self._log_batch(p)) for part in parts):  # type: ignore[misc]
                    break
                self.journal.mark_sent(len(records))
            failed = self.journal.sent < len(self.journal.records)
            if self._closing.is_set():
                return
            if failed:
                pause = min(2 * pause, 60.0)
                self._wake.set()
            else:
                pause = 1.0

    def _log_batch(self, metrics: list[Any]) -> None:
        self.store.client.log_batch(self.run_id, metrics=metrics)


class TrackerLogger(Logger):
    """Lightning's way to the tracker.

    Args:
        tracker: records.
        step: maps Lightning's step to the x axis, the algorithm's own progress.
        extra: metrics added to every record, such as the seconds spent.
    """

    def __init__(
        self, tracker: Tracker, step: Callable[[], int], extra: Callable[[], dict[str, float]]
    ) -> None:
        super().__init__()
        self._tracker = tracker
        self._step = step
        self._extra = extra

    @property
    def name(self) -> str:
        return "framework"

    @property
    def version(self) -> str:
        return self._tracker.run_id

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Nothing: the recipe has them all."""

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        values = {name: value for name, value in metrics.items() if name != "epoch"}
        if values:
            self._tracker.metrics({**values, **self._extra()}, self._step())
