"""framework evaluate: judge a trained run again."""

from __future__ import annotations

import json

import click

from framework.cli.arguments import as_json, overrides, run_name
from framework.cli.console import show_log


@click.command(name="evaluate")
@run_name
@overrides
@click.option("--stage", help="Stage to evaluate; by default the last.")
@as_json
def command(run: str, overrides: tuple[str, ...], stage: str | None, as_json: bool) -> None:
    """Run the evaluators of a trained RUN again, with other settings if you give some.

    For example: framework evaluate last evaluators.0.episodes=1000
    """
    show_log()
    from framework.trained import evaluate

    reports = evaluate(run, overrides, stage=stage, quiet=as_json)
    if as_json:
        answer = {
            name: {**report.to_dict(), "folder": str(report.folder)} for name, report in reports.items()
        }
        click.echo(json.dumps(answer, indent=2))
    else:
        for name, report in reports.items():
            click.echo(f"{name}\n\n{report.to_text()}\n")
            if report.folder is not None:
                click.echo(f"report: {report.folder / 'index.html'}")
