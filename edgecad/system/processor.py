"""What the processor says of itself."""

from __future__ import annotations

import hashlib
import platform
import re
from pathlib import Path

_CPU = Path("/proc/cpuinfo")
_CHANGING = re.compile(r"(processor|core id|.*apicid|.*mhz|bogomips|cpu cores|siblings|physical id)\b.*", re.IGNORECASE)
"""Lines of the description of a processor that differ from core to core, or from time to time."""


def processor_digest() -> str:
    """SHA-256 of what the first processor says of itself: its model and its instructions choose the kernels."""
    try:
        with _CPU.open("rb") as file:
            first = file.read(1 << 14).partition(b"\n\n")[0].decode("utf-8", "replace")
    except OSError:
        first = platform.processor()
    lines = [line for line in first.splitlines() if not _CHANGING.match(line)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
