"""A processor's name. One for x86-64 says it; one for aarch64 gives numbers, and its board has a name."""

from __future__ import annotations

import platform
import re
from pathlib import Path

BOARD = Path("/proc/device-tree/model")
"""The board's name on a machine that is described by a device tree, such as a Jetson; ends with a NUL."""
ARM_PARTS = {
    (0x41, 0xD03): "Cortex-A53", (0x41, 0xD05): "Cortex-A55", (0x41, 0xD07): "Cortex-A57", (0x41, 0xD08): "Cortex-A72",
    (0x41, 0xD0B): "Cortex-A76", (0x41, 0xD0C): "Neoverse N1", (0x41, 0xD40): "Neoverse V1",
    (0x41, 0xD41): "Cortex-A78", (0x41, 0xD42): "Cortex-A78AE", (0x41, 0xD49): "Neoverse N2",
    (0x41, 0xD4F): "Neoverse V2", (0x41, 0xD83): "Neoverse V3AE", (0x4E, 0x003): "Denver 2", (0x4E, 0x004): "Carmel",
}  # fmt: skip
"""Names by implementer and part (Linux, arch/arm64/include/asm/cputype.h); Jetsons' own among them."""


def processor_in(cpuinfo: str, board: str = "") -> str:
    """Name of the first processor that `/proc/cpuinfo` describes; empty where nothing tells.

    Args:
        cpuinfo: its text.
        board: text of `BOARD`.
    """
    said = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    if said is not None:
        return said[1].strip()
    implementer, part = (
        re.search(rf"^CPU {word}\s*:\s*(0x[0-9a-f]+)$", cpuinfo, re.MULTILINE | re.IGNORECASE)
        for word in ("implementer", "part")
    )
    if implementer is None or part is None:
        return platform.processor()
    name = ARM_PARTS.get((int(implementer[1], 16), int(part[1], 16)), f"Arm {implementer[1]}, part {part[1]}")
    return ", ".join(filter(None, (name, board.strip("\0 \n"))))
