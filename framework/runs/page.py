"""The page of a run: what was found, by which recipe, where, in one file that needs nothing else."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from framework import page
from framework.errors import UserError
from framework.plain import format_cell
from framework.runs.changes import cut_short, history
from framework.runs.folder import Run, StageState, write_atomically
from framework.runs.listing import in_time, score
from framework.runs.names import in_words
from framework.runs.note import sources

if TYPE_CHECKING:
    from framework.recipe import Recipe

_LONGEST = 200_000  # characters of a text that are shown


def write(run: Run, recipe: Recipe) -> Path:
    """Write the page of a run from what its folder has.

    Args:
        run: finished, or as far as it is.
        recipe: what it ran.

    Returns:
        The file, `report.html` in the run's folder.
    """
    write_atomically(run.page, page.document(run.state.name, _body(run, recipe)))
    return run.page


def _body(run: Run, recipe: Recipe) -> Iterator[str]:
    state = run.state
    best = score(run)
    begun = time.strftime("%Y-%m-%d %H:%M", time.localtime(state.created))
    said = [f"{in_words(best[0])} {format_cell(best[1])}"] if best else []
    yield page.paragraph(
        " · ".join([*said, f"experiment {state.experiment}", f"begun {begun}", state.run_id])
    )
    yield page.code(shlex.join(["framework", "run", state.recipe, *state.overrides]))
    yield from map(page.paragraph, cut_short(run))
    if run.metrics:
        yield page.heading("Results") + page.table(["result", "value"], run.metrics.items())
    for key, stage in state.stages.items():
        yield from _reports(run, key, stage)
    yield from _curves(run)
    yield page.heading("Recipe")
    yield page.code(_read(run.folder / "recipe.yaml"))
    yield page.folded("As it was resolved", page.code(_read(run.folder / "resolved.yaml")))
    if changes := history(run):
        yield page.heading("Changed later", 3) + page.code("\n".join(changes))
    if papers := sources(recipe.stages.values()):
        yield page.heading("After", 3)
        yield from map(page.paragraph, papers)
    yield from _environment(run)


def _reports(run: Run, key: str, stage: StageState) -> Iterator[str]:
    for evaluator in stage.reports:
        folder = run.stage_folder(key) / "reports" / evaluator
        try:
            parts = list(page.report(folder, 3, f"{folder.relative_to(run.folder).as_posix()}/"))
            title = json.loads((folder / "report.json").read_text(encoding="utf-8"))["title"] or evaluator
        except (OSError, ValueError, KeyError):
            continue  # removed or damaged since: its metrics are among the results
        yield page.heading(f"{key}: {title}" if key else title) + "".join(parts)


def _curves(run: Run) -> Iterator[str]:
    """What was seen while it trained, as `framework compare` draws it."""
    from framework.compare import compare

    try:
        figures = compare([str(run.folder)]).report.figures
    except UserError:
        return  # it trained nothing
    for figure in figures.values():
        yield page.heading("Training") + page.picture("curves of the training", page.png(figure))


def _environment(run: Run) -> Iterator[str]:
    folder = run.folder / "provenance"
    yield page.heading("Environment")
    rows: list[tuple[str, object]] = []
    if commit := _read(folder / "commit.txt").strip():
        changed = ", with uncommitted changes" if (folder / "uncommitted.diff").exists() else ""
        rows.append(("commit", commit + changed))
    try:
        hardware = json.loads(_read(folder / "hardware.json") or "{}")
    except ValueError:
        hardware = {}
    rows += [
        (name.replace("_", " "), ", ".join(value) if isinstance(value, list) else value)
        for name, value in hardware.items()
    ]
    rows += [(f"training{f' of {key}' if key else ''}", taken) for key, taken in _times(run)]
    yield page.table(["", ""], rows)
    for title, name in (("Uncommitted changes", "uncommitted.diff"), ("Packages", "pip-freeze.txt")):
        if text := _read(folder / name):
            yield page.folded(title, page.code(text))


def _times(run: Run) -> Iterator[tuple[str, str]]:
    """How long each stage trained."""
    from framework.compare.source import CPU_SECONDS, SECONDS, from_folder

    curves = from_folder(run).curves
    for key in run.state.stages:
        prefix = f"{key}/" if key else ""
        if (found := curves.get(prefix + SECONDS)) is not None:
            cpu = curves.get(prefix + CPU_SECONDS)
            used = f", {cpu.values[-1]:.4g} CPU-seconds" if cpu is not None else ""
            yield key, in_time(float(found.values[-1])) + used


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n... and more in {path.name}"
