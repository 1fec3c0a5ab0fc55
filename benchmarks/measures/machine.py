"""What figures depend on: the processor, its cores, the versions."""

from __future__ import annotations

import platform
from pathlib import Path

from edgecad.runners.devices import usable_threads


def machine() -> dict[str, object]:
    """Threads, processor, whether it multiplies 8-bit numbers by itself (VNNI), versions of the packages."""
    from edgecad_train.versions import package_versions

    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    told = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return {
        "threads": usable_threads(),
        "processor": told.get("model name", platform.processor()),
        "vnni": any("vnni" in flag for flag in told.get("flags", "").split()),
        "versions": package_versions(),
    }
