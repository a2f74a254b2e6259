"""framework play: watch a trained run, or sample from it."""

from __future__ import annotations

from pathlib import Path

import click

from framework.cli.arguments import run_name
from framework.cli.console import show_log


@click.command(name="play", context_settings={"ignore_unknown_options": True})
@run_name
@click.argument("options", nargs=-1, metavar="[--OPTION VALUE]...", type=click.UNPROCESSED)
@click.option("--stage", help="Stage to play; by default the last.")
@click.option("--evaluator", help="Evaluator whose own environment to play in.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder to write to; by default play/ in RUN's folder."
)
def command(
    run: str, options: tuple[str, ...], stage: str | None, evaluator: str | None, out: Path | None
) -> None:
    """Show what a trained RUN has learned: a video, images or samples.

    Other options are passed to the algorithm, for example: framework play last --episodes 3
    """
    show_log()
    from framework.runs import find_run

    found = find_run(run)
    given = parse_options(options)

    from framework.errors import UserError
    from framework.trained import play

    report = play(found, given, stage, evaluator)
    folder = out or found.folder / "play"
    try:
        written = report.save(folder, title=f"{found.state.name}: play")
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror}") from None
    for note in report.notes:
        click.echo(f"{note}\n")
    for path in written:
        click.echo(str(path))


def parse_options(options: tuple[str, ...]) -> dict[str, str]:
    """`--prompt "a cat" --scale 3` as `{"prompt": "a cat", "scale": "3"}`: the texts as typed.

    Raises:
        click.UsageError: an option has no value or a value no option.
    """
    given: dict[str, str] = {}
    rest = list(options)
    while rest:
        name = rest.pop(0)
        if not name.startswith("--"):
            raise click.UsageError(f"{name!r} stands without an option before it")
        name, equals, value = name[2:].partition("=")
        if not equals:
            if not rest:
                raise click.UsageError(f"option --{name} has no value")
            value = rest.pop(0)
        given[name.replace("-", "_")] = value
    return given
