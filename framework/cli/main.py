"""The group of all commands, and what becomes of errors.

The table below is all that `framework --help` reads: each command's module is imported
when that command runs.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

import click
from click.shell_completion import CompletionItem, shell_complete

from framework.errors import UserError, did_you_mean, without_secrets

#: Every command and its one line of help; its module is `framework.cli.<name>`.
COMMANDS = {
    "run": "Train and evaluate what a recipe describes.",
    "check": "Check a recipe without running it.",
    "recipes": "List the recipes that have a name here.",
    "list": "List the components of the installed plugins.",
    "info": "Show a component and its parameters.",
    "runs": "List the runs of this directory.",
    "rm": "Remove runs, or what only training needs of them.",
    "resume": "Continue a run that was stopped.",
    "evaluate": "Evaluate a trained run again.",
    "sweep": "Run a recipe with every combination of some values.",
    "compare": "Compare runs, or the runs of a sweep.",
    "play": "Show what a run has learned: a video, images or samples.",
    "export": "Write what a run has learned to a file that needs no framework.",
    "new": "Create a plugin to start from.",
    "ui": "Open the results in MLflow.",
    "completion": "Print the script that completes commands in your shell.",
}

USER_ERROR = 2
OUR_ERROR = 1
INTERRUPTED = 130
OUTPUT_CLOSED = 141

#: A disk that is full or may not be written to.
UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT)

#: Set by the shell's script when it asks what may follow.
COMPLETE = "_FRAMEWORK_COMPLETE"


class Commands(click.Group):
    """A group that knows its commands' names and help without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"framework.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            hint = did_you_mean(name, COMMANDS)
            ctx.fail(f"No such command {name!r}." + (f" D{hint[1:]}" if hint else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [CompletionItem(n, help=h) for n, h in COMMANDS.items() if n.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="framework-core", message="framework %(version)s")
def group() -> None:
    """Run experiments that a recipe describes, with components from plugins.

    To load only some plugins, set FRAMEWORK_PLUGINS=her,glide.
    """


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit: 0, 2 for the user's mistakes, 1 for ours, 130 on Ctrl-C."""
    sys.exit(_run(args))


def _run(args: Sequence[str] | None) -> int:
    # The steps of `group.main`, except that every way out has its own exit code.
    if instruction := os.environ.get(COMPLETE):
        return shell_complete(group, {}, "framework", COMPLETE, instruction)
    try:
        with group.make_context("framework", list(sys.argv[1:] if args is None else args)) as context:
            group.invoke(context)
        sys.stdout.flush()
        return 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except UserError as error:
        click.echo(f"error: {without_secrets(str(error))}", err=True)
        return USER_ERROR
    except (KeyboardInterrupt, click.Abort):
        click.echo(err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OUTPUT_CLOSED
    except OSError as error:
        if error.errno not in UNWRITABLE or error.filename is None:
            return _internal(error)
        click.echo(
            f"error: cannot write {error.filename}: {error.strerror}\n"
            "  work in a directory that you may write to, on a disk with room",
            err=True,
        )
        return USER_ERROR
    except Exception as error:
        return _internal(error)


def _internal(error: Exception) -> int:
    if os.environ.get("FRAMEWORK_DEBUG"):
        click.echo(without_secrets(traceback.format_exc()), err=True)
        return OUR_ERROR
    said = str(error).strip().split("\n")[0]
    click.echo(
        f"internal error: {type(error).__name__}{': ' if said else ''}{without_secrets(said)}\n"
        "  not your mistake, but ours or a plugin's; FRAMEWORK_DEBUG=1 shows where it happened",
        err=True,
    )
    return OUR_ERROR
