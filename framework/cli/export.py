"""framework export: what a run has trained, as a file that needs no framework."""

from __future__ import annotations

from pathlib import Path

import click

from framework.cli.arguments import run_name
from framework.cli.console import show_log


@click.command(name="export")
@run_name
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--stage", help="Stage to export; by default the last.")
def command(run: str, file: Path, stage: str | None) -> None:
    """Write what a trained RUN has learned to FILE: .pt2 (torch) or .onnx.

    The normaliser is in it, and inputs have names. In any program with torch:

    \b
      policy = torch.export.load("policy.pt2").module()
      action = policy(observation=..., desired_goal=...)
    """  # noqa: D301  (click keeps the lines after its mark as they are)
    show_log()
    from framework.errors import UserError
    from framework.trained import export

    try:
        export(run, file, stage=stage)
    except OSError as error:
        raise UserError(f"cannot write to {file}: {error.strerror}") from None
    click.echo(str(file))
