"""The one `edgecad` program. Each command is a file; nothing heavy is imported before it runs."""

from __future__ import annotations

import io
import sys

__all__ = ["main"]


def main() -> None:
    """Entry point of the `edgecad` program; an interrupt has its exit code even while modules are imported."""
    _speak_utf8()
    try:
        from edgecad.cli.program import app

        app()
    except KeyboardInterrupt:
        print("edgecad: interrupted", file=sys.stderr)  # noqa: T201 - typer may not be there yet
        sys.exit(130)


def _speak_utf8() -> None:
    """Files and pipes get UTF-8 wherever we run; a terminal keeps its own, and what that lacks is shown by number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")
