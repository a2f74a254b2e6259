"""MLflow: runs, metrics and artifacts, without making the run depend on it.

Metrics go to the run's journal and from there to the server in a thread of their own. All
else is noted in the run's outbox before it is sent. A server that goes away costs nothing:
what it missed waits in the folder until `framework resume`; and what it refuses costs
nothing else.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers.logger import Logger

from framework.contracts import Served
from framework.errors import UserError
from framework.quiet import quiet
from framework.runs import write_atomically
from framework.runs.journal import Journal
from framework.runs.names import LONGEST_PARAM, LONGEST_TAG, Names, image_name, mlflow_name, shown
from framework.runs.store import Store, is_refusal, reason_of

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
        self._metric_names = Names(mlflow_name, "metric")
        for record in self.journal.records:  # so that a resumed run gives the names it gave before
            for name in record.metrics:
                self._metric_names(name)
        self._image_names = Names(image_name, "image")
        self._outbox = folder / "outbox.json"
        self._closing = threading.Event()
        self._wake = threading.Event()
        self._lost = ""
        self._silent = False  # the store, when something was last not sent
        self._model_waits = False
        self._sender = threading.Thread(target=self._send, name="mlflow-metrics", daemon=True)
        self._sender.start()

    def metrics(self, values: Mapping[str, float], step: int, again: bool = False) -> None:
        """Record metrics; returns at once (the file is written, the server hears later).

        Args:
            values: by name.
            step: of the progress.
            again: whether they replace what was recorded at this step.
        """
        self.journal.append(values, step, again)
        self._wake.set()

    def params(self, values: Iterable[tuple[str, Any]]) -> None:
        """Log parameters, long ones cut short: the recipe has them in full."""
        self._deliver(["params", *([name, shown(value, LONGEST_PARAM)] for name, value in values)])

    def tags(self, values: Mapping[str, str]) -> None:
        self._deliver(["tags", *([name, shown(value, LONGEST_TAG)] for name, value in values.items())])

    def artifacts(self, path: Path, target: str = "") -> None:
        """Upload a file or folder."""
        self._deliver(["artifacts", str(path), target])

    def image(self, key: str, image: Any, step: int) -> None:
        """Log an `(h, w, 3)` uint8 image that the UI shows with a step slider."""
        name = self._image_names(key)
        self._do(lambda: self.store.client.log_image(self.run_id, image, key=name, step=step))

    def model(self, served: Served, experiment_id: str) -> bool:
        """Log the trained model so that `mlflow models serve` answers.

        Returns:
            Whether that is done with: False if the store did not answer, so that it is worth another try.
        """
        import mlflow

        from framework.runs.exporting import log_model

        def put() -> None:
            mlflow.set_tracking_uri(self.store.uri)
            mlflow.set_experiment(experiment_id=experiment_id)
            with warnings.catch_warnings(), quiet("mlflow"):
                warnings.simplefilter("ignore")
                try:
                    log_model(served, self.run_id)
                except UserError as error:  # no fault of the store's, and not mended by another try
                    log.warning("no model is logged: %s", error)

        self._model_waits = not self._do(put) and self._silent
        return not self._model_waits

    def status(self, status: str) -> None:
        """Set the run's status: RUNNING, FINISHED, FAILED or KILLED."""
        if status == "RUNNING":
            self._do(lambda: self.store.client.update_run(self.run_id, status=status))
        else:
            self._do(lambda: self.store.client.set_terminated(self.run_id, status))

    def catch_up(self) -> None:
        """Send what an earlier process could not."""
        for letter in self._read_outbox():
            self._deliver(letter)

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
        return (self._lost or "the server is slow") if behind or waiting or self._model_waits else ""

    def _deliver(self, letter: list[Any]) -> None:
        """Send what a letter asks for; it lies in the outbox until that is done."""
        others = [waiting for waiting in self._read_outbox() if waiting != letter]
        self._write_outbox([*others, letter])
        if self._do(lambda: self._hand_over(*letter)):
            self._write_outbox(others)

    def _hand_over(self, kind: str, *content: Any) -> None:
        from mlflow.entities import Param, RunTag

        if kind in ("params", "tags"):
            entity, names = (
                (Param, Names(mlflow_name, "parameter"))
                if kind == "params"
                else (RunTag, Names(mlflow_name, "tag"))
            )
            self._log(kind, [entity(names(name), value) for name, value in content])
        elif (path := Path(content[0])).is_dir():
            self.store.client.log_artifacts(self.run_id, str(path), content[1] or None)
        elif path.exists():
            self.store.client.log_artifact(self.run_id, str(path), content[1] or None)

    def _log(self, kind: str, entities: list[Any]) -> None:
        """Log metrics, params or tags; one that is refused costs no other its value."""
        batch: dict[str, Any] = {kind: entities}
        try:
            self.store.client.log_batch(self.run_id, **batch)
        except Exception as error:
            if not is_refusal(error):
                raise
            if self.store.client.get_run(self.run_id).info.lifecycle_stage != "active":
                raise UserError(
                    f"the run is deleted there; bring it back: mlflow runs restore --run-id {self.run_id}"
                ) from error
            if len(entities) > 1:
                for half in (entities[: len(entities) // 2], entities[len(entities) // 2 :]):
                    self._log(kind, half)
            else:
                log.warning("MLflow refuses %r of %s: %s", entities[0].key, kind, reason_of(error))

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
        from mlflow.exceptions import MlflowException

        # What is wrong with a value is not the server's fault.
        self._silent = isinstance(error, (MlflowException, OSError, UserError))
        if not self._lost:
            fault = "does not answer" if self._silent else "was not given everything"
            log.warning("tracking store %s %s; the run goes on: %s", self.store.uri, fault, reason_of(error))
        self._lost = reason_of(error)

    def _write_outbox(self, letters: list[list[Any]]) -> None:
        with contextlib.suppress(OSError):  # a full disk: at worst it is sent twice, or not again
            write_atomically(self._outbox, json.dumps(letters) + "\n")

    def _read_outbox(self) -> list[list[Any]]:
        try:
            waiting: list[list[Any]] = json.loads(self._outbox.read_text(encoding="utf-8"))
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
                    Metric(self._metric_names(name), value, record.time, record.step)
                    for record in records
                    for name, value in record.metrics.items()
                ]
                parts = [batch[i : i + BATCH] for i in range(0, len(batch), BATCH)]
                if not all(self._do(lambda p=part: self._log("metrics", p)) for part in parts):  # type: ignore[misc]
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
