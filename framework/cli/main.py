"""The command `framework`: what all its commands have in common, and what becomes of errors.

Click takes longer to import than `framework --help` and `framework list` take to answer, so that these do
without it.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from framework.errors import UserError, without_secrets

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

HELP = """\
Usage: framework [OPTIONS] COMMAND [ARGS]...

  Run experiments that a recipe describes, with components from plugins.

  To load only some plugins, set FRAMEWORK_PLUGINS=her,glide.

Options:
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

Commands:
""" + "\n".join(f"  {name:<10}  {does}" for name, does in COMMANDS.items())

USER_ERROR = 2
OUR_ERROR = 1
INTERRUPTED = 130
OUTPUT_CLOSED = 141

#: A disk that is full or may not be written to.
UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT)

#: Set by the shell's script when it asks what may follow.
COMPLETE = "_FRAMEWORK_COMPLETE"


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit: 0, 2 for the user's mistakes, 1 for ours, 130 on Ctrl-C."""
    sys.exit(_run(sys.argv[1:] if args is None else list(args)))


def _run(args: list[str]) -> int:
    try:
        code = _answer(args)
        sys.stdout.flush()
        return code
    except UserError as error:
        return _say(f"error: {without_secrets(str(error))}", USER_ERROR)
    except KeyboardInterrupt:
        return _say("", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OUTPUT_CLOSED
    except OSError as error:
        if error.errno not in UNWRITABLE or error.filename is None:
            return _internal(error)
        said = f"error: cannot write {error.filename}: {error.strerror}\n"
        return _say(f"{said}  work in a directory that you may write to, on a disk with room", USER_ERROR)
    except Exception as error:
        return _internal(error)


def _answer(args: list[str]) -> int:
    if instruction := os.environ.get(COMPLETE):
        from framework.cli.group import complete

        return complete(instruction)
    if args in (["--help"], ["-h"]):
        print(HELP)
    elif args == ["list"]:
        from framework.cli.components import show

        show()
    else:
        from framework.cli.group import invoke

        return invoke(args)
    return 0


def _internal(error: Exception) -> int:
    if os.environ.get("FRAMEWORK_DEBUG"):
        import traceback

        return _say(without_secrets("".join(traceback.format_exception(error))), OUR_ERROR)
    said = str(error).strip().split("\n")[0]
    return _say(
        f"internal error: {type(error).__name__}{': ' if said else ''}{without_secrets(said)}\n"
        "  not your mistake, but ours or a plugin's; FRAMEWORK_DEBUG=1 shows where it happened",
        OUR_ERROR,
    )


def _say(text: str, code: int) -> int:
    print(text, file=sys.stderr)
    return code
