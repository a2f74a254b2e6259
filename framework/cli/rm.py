"""framework rm: remove runs, or what takes the most room of them."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence

import click

from framework.cli.arguments import run_names


@click.command("rm")
@run_names
@click.option(
    "--trim",
    is_flag=True,
    help="Remove only the replay buffers and older checkpoints of finished runs: of RUN..., or of all.",
)
@click.option("--keep-record", is_flag=True, help="Leave in MLflow what is recorded of them.")
@click.option("--force", is_flag=True, help="Also runs of another host, whose process is gone.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def command(runs: tuple[str, ...], trim: bool, keep_record: bool, force: bool, yes: bool) -> None:
    """Remove RUNs: their folders, and their records in MLflow, which marks them as deleted.

    A sweep is removed with its runs. What is running is not removed. With --trim, runs can be evaluated,
    played and served as before, but not be trained longer.

    RUN is a run's id or name, the beginning of either, a folder, or "last".
    """
    from framework.runs import FINISHED, all_runs, find_run, removal
    from framework.runs.listing import in_bytes, size

    if not runs and not trim:
        raise click.UsageError("Missing argument 'RUN...'.")
    named = [find_run(text) for text in runs] or list(all_runs())
    found = removal.with_children(named)
    if trim:
        found = [run for run in found if run.state.status == FINISHED or (runs and run in named)]
        found = [run for run in found if not run.is_sweep]
    for run in found:
        with run.unclaimed(force):  # before anything is removed
            pass
    ids = {run.state.run_id for run in found}
    for run in found:
        state, used = run.state, in_bytes(size(run.folder))
        click.echo(f"{state.run_id[:8]}  {state.name}  {run.standing}  {used}", err=True)
        for user in () if trim else removal.users(run):
            if user.state.run_id not in ids:
                click.echo(f"  {user.state.run_id[:8]} ({user.state.name}) is built from it", err=True)
    if not found:
        click.echo("there is nothing to trim: no run is finished", err=True)
        return
    what = "trim" if trim else "remove"
    if sys.stdin.isatty() and not yes and not click.confirm(f"{what} {_count(found)}?", err=True):
        click.echo("nothing was changed", err=True)
        return
    freed = 0
    for run in found:
        freed += removal.trim(run) if trim else removal.remove(run, record=not keep_record, force=force)
    click.echo(f"{_count(found)} {what.removesuffix('e')}{'med' if trim else 'ed'}, {in_bytes(freed)} freed")
    if trim:
        return
    if keep_record:
        click.echo("their records stay in MLflow", err=True)
        return
    click.echo("MLflow has marked them as deleted; removed for good, with their files there, by", err=True)
    for uri in sorted({shlex.quote(run.state.tracking_uri) for run in found}):
        click.echo(f"  mlflow gc --backend-store-uri {uri} --tracking-uri {uri}", err=True)


def _count(runs: Sequence[object]) -> str:
    return f"{len(runs)} run{'s' if len(runs) > 1 else ''}"
