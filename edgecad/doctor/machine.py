"""What the machine is: facts, without judgement."""

from __future__ import annotations

import os
import platform
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from edgecad.doctor.processor import BOARD, processor_in
from edgecad.engines.gpu import Gpu, gpu_here
from edgecad.engines.libraries import TEGRA_RELEASE
from edgecad.system.cores import usable_threads

INSTRUCTIONS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimd", "asimddp", "i8mm")
"""Sets that decide how fast a network runs, as Linux names them: x86-64 first, then aarch64."""
JETPACKS = {35: "5", 36: "6", 38: "7", 39: "7"}
"""JetPack by the major version of Jetson Linux (NVIDIA's JetPack archive)."""


@dataclass(frozen=True)
class Machine:
    """What software runs on.

    Attributes:
        system: operating system and architecture.
        python: its version.
        processor: its name; empty where the system does not tell.
        instructions: of `INSTRUCTIONS`, those that are here.
        processors: of the machine.
        threads: that this process may use, after affinity and cgroup.
        memory_gb: of the machine, 10^9 bytes; 0 where the system does not tell.
        gpu: the first one that answers.
        jetson: for example `JetPack 6 (Jetson Linux 36.4.3)`; empty elsewhere.
    """

    system: str
    python: str
    processor: str
    instructions: tuple[str, ...]
    processors: int
    threads: int
    memory_gb: float
    gpu: Gpu | None
    jetson: str


def machine_here() -> Machine:
    """Look at this machine."""
    cpuinfo = _text(Path("/proc/cpuinfo"))
    return Machine(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        processor=processor_in(cpuinfo, _text(BOARD)),
        instructions=instructions_in(cpuinfo),
        processors=os.cpu_count() or 1,
        threads=usable_threads(),
        memory_gb=_memory_gb(),
        gpu=gpu_here(),
        jetson=jetson_in(_text(TEGRA_RELEASE)),
    )


def instructions_in(cpuinfo: str) -> tuple[str, ...]:
    """Those of `INSTRUCTIONS` that `/proc/cpuinfo` names."""
    found = re.search(r"^(?:flags|Features)\s*:(.*)$", cpuinfo, re.MULTILINE)
    flags = set(found[1].split()) if found else set()
    return tuple(name for name in INSTRUCTIONS if name in flags)


def jetson_in(release: str) -> str:
    """Read `/etc/nv_tegra_release`, such as `# R36 (release), REVISION: 4.3, ...`; empty for anything else."""
    found = re.search(r"R(\d+) \(release\), REVISION: ([\d.]+)", release)
    if found is None:
        return ""
    jetpack = JETPACKS.get(int(found[1]))
    return f"{f'JetPack {jetpack}' if jetpack else 'a JetPack unknown here'} (Jetson Linux {found[1]}.{found[2]})"


def _memory_gb() -> float:
    if sys.platform == "win32":
        return 0.0
    try:
        return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9, 1)
    except (ValueError, OSError):
        return 0.0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
