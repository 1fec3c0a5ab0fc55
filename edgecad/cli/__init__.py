"""The one `edgecad` program. Each command is a file; nothing heavy is imported before it runs."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Entry point of the `edgecad` program; an interrupt has its exit code even while modules are imported."""
    try:
        from edgecad.cli.program import app

        app()
    except KeyboardInterrupt:
        print("edgecad: interrupted", file=sys.stderr)  # noqa: T201 - typer may not be there yet
        sys.exit(130)
