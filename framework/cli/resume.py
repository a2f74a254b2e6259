"""framework resume: go on where a run stopped, or for longer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from framework.cli.arguments import as_json, overrides, run_name
from framework.cli.console import show_log

if TYPE_CHECKING:
    from framework.runs import Run


@click.command(name="resume")
@run_name
@overrides
@click.option("--force", is_flag=True, help="Take RUN over from another host, whose process is gone.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress line.")
@as_json
def command(run: str, overrides: tuple[str, ...], force: bool, quiet: bool, as_json: bool) -> None:
    """Continue RUN where it stopped, for longer, or send what its tracking server missed.

    \b
    framework resume last
    framework resume last algorithm.budget.env_steps=1_000_000
    framework resume last trainer.max_time=00:12:00:00 trainer.accelerator=gpu

    What may change is the budget, the trainer's limits, the hardware and the evaluators; a run that is
    finished goes on from its end. What else is given is refused, with the reason.

    RUN is a run's id or name, the beginning of either, a folder, or "last".
    """  # noqa: D301
    show_log()
    from framework.runs import find_run, is_first_process

    found = find_run(run)
    change = None
    if not found.is_sweep and is_first_process():
        if found.done and not overrides:
            _tell_finished(found, as_json)
            return
        if overrides:
            from framework.runs.changes import propose

            change = propose(found, overrides)

    from framework.cli.run import execute
    from framework.experiment import Experiment

    execute(Experiment.reopen(found, quiet or as_json, change, force), as_json)


def _tell_finished(run: Run, as_json: bool) -> None:
    from framework.report import Table
    from framework.runs import describe
    from framework.runs.changes import cut_short

    if as_json:
        click.echo(json.dumps({**describe(run), "unsent": ""}, indent=2))
        return
    short = run.state.run_id[:8]
    click.echo(f"run {short} ({run.state.name}) is finished", err=True)
    told = cut_short(run) or [f"to train it longer: framework resume {short} KEY=VALUE, such as its budget"]
    click.echo("\n".join(told), err=True)
    if run.metrics:
        click.echo(Table(["result", "value"], list(run.metrics.items())).to_text())
    if run.page.exists():
        click.echo(f"report: {run.page}")
