"""framework sweep: a recipe with all combinations of some values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from framework.cli.arguments import as_json, complete_recipe, overrides
from framework.cli.console import show_log
from framework.errors import UserError

if TYPE_CHECKING:
    from framework.sweep import Summary


@click.command(name="sweep")
@click.argument("recipe", required=False, type=click.Path(path_type=Path), shell_complete=complete_recipe)
@overrides
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1), help="Runs at the same time.")
@click.option("--name", metavar="NAME", help="Name of the sweep; by default made from the recipe and values.")
@click.option("--resume", metavar="NAME", help="Continue this sweep, instead of RECIPE.")
@click.option("--trials", type=click.IntRange(1), help="Search: number of runs.")
@click.option("--metric", metavar="NAME", help="Search: final metric to optimise.")
@click.option(
    "--direction",
    type=click.Choice(["maximize", "minimize"]),
    default="maximize",
    show_default=True,
    help="Search: whether higher or lower is better.",
)
@click.option(
    "--executor",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Where the runs are executed: processes of this machine, or tasks of a Ray cluster.",
)
@click.option(
    "--address", metavar="HOST:PORT", help="The Ray cluster; by default RAY_ADDRESS, or this machine."
)
@as_json
def command(
    recipe: Path | None,
    overrides: tuple[str, ...],
    jobs: int,
    name: str | None,
    resume: str | None,
    trials: int | None,
    metric: str | None,
    direction: Literal["maximize", "minimize"],
    executor: Literal["local", "ray"],
    address: str | None,
    as_json: bool,
) -> None:
    """Run RECIPE with every combination of the values, under one parent run.

    \b
    framework sweep her/reach algorithm.k=0,4 seed=0,1,2
    framework sweep her/reach model.hidden=[64,64],[256,256]

    RECIPE may list them itself, under `sweep:`; KEY=VALUE goes before that.
    A key with one value is set in all runs. Each run is a process of its own, so a crash
    affects that run only. More than one at a time (--jobs) is faster where there are more
    cores than one run uses (trainer.threads, and the environment's own threads).

    The same command, or --resume NAME, continues a sweep that was stopped or killed: finished
    runs are kept, interrupted runs continue from their checkpoints, failed runs are repeated.

    With --trials, ranges are searched for the best final metric:

    \b
    framework sweep RECIPE algorithm.lr=1e-4..1e-2 --trials 20 --metric success_rate/rate
    """  # noqa: D301
    show_log()
    from framework.interruption import Interrupted
    from framework.sweep import Goal, LocalProcesses, RayTasks, sweep
    from framework.sweep import resume as go_on

    if (trials is None) != (metric is None):
        raise UserError("a search needs both --trials N and --metric NAME")
    goal = Goal(trials, metric, direction) if trials is not None and metric is not None else None
    if address is not None and executor != "ray":
        raise UserError("--address names a Ray cluster: give --executor ray with it")
    runs_on = LocalProcesses(jobs) if executor == "local" else RayTasks(jobs, address)

    try:
        if resume is not None:
            if recipe is not None or name is not None or goal is not None:
                raise UserError(
                    "--resume goes on with a sweep as it was begun: give no recipe, name or search with it"
                )
            summary = go_on(resume, executor=runs_on, quiet=as_json)
        elif recipe is None:
            raise UserError("give a RECIPE, or --resume NAME")
        else:
            summary = sweep(recipe, overrides, name=name, goal=goal, executor=runs_on, quiet=as_json)
    except Interrupted as signal:
        click.echo(f"stopped by {signal}", err=True)
        raise SystemExit(signal.exit_code) from None
    _show(summary, as_json)
    if summary.exit_code:
        raise SystemExit(summary.exit_code)


def _show(summary: Summary, as_json: bool) -> None:
    from framework.runs.store import how_to_open

    if as_json:
        click.echo(json.dumps(summary.to_dict(), indent=2))
        return
    click.echo(summary.table().to_text())
    if summary.best:
        click.echo(f"best: {summary.best}")
    for row in summary.failed:
        click.echo(f"{row.name} failed: {row.error}\n  log: {row.log}", err=True)
    if summary.failed:
        click.echo(
            f"once mended, try the failed ones again: framework sweep --resume {summary.name}", err=True
        )
    click.echo(f"compare them: framework compare {summary.name}")
    click.echo(f"open in MLflow: {how_to_open(summary.tracking_uri, summary.run_id)}")
