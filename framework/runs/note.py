"""A run's description in MLflow: how good it is, by which command, after which paper.

MLflow shows it first on the run's page, its beginning in full.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from framework.plain import format_cell
from framework.report import Table
from framework.runs.folder import Run
from framework.runs.names import LONGEST_TAG, in_words

if TYPE_CHECKING:
    from framework.recipe import Recipe, Stage

NOTE = "mlflow.note.content"
_ROWS, _PICTURES = 40, 4


def note(
    said: str, results: Table, command: Sequence[str], sources: Iterable[str], pictures: Sequence[str] = ()
) -> str:
    """The description as Markdown, short enough for a tag: what does not fit is left out.

    Args:
        said: what matters most, one line.
        results: a table of them.
        command: that made them.
        sources: where the parts come from, a line each.
        pictures: as Markdown.
    """
    left = len(results.rows) - _ROWS
    table = Table(results.columns, results.rows[:_ROWS], results.caption)
    parts = [
        said,
        table.to_markdown() if table.rows else "",
        f"and {left} more: see the reports" if left > 0 else "",
        f"```\n{shlex.join(command)}\n```",
        "\n".join(f"- {source}" for source in sources),
        *pictures,
    ]
    text = ""
    for part in filter(None, parts):
        if len(text) + len(part) + 2 <= LONGEST_TAG:
            text += f"{part}\n\n"
    return text.rstrip()


def note_of_metrics(metrics: Mapping[str, float], command: Sequence[str], **more: Sequence[str]) -> str:
    """The description of something evaluated.

    Args:
        metrics: `evaluator/metric`, behind `stage/` in a recipe with stages; of each evaluator the one
            that matters first.
        command: that found them.
        more: `sources` and `pictures` of `note`.
    """
    first: dict[str, str] = {}
    for name in metrics:
        first.setdefault(name.rpartition("/")[0], name)
    said = ", ".join(f"**{in_words(name)} {format_cell(metrics[name])}**" for name in first.values())
    table = Table(["result", "value"], list(metrics.items()))
    return note(said, table, command, more.get("sources", ()), more.get("pictures", ()))


def note_of_run(run: Run, recipe: Recipe, stage: str = "") -> str:
    """The description of a run, or of one stage of it."""
    state = run.state
    chosen = {key: found for key, found in state.stages.items() if stage in ("", key)}
    above = f"{stage}/" if stage else ""
    metrics = {
        name.removeprefix(above): value for name, value in run.metrics.items() if name.startswith(above)
    }
    of_stages = [one for one in recipe.stages.values() if stage in ("", one.name)]
    pictures = [
        _picture(path, found.run_id or state.run_id)
        for key, found in chosen.items()
        for evaluator in found.reports
        for path in sorted((run.stage_folder(key) / "reports" / evaluator).glob("*.png"))
    ]
    return note_of_metrics(
        metrics,
        ["framework", "run", state.recipe, *state.overrides],
        sources=sources(of_stages),
        pictures=pictures[:_PICTURES],
    )


def sources(stages: Iterable[Stage]) -> list[str]:
    """Each component of these stages that comes from somewhere, and where that is."""
    uses = [
        use
        for stage in stages
        for use in (stage.algorithm, stage.model, stage.environment, *stage.evaluators)
        if use is not None and use.component.source
    ]
    return list(dict.fromkeys(f"{use.name}: {use.component.source}" for use in uses))


def _picture(path: Path, run_id: str) -> str:
    """A picture of a report, where MLflow's server has it."""
    where = urlencode({"path": f"reports/{path.parent.name}/{path.name}", "run_uuid": run_id})
    return f"![{path.stem.replace('_', ' ')}](get-artifact?{where})"
