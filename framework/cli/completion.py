"""framework completion: the scripts that make the shells ask us what TAB offers."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from framework.cli.main import COMPLETE

# Nothing is finished after "algorithm." or "algorithm.k=": no space there.
_NO_SPACE = """\
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[.=] ]]; then
        compopt -o nospace
    fi

    return 0
"""


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    bash  framework completion bash > ~/.local/share/bash-completion/completions/framework
    zsh   framework completion zsh > "${fpath[1]}/_framework"
    fish  framework completion fish > ~/.config/fish/completions/framework.fish
    """  # noqa: D301  (click keeps the lines after its mark as they are)
    cls = get_completion_class(shell)
    assert cls is not None
    script = cls(ctx.find_root().command, {}, "framework", COMPLETE).source()
    click.echo(script.replace("    return 0\n", _NO_SPACE))
