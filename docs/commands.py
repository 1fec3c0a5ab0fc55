"""Write docs/reference/commands.md: the help of every command, as the program prints it.

python docs/commands.py            writes the file again (`make docs`)
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from edgecad.cli.program import app

PAGE = Path(__file__).parent / "reference" / "commands.md"
WIDTH = 100
"""Columns of the help."""
HEAD = """# Commands

This page is made from the program: `make docs` writes it again. `edgecad COMMAND --help` prints the same.
"""


def page() -> str:
    """The whole page."""
    program: Any = typer.main.get_command(app)
    top = program.make_context("edgecad", [], resilient_parsing=True, terminal_width=WIDTH, max_content_width=WIDTH)
    return "\n".join([HEAD, *(_section(context) for context in (top, *_below(top)))])


def _below(context: Any) -> Iterator[Any]:
    """Contexts of all commands below one, in the order of its help."""
    group = context.command
    if not hasattr(group, "list_commands"):
        return
    for name in group.list_commands(context):
        below = group.get_command(context, name)
        own = below.make_context(name, [], parent=context, resilient_parsing=True, terminal_width=WIDTH)
        yield own
        yield from _below(own)


def _section(context: Any) -> str:
    lines = "\n".join(line.rstrip() for line in context.get_help().splitlines())
    return f"## {context.command_path}\n\n```text\n{lines}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
