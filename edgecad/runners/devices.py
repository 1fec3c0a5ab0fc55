"""Which devices exist, how they are named, and how many threads are ours."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from edgecad.errors import UsageError

DEVICE_WORDS = "auto, cpu, cuda, cuda:N, tensorrt or tensorrt:N"


@dataclass(frozen=True)
class DeviceRequest:
    """A device as the user named it; `auto` may choose, any other name is strict."""

    kind: str
    index: int = 0


def parse_device(text: str) -> DeviceRequest:
    """Read `auto`, `cpu`, `cuda[:N]` or `tensorrt[:N]`."""
    match = re.fullmatch(r"(auto|cpu)|(?:(cuda|tensorrt)(?::(\d{1,2}))?)", text)
    if match is None:
        raise UsageError(f"no device is called {text!r}; choose {DEVICE_WORDS}")
    return DeviceRequest(match[1] or match[2], int(match[3] or 0))


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
