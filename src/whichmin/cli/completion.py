"""The command ``whichmin completion``."""

from __future__ import annotations

import click

from whichmin.cli.help import Command

__all__ = ["completion"]


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that completes what you type in a shell.

    To install it, add the line  eval "$(whichmin completion bash)"  to ~/.bashrc, or the same with
    zsh to ~/.zshrc; for fish see the last example.

    \b
    Examples:
      whichmin completion bash > completion.sh
      whichmin completion fish > ~/.config/fish/completions/whichmin.fish
    """  # noqa: D301 - click wants the control character
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None, "click knows these three"
    root = ctx.find_root().command
    click.echo(found(root, {}, "whichmin", "_WHICHMIN_COMPLETE").source())
