"""The kind of Typer app that every command is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from edgecad.cli.grammar.options import name_values, write_options


class ReadableCommand(TyperCommand):
    """A command whose help has panels, and words for the values of its options."""

    def __init__(self, *words: Any, **more: Any) -> None:
        super().__init__(*words, **more)
        name_values(self.params)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments, then options panel by panel."""
        write_options(self.get_params(ctx), ctx, formatter)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What stands behind the command in its first line."""
        return usage_pieces(self, ctx)


class ReadableGroup(TyperGroup):
    """The same for a command that has commands of its own."""

    def __init__(self, *words: Any, **more: Any) -> None:
        super().__init__(*words, **{**more, "suggest_commands": False})  # `suggestions` does it for all kinds of words
        name_values(self.params)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write options, then the commands."""
        write_options(self.get_params(ctx), ctx, formatter)
        self.format_commands(ctx, formatter)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What stands behind the command in its first line."""
        return [*usage_pieces(self, ctx), self.subcommand_metavar]


class CommandApp(typer.Typer):
    """A Typer app with such commands; plain text, because rich costs each `--help` 80 ms."""

    def __init__(self) -> None:
        super().__init__(cls=ReadableGroup, rich_markup_mode=None, add_completion=False)

    def command(self, name: str | None = None, **more: Any) -> Callable[[Any], Any]:
        """Add a command, as `typer.Typer.command` does."""
        return super().command(name, cls=ReadableCommand, **more)


def usage_pieces(command: Any, ctx: Any) -> list[str]:
    """`[OPTIONS]`, then arguments: in brackets those that may be left out, with dots those that may be repeated."""
    pieces = [command.options_metavar] if command.options_metavar else []
    for param in command.get_params(ctx):
        if param.param_type_name == "argument" and not param.hidden:
            name = param.display_name_raw if param.required else f"[{param.display_name_raw}]"
            pieces.append(f"{name}..." if param.nargs != 1 else name)
    return pieces
