"""Runs to compare: their settings and metrics, from run folders or from MLflow."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from framework.errors import UserError
from framework.plain import flatten
from framework.progress import kept
from framework.recipe.yaml import parse
from framework.runs import ROOT, WAITING, Run, children, find_run
from framework.runs.journal import Record, read_journal
from framework.runs.store import Store, tracking_uri
from framework.statistics import Floats

if TYPE_CHECKING:
    from mlflow.entities import Run as MlflowRun

SECONDS, CPU_SECONDS = "time/seconds", "time/cpu_seconds"
_PARENT = "mlflow.parentRunId"
_CUT = 250  # characters: where MLflow cuts a parameter


@dataclass(frozen=True)
class Curve:
    """One metric of one run, in the order it was recorded.

    Attributes:
        steps: progress, `(points,)`.
        seconds: of training up to each point, `(points,)`.
        values: `(points,)`; may be NaN.
        cpu: CPU-seconds of training up to each point, `(points,)`; None if they were not counted.
    """

    steps: Floats
    seconds: Floats
    values: Floats
    cpu: Floats | None = None


@dataclass
class Subject:
    """A run to be compared.

    Attributes:
        run_id: in MLflow.
        name: the run's.
        status: RUNNING, FINISHED, FAILED or KILLED.
        settings: the resolved recipe, dotted key -> value as text.
        curves: by metric; behind `stage/` in a recipe with stages.
        reported: the metrics that evaluators found at the end.
        sweep: name of the sweep it belongs to, or "".
        unit: of progress, such as "env steps"; "" if it is not known.
    """

    run_id: str
    name: str
    status: str
    settings: Mapping[str, str] = field(default_factory=dict)
    curves: dict[str, Curve] = field(default_factory=dict)
    reported: list[str] = field(default_factory=list)
    sweep: str = ""
    unit: str = ""

    def final(self, metric: str) -> float | None:
        """The last value, or None if it has none."""
        curve = self.curves.get(metric)
        return float(curve.values[-1]) if curve is not None else None


@dataclass
class Subjects:
    """What was asked to be compared.

    Attributes:
        runs: each once.
        sweeps: the parent runs of the sweeps among what was asked for.
        waiting: the names of a sweep's runs that have not begun.
    """

    runs: list[Subject] = field(default_factory=list)
    sweeps: list[Run] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


def read(texts: Iterable[str], root: Path = ROOT) -> Subjects:
    """Read runs, and all runs of sweeps.

    Args:
        texts: each a run's or sweep's id, start of one, name or folder; `last` is the newest
            run, or the sweep it belongs to; a whole id without a folder here is read from
            the tracking store.
        root: where run folders are.

    Raises:
        UserError: one is neither here nor in the tracking store.
    """
    found = Subjects()
    for text in texts:
        try:
            run = find_run(text, root)
            if text == "last" and run.state.choices:
                run = find_run(run.state.parent, root)
        except UserError:
            if not re.fullmatch(r"[0-9a-f]{32}", text):
                raise
            found.runs += _from_store(text)
            continue
        if not run.is_sweep:
            found.runs.append(from_folder(run))
            continue
        found.sweeps.append(run)
        runs = children(run)
        found.runs += [from_folder(one, run.state.name) for one in runs if one.state.status != WAITING]
        found.waiting += [one.state.name for one in runs if one.state.status == WAITING]
    found.runs = list({run.run_id: run for run in found.runs}.values())
    return found


def from_folder(run: Run, sweep: str = "") -> Subject:
    """A run as its folder has it; it may be running."""
    state = run.state
    status = "KILLED" if state.status == "RUNNING" and not run.alive else state.status
    subject = Subject(state.run_id, state.name, status, sweep=sweep)
    recipe = run.folder / "resolved.yaml"
    if recipe.is_file():
        data = parse(recipe.read_text(encoding="utf-8"), str(recipe)).data
        subject.settings = {key: str(value)[:_CUT] for key, value in flatten(data) if value not in ({}, [])}
    changes = [(key, old) for one in state.changes for key, (old, _) in one["values"].items()]
    if longer := [f"{key} from {old}" for key, old in changes if "algorithm." in key or ".max_" in key]:
        subject.settings = {**subject.settings, "changed": ", ".join(longer)}
    for stage, stage_state in {"": None, **state.stages}.items():
        folder = run.stage_folder(stage)
        prefix = f"{stage}/" if stage else ""
        subject.unit = kept(folder).get("axis", "") or subject.unit
        if (folder / "metrics.jsonl").is_file():
            subject.curves.update(_curves(read_journal(folder / "metrics.jsonl"), prefix))
        if stage_state is not None:
            subject.reported += [
                f"{prefix}{evaluator}/{metric}"
                for evaluator, metrics in stage_state.reports.items()
                for metric in metrics
            ]
    return subject


def _curves(records: list[Record], prefix: str) -> dict[str, Curve]:
    points: dict[str, list[tuple[int, int, float]]] = defaultdict(list)
    for record in records:
        for name, value in record.metrics.items():
            points[name].append((record.step, record.time, value))
    columns = {name: np.array(found, dtype=np.float64).T for name, found in points.items()}
    start = min((record.time for record in records), default=0)
    clock, cpu_clock = columns.get(SECONDS), columns.get(CPU_SECONDS)
    curves = {}
    for name, (steps, times, values) in columns.items():
        # Training time, which interruptions do not count in; without it, time of day.
        seconds = (times - start) / 1000 if clock is None else np.interp(steps, clock[0], clock[2])
        cpu = None if cpu_clock is None else np.interp(steps, cpu_clock[0], cpu_clock[2])
        curves[prefix + name] = Curve(steps, seconds, values, cpu)
    return curves


def _from_store(run_id: str) -> list[Subject]:
    """A run or the runs of a sweep, by MLflow alone."""
    from framework.sweep.driver import SWEEP_TAG

    store = Store(tracking_uri(None))
    try:
        run = store.client.get_run(run_id)
    except Exception as error:
        raise UserError(
            f"no run {run_id} here or in the tracking store {store.uri}: {str(error).splitlines()[0][:200]}\n"
            "  another store: MLFLOW_TRACKING_URI"
        ) from None
    sweep = run.data.tags.get(SWEEP_TAG, "")
    runs = _nested(store, run) if sweep else [run]
    return [_from_mlflow(store, one, sweep) for one in runs]


def _from_mlflow(store: Store, run: MlflowRun, sweep: str) -> Subject:
    subject = Subject(
        run.info.run_id, run.info.run_name or "", run.info.status, dict(run.data.params), sweep=sweep
    )
    stages = [(f"{nested.info.run_name}/", nested) for nested in _nested(store, run)]
    for prefix, part in [("", run), *stages]:
        history = partial(store.client.get_metric_history, part.info.run_id)
        records = [
            Record(metric.step, metric.timestamp, {metric.key: metric.value})
            for key in part.data.metrics
            if not key.startswith("system/")
            for metric in history(key)
        ]
        curves = _curves(sorted(records, key=lambda record: record.step), prefix)
        subject.curves.update(curves)
        # MLflow does not tell them from others; they alone are recorded once.
        subject.reported += [name for name, curve in curves.items() if len(curve.steps) == 1]
    return subject


def _nested(store: Store, run: MlflowRun) -> list[MlflowRun]:
    found = store.client.search_runs(
        [run.info.experiment_id], filter_string=f"tags.`{_PARENT}` = '{run.info.run_id}'"
    )
    return [one for one in reversed(found) if not (one.info.run_name or "").startswith("evaluate ")]
