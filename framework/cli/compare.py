"""framework compare: runs side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import click

from framework.cli.arguments import as_json
from framework.cli.console import show_log
from framework.errors import UserError


@click.command(name="compare")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Which metric; may be repeated.")
@click.option(
    "--against",
    type=click.Choice(["steps", "time", "cpu"]),
    default="steps",
    show_default=True,
    help="X axis of the curves.",
)
@click.option("--across", default="", metavar="KEY", help="Combine tasks that differ in this setting.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File for the figure: .png, .svg, .pdf or .html.",
)
@as_json
def command(
    runs: tuple[str, ...],
    metrics: tuple[str, ...],
    against: Literal["steps", "time", "cpu"],
    across: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Compare RUNs: their final metrics in tables, their curves in a figure.

    RUN is a run or a whole sweep: its id, its name, the start of either or its folder; "last"
    is the newest run, or the sweep it belongs to. Runs that differ only in their seed
    form a group, shown by its interquartile mean and a 95% bootstrap interval. With
    --across environment, a group spans several environments, and the interval is stratified
    by environment.

    \b
    framework compare her_reach-1a2b3c
    framework compare 8be19c26 4f03d2aa --metric success_rate --against time --out curves.png
    """  # noqa: D301
    show_log()
    from framework.compare import compare
    from framework.compare.comparison import PICTURES

    if out is not None and out.suffix not in (*PICTURES, ".html"):
        raise UserError(f"cannot write {out}: give a file that ends in {', '.join(PICTURES)} or .html")
    comparison = compare(runs, metrics, against, across)
    if out is not None and out.suffix != ".html" and not comparison.report.figures:
        raise UserError(f"there are no curves to draw in {out}: the metrics were recorded once")
    files = comparison.save(out)
    if as_json:
        click.echo(json.dumps({**comparison.to_dict(), "files": [str(file) for file in files]}, indent=2))
        return
    click.echo(comparison.report.to_text())
    for note in comparison.report.notes:
        click.echo(note, err=True)
    click.echo(f"written: {files[-1]}", err=True)
