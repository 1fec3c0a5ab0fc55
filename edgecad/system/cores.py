"""What processor this is, and how much of it this process may really use."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def usable_threads() -> int:
    """Processors that this process may really use: the affinity, cut by the cgroup's quota.

    More threads than that make the slowest answers ten times slower.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, _cgroup_quota() or allowed))


def _cgroup_quota() -> int | None:
    """Whole processors of the cgroup's quota (v2, then v1), or None without one."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return None if quota == "max" else -(-int(quota) // int(period))
    except (OSError, ValueError):
        pass
    try:
        folder = Path("/sys/fs/cgroup/cpu")
        quota_us = int((folder / "cpu.cfs_quota_us").read_text())
        period_us = int((folder / "cpu.cfs_period_us").read_text())
        return -(-quota_us // period_us) if quota_us > 0 else None
    except (OSError, ValueError):
        return None


def is_arm() -> bool:
    """Whether the processor is a 64-bit Arm one."""
    if sys.platform == "win32":
        machine = os.environ.get("PROCESSOR_ARCHITECTURE", "")
    else:
        machine = os.uname().machine
    return machine.lower() in ("aarch64", "arm64")
