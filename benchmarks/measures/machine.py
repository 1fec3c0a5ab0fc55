"""What figures depend on: the processor, its cores, the versions."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from edgecad.system.cores import usable_threads


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


def versions_of(packages: Sequence[str]) -> dict[str, str | None]:
    """Versions of packages that may be absent; None then."""
    return {package: _version(package) for package in packages}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
