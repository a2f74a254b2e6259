"""The command `framework`: one small file per subcommand, imported when it is used."""

from framework.cli.main import main

__all__ = ["main"]
