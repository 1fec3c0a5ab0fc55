"""Names of the files that are found, and what lies in them."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

TABLE, TIMES = "methods_table", "methods_times"
Found = TypeVar("Found", bound=msgspec.Struct)


def found_in(file: Path, kind: type[Found]) -> Found | None:
    """What a results file holds; None without one."""
    return msgspec.json.decode(file.read_bytes(), type=kind) if file.is_file() else None
