"""The one `edgecad` program. Each command is a file; nothing heavy is imported before it runs."""

from __future__ import annotations

from edgecad.cli.program import main

__all__ = ["main"]
