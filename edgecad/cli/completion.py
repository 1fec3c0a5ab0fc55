"""Completion in the user's shell: typer's own, which answers where `_EDGECAD_COMPLETE` is set.

typer would also offer to write into the user's start-up files; EdgeCAD prints its script and leaves them alone.
typer keeps all of this to itself, so nothing but this file reaches for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import typer
from typer._click.shell_completion import CompletionItem, add_completion_class
from typer._completion_classes import BashComplete, FishComplete, completion_init
from typer._completion_shared import get_completion_script

PROGRAM, VARIABLE = "edgecad", "_EDGECAD_COMPLETE"
"""The script is for the program under its own name, however it was called to print it."""

Shell = Literal["bash", "zsh", "fish"]


class _Bash(BashComplete):
    """bash makes a word of the sign in `--device=cpu`, which typer would take for the option's value."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Whole words, and the one that is not whole yet."""
        words, incomplete = super().get_completion_args()
        return [word for word in words if word != "="], incomplete


class _Fish(FishComplete):
    """typer breaks a long help text into lines, each of which fish would offer as a word."""

    def format_completion(self, item: CompletionItem) -> str:
        """One line: the word, a tab, its help."""
        return "\t".join([str(item.value), *([" ".join(item.help.split())] if item.help else [])])


def switch_on() -> None:
    """Make the shells known: without its own option typer answers none of them."""
    completion_init()
    add_completion_class(_Bash, "bash")
    add_completion_class(_Fish, "fish")


def print_script(shell: Shell | None) -> None:
    """Print what the shell must read, and end."""
    if shell is not None:
        typer.echo(get_completion_script(prog_name=PROGRAM, complete_var=VARIABLE, shell=shell))
        raise typer.Exit


def values(*fixed: str) -> Callable[[], list[str]]:
    """Offer these for an option that the parser does not hold to them: it takes others, or says it better."""
    return lambda: list(fixed)
