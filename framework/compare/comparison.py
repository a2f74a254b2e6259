"""Tables of final metrics and curves of all groups, as a report."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framework.compare.curves import Against
from framework.compare.figure import draw
from framework.compare.groups import Group, grouped
from framework.compare.source import CPU_SECONDS, Subject, Subjects, read
from framework.errors import UserError, did_you_mean
from framework.plain import finite_or_text
from framework.report import Report, Table
from framework.runs import FAILED, FINISHED, ROOT
from framework.runs.metrics import meant
from framework.statistics import bootstrap_interval, interquartile_mean

MOST_CURVES = 6
PICTURES = (".png", ".svg", ".pdf")
log = logging.getLogger("framework")


@dataclass(frozen=True)
class Score:
    """A group's final values of one metric.

    Attributes:
        metric: its name.
        group: the group's label.
        values: run id -> last value.
        mean: interquartile.
        interval: both ends of the 95% interval; None for a single run.
    """

    metric: str
    group: str
    values: dict[str, float]
    mean: float
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Comparison:
    """Runs side by side.

    Attributes:
        groups: of runs that differ in their seed only.
        scores: of every group in every metric it has.
        report: tables, one figure "curves", and notes.
        folder: where a comparison without a file name is kept.
    """

    subjects: Subjects
    groups: Sequence[Group]
    scores: Sequence[Score]
    report: Report
    folder: Path

    def save(self, out: Path | None = None) -> list[Path]:
        """Write the page and figure, or only the file that is asked for.

        A comparison of a whole sweep is also logged to the sweep's run in MLflow.

        Args:
            out: a picture (.png, .svg, .pdf) or a page (.html) that holds everything.

        Returns:
            What was written.
        """
        files = self.report.save(self.folder, title="Comparison") if out is None else [self._write(out)]
        for sweep in self.subjects.sweeps:
            with tempfile.TemporaryDirectory() as folder:
                self.report.save(Path(folder), title="Comparison")
                _log_artifacts(sweep.state.tracking_uri, sweep.state.run_id, folder)
        return files

    def to_dict(self) -> dict[str, Any]:
        """Everything but the curves."""
        return {
            "groups": [
                {"label": group.label, "runs": [run.run_id for run in group.runs]} for group in self.groups
            ],
            "scores": [
                {
                    "metric": score.metric,
                    "group": score.group,
                    "interquartile_mean": finite_or_text(score.mean),
                    "interval": [finite_or_text(end) for end in score.interval or ()] or None,
                    "values": {run: finite_or_text(value) for run, value in score.values.items()},
                }
                for score in self.scores
            ],
            "notes": self.report.notes,
        }

    def _write(self, out: Path) -> Path:
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            if out.suffix == ".html":
                with tempfile.TemporaryDirectory() as folder:
                    self.report.save(Path(folder), title="Comparison")
                    shutil.copy(Path(folder) / "index.html", out)
            else:
                self.report.figures["curves"].savefig(out, dpi=150, bbox_inches="tight")
        except OSError as error:
            raise UserError(f"cannot write {out}: {error.strerror}") from None
        return out


def compare(
    runs: Iterable[str],
    metrics: Sequence[str] = (),
    against: Against = "steps",
    across: str = "",
    root: Path = ROOT,
) -> Comparison:
    """Compare runs and sweeps.

    Runs of the same recipe that differ in their seed only form a group. Each group's final
    metrics and curves are summarised by the interquartile mean and a bootstrap interval.

    Args:
        runs: each a run's or sweep's id, start of one, name or folder; `last` is the newest
            run, or the sweep it belongs to.
        metrics: names, their last parts, or an evaluator's name for its first metric; final
            metrics go before others. By default final metrics in tables, and what evaluators
            saw during the training as curves.
        against: what curves are drawn against: progress, seconds or CPU-seconds of training.
        across: a key of the recipe that tells tasks apart, such as `environment`: groups then
            hold the runs of all tasks, and intervals are stratified by task.
        root: where run folders are.

    Raises:
        UserError: a run is not there, no run has one of the metrics, or none counted its CPU time.
    """
    subjects = read(runs, root)
    # In a sweep a failed run is an accident; asked for by itself it is meant.
    failed = [run for run in subjects.runs if run.sweep and run.status == FAILED]
    kept = [run for run in subjects.runs if run not in failed]
    known = list(dict.fromkeys(name for run in kept for name in run.curves))
    if not known:
        raise UserError("these runs have no metrics yet" + ("" if kept else ": none of them has begun"))
    if against == "cpu" and not any(CPU_SECONDS in name for name in known):
        raise UserError("these runs did not count their CPU time\n  draw them against steps or time")
    groups = grouped(kept, across)
    finals = list(dict.fromkeys(name for run in kept for name in run.reported))
    chosen, ambiguous = _match(metrics, known, finals)
    tabled = chosen or finals or _curve_metrics(kept, known)
    # A final metric's curve is what its evaluator saw during the training.
    seen = [name for name in known if name.replace("monitor/", "", 1) in chosen]
    drawn = [name for name in seen or _curve_metrics(kept, known) if _is_curve(kept, name)]
    scores = [score for name in tabled for group in groups if (score := _score(name, group)) is not None]
    notes = [*ambiguous, *_notes(subjects, failed, groups)]
    report = Report(tables={name: _table(name, scores) for name in tabled})
    if drawn:
        report.figures["curves"], cut = draw(drawn, groups, against)
        notes += cut
    elif chosen:
        notes.append("No curves: these metrics were recorded once.")
    report.notes = notes
    folder = subjects.sweeps[0].folder if len(subjects.sweeps) == 1 else root
    return Comparison(subjects, groups, scores, report, folder / "comparison")


def _match(asked: Sequence[str], known: Sequence[str], finals: Sequence[str]) -> tuple[list[str], list[str]]:
    """The metrics that are asked for, evaluators' final ones first, and notes where others could be meant.

    Raises:
        UserError: there is none.
    """
    found: list[str] = []
    notes = []
    for name in asked:
        if name in known:
            found.append(name)
            continue
        others = [full for full in known if f"/{name}/" in f"/{full}/"]
        names = meant(name, finals) or [full for full in known if full.endswith(f"/{name}")]
        if not names:
            hint = did_you_mean(name, [*known, *(full.rpartition("/")[2] for full in known)])
            raise UserError(
                f"no run has a metric {name!r}\n"
                + (f"  {hint}\n" if hint else "")
                + f"  metrics: {', '.join(sorted(known))}"
            )
        others = [full for full in others if full.replace("monitor/", "", 1) not in names]
        if others or len(names) > 1:
            also = f"; it could also be {', '.join(others)}" if others else ""
            notes.append(f"{name} is taken for {' and '.join(names)}{also}: give the whole name.")
        found += names
    return list(dict.fromkeys(found)), notes


def _curve_metrics(runs: Sequence[Subject], known: Sequence[str]) -> list[str]:
    drawable = [
        name for name in known if _is_curve(runs, name) and "time/" not in name and "system/" not in name
    ]
    monitored = [name for name in drawable if "monitor/" in name]
    return (monitored or drawable)[:MOST_CURVES]


def _is_curve(runs: Sequence[Subject], name: str) -> bool:
    return any(name in run.curves and len(run.curves[name].steps) > 1 for run in runs)


def _score(metric: str, group: Group) -> Score | None:
    strata = [
        {run.run_id: value for run in runs if (value := run.final(metric)) is not None}
        for runs in group.strata
    ]
    values = {run_id: value for stratum in strata for run_id, value in stratum.items()}
    if not values:
        return None
    interval = bootstrap_interval([list(stratum.values()) for stratum in strata if stratum])
    ends = None if interval is None else (float(interval[0]), float(interval[1]))
    return Score(metric, group.label, values, float(interquartile_mean(list(values.values()))), ends)


def _table(metric: str, scores: Sequence[Score]) -> Table:
    rows = [
        [
            s.group,
            len(s.values),
            s.mean,
            *(s.interval or (None, None)),
            min(s.values.values()),
            max(s.values.values()),
        ]
        for s in scores
        if s.metric == metric
    ]
    columns = ["", "runs", "interquartile mean", "95% from", "95% to", "lowest", "highest"]
    return Table(columns, rows, caption=metric)


def _notes(subjects: Subjects, failed: Sequence[Subject], groups: Sequence[Group]) -> list[str]:
    notes = []
    if failed:
        notes.append(f"Left out, for they failed: {', '.join(run.name for run in failed)}.")
    if subjects.waiting:
        notes.append(f"Not begun yet: {', '.join(subjects.waiting)}.")
    for group in groups:
        notes += [
            f"{run.name} ({run.run_id[:8]}) is not finished: {run.status}."
            for run in group.runs
            if run.status != FINISHED
        ]
    single = [group.label for group in groups if len(group.runs) == 1]
    if single:
        notes.append(f"A single run has no interval: {', '.join(single)}.")
    if any(len(group.runs) > 1 for group in groups):
        notes.append(
            "Interquartile means over runs (of fewer than four: the mean), with 95% bootstrap intervals."
        )
    return notes


def _log_artifacts(uri: str, run_id: str, folder: str) -> None:
    from framework.runs.store import store_of

    try:
        store_of(uri, run_id).client.log_artifacts(run_id, folder, "comparison")
    except Exception as error:
        log.warning("the comparison did not reach the tracking store: %s", str(error).partition("\n")[0])
