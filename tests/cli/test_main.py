"""The command as a whole: help, exit codes, and what becomes of errors."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from framework import __version__
from framework.cli.group import group
from framework.cli.main import COMMANDS
from framework.errors import PluginError, UserError


def test_help_names_every_command(command: Callable[..., Any]) -> None:
    for flag in ("--help", "-h"):
        code, out, err = command(flag)
        assert (code, err) == (0, "")
        for name, line in COMMANDS.items():
            assert f"\n  {name:<12}{line}\n" in f"{out}\n"


def test_help_is_what_click_would_say(command: Callable[..., Any]) -> None:
    context = click.Context(group, info_name="framework", **group.context_settings)
    formatter = context.make_formatter()
    group.format_usage(context, formatter)
    click.Command.format_options(group, context, formatter)
    usage, _, options = formatter.getvalue().partition("\n")
    out = command("--help").out
    assert out.startswith(usage)
    assert options in out
    assert command("--help", "list").out == out


def test_version(command: Callable[..., Any]) -> None:
    assert command("--version") == (0, f"framework {__version__}\n", "")


def test_no_command_shows_the_help(command: Callable[..., Any]) -> None:
    code, out, err = command()
    assert code == 2
    assert "Usage: framework" in out + err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_documented(name: str, command: Callable[..., Any]) -> None:
    assert isinstance(importlib.import_module(f"framework.cli.{name}").command, click.Command)
    code, out, err = command(name, "--help")
    assert (code, err) == (0, "")
    assert f"Usage: framework {name}" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lst"], "Error: No such command 'lst'. Did you mean 'list'?"),
        (["zzzz"], "Error: No such command 'zzzz'."),
        (["--quick"], "Error: No such option"),
        (["check"], "Error: Missing argument 'RECIPE'."),
        (["list", "--quick"], "Error: No such option"),
        (["list", "plugins"], "'plugin' is not one of 'environment', 'model', 'algorithm', 'evaluator'"),
        (["completion", "tcsh"], "'tcsh' is not one of 'bash', 'zsh', 'fish'"),
    ],
)
def test_wrong_usage(arguments: list[str], said: str, command: Callable[..., Any]) -> None:
    code, out, err = command(*arguments)
    assert (code, out) == (2, "")
    assert said in err


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make `framework fail` raise an exception."""

    def prepare(error: BaseException) -> None:
        @click.command()
        def fail() -> None:
            click.echo("begun")
            raise error

        module = types.ModuleType("framework.cli.fail")
        module.command = fail  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "framework.cli.fail", module)
        monkeypatch.setitem(COMMANDS, "fail", "Fail.")

    monkeypatch.delenv("FRAMEWORK_DEBUG", raising=False)
    return prepare


DISK = "  work in a directory that you may write to, on a disk with room\n"
OURS = "  not your mistake, but ours or a plugin's; FRAMEWORK_DEBUG=1 shows where it happened\n"


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UserError("the cat is out\n  call it"), 2, "error: the cat is out\n  call it\n"),
        (PluginError("no"), 2, "error: no\n"),
        (click.ClickException("hm"), 1, "Error: hm\n"),
        (KeyboardInterrupt(), 130, "\n"),
        (SystemExit(143), 143, ""),
        (RuntimeError("worn out\nmore"), 1, f"internal error: RuntimeError: worn out\n{OURS}"),
        (OSError(30, "Read-only", "runs/x"), 2, f"error: cannot write runs/x: Read-only\n{DISK}"),
        (OSError(2, "None", "x"), 1, f"internal error: FileNotFoundError: [Errno 2] None: 'x'\n{OURS}"),
        (KeyError(), 1, f"internal error: KeyError\n{OURS}"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_exit_codes(
    error: BaseException,
    code: int,
    said: str,
    failing: Callable[[BaseException], None],
    command: Callable[..., Any],
) -> None:
    failing(error)
    assert command("fail") == (code, "begun\n", said)


def test_debug_shows_the_traceback(
    failing: Callable[[BaseException], None], command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(RuntimeError("worn out"))
    monkeypatch.setenv("FRAMEWORK_DEBUG", "1")
    answer = command("fail")
    assert answer.code == 1
    assert answer.err.startswith("Traceback")
    assert answer.err.strip().endswith("RuntimeError: worn out")


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "framework", *arguments],
        text=True,
        stderr=subprocess.PIPE,
        check=False,
        **options,
    )


def test_a_reader_that_leaves_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = run("info", "trainer", stdout=write)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_terminal_of_few_letters() -> None:
    done = run(
        "info", "her/hindsight", stdout=subprocess.PIPE, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    assert "internal error" not in done.stderr


def test_the_program_is_installed() -> None:
    program = Path(sys.executable).with_name("framework")
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"framework {__version__}\n")
