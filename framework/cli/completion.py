"""framework completion: scripts for the shells, and what they ask for."""

from __future__ import annotations

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    bash: framework completion bash > ~/.local/share/bash-completion/completions/framework
    zsh:  framework completion zsh > a folder of $fpath, named _framework
    fish: framework completion fish > ~/.config/fish/completions/framework.fish
    """
