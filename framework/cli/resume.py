"""framework resume: go on where a run stopped."""

from __future__ import annotations

import click

from framework.cli.arguments import as_json, run_name
from framework.cli.console import show_log


@click.command(name="resume")
@run_name
@click.option("-q", "--quiet", is_flag=True, help="Show no progress line.")
@as_json
def command(run: str, quiet: bool, as_json: bool) -> None:
    """Continue RUN where it stopped, or send what its tracking server missed.

    RUN is a run's id or name, the beginning of either, a folder, or "last".
    """
    show_log()
    from framework.runs import find_run

    found = find_run(run)

    from framework.cli.run import execute
    from framework.experiment import Experiment

    execute(Experiment.reopen(found, quiet=quiet or as_json), as_json)
