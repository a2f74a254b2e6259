"""framework runs: what has been run in this directory."""

from __future__ import annotations

import json
import time

import click

from framework.cli.arguments import as_json
from framework.cli.columns import table


@click.command("runs")
@as_json
def command(as_json: bool) -> None:
    """List the runs of this directory: their status, score, age and size on disk.

    The newest comes first, and the runs of a sweep come below it. The score is the first metric
    of the first evaluator, in the last stage that has been judged.
    """
    from framework.runs import ROOT
    from framework.runs.listing import free, in_bytes, in_time, listed, score, size, summary, unnamed
    from framework.runs.names import shown

    runs = listed()
    if as_json:
        click.echo(json.dumps([summary(run) for run in runs], indent=2))
        return
    if not runs:
        click.echo("no run has been made in this directory: framework run RECIPE", err=True)
        return
    rows = [("run", "name", "overrides", "status", "score", "metric", "age", "size")]
    total = 0
    for run in runs:
        state, found, used = run.state, score(run), size(run.folder)
        total += used
        rows.append(
            (
                state.run_id[:8],
                ("  " if state.choices else "") + state.name,
                shown(unnamed(run), 60) if not state.choices else "",
                run.standing,
                f"{found[1]:.4g}" if found else "",
                found[0] if found else "",
                in_time(time.time() - state.created),
                in_bytes(used),
            )
        )
    for line in table(rows):
        click.echo(line)
    count = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
    click.echo(f"{count}, {in_bytes(total)} in {ROOT}/, {in_bytes(free())} free", err=True)
