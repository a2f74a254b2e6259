"""framework run: train, evaluate, see the result in MLflow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from framework.cli.arguments import as_json, overrides, recipe_file
from framework.cli.console import show_log

if TYPE_CHECKING:
    from framework.experiment import Experiment


@click.command(name="run")
@recipe_file
@overrides
@click.option("--parent", metavar="RUN_ID", help="Nest the run under this MLflow run.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress line.")
@as_json
def command(recipe: Path, overrides: tuple[str, ...], parent: str | None, quiet: bool, as_json: bool) -> None:
    """Train what RECIPE describes, evaluate it, and track it in MLflow.

    KEY=VALUE changes a value of the recipe: framework run RECIPE algorithm.k=0 seed=1
    """
    show_log()
    # Checked before anything heavy is imported: a typo is answered at once.
    from framework.recipe import load

    loaded = load(recipe, list(overrides))

    from framework.experiment import Experiment

    execute(Experiment.create(loaded, parent=parent, quiet=quiet or as_json), as_json)


def execute(experiment: Experiment, as_json: bool) -> None:
    """Run an experiment to its end and print what came of it."""
    from framework.errors import UserError
    from framework.interruption import Interrupted
    from framework.runs import describe, is_first_process
    from framework.runs.changes import cut_short
    from framework.runs.store import how_to_open

    run = experiment.run
    short = run.state.run_id[:8]
    if not is_first_process():
        experiment.execute()
        return
    if not as_json:
        click.echo(f"run {short} ({run.state.name})  folder {run.folder}", err=True)
    try:
        result = experiment.execute()
    except Interrupted as signal:
        click.echo(f"stopped by {signal}; go on with: framework resume {short}", err=True)
        raise SystemExit(signal.exit_code) from None
    except UserError as error:
        if error.resumable:
            error.args = (f"{error}\n  then go on with: framework resume {short}",)
        raise
    except Exception:
        click.echo(f"run {short} failed; once mended, go on with: framework resume {short}", err=True)
        raise
    if as_json:
        click.echo(json.dumps({**describe(run), "unsent": result.unsent}, indent=2))
    elif run.folder.exists() and result.metrics:
        from framework.report import Table

        click.echo(Table(["result", "value"], list(result.metrics.items())).to_text())
    if not as_json:
        for told in cut_short(run):
            click.echo(told, err=True)
    if result.unsent:
        raise UserError(
            f"the tracking store {run.state.tracking_uri} does not have everything: {result.unsent}\n"
            f"  all of it is in {run.folder}; send it later with: framework resume {short}"
        )
    if not as_json:
        click.echo(f"open in MLflow: {how_to_open(run.state.tracking_uri, run.state.run_id)}")
        if run.page.exists():  # not if it was removed meanwhile
            click.echo(f"report: {run.page}")
