"""A stand-in for TensorRT, found by this process and by the one that builds."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgecad.engines.gpu import Gpu

NAMES = ("tensorrt", "tensorrt_rtx")


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """Install the stand-in under names: `fake("tensorrt_rtx", mood="hangs")`; gives the file with a line a build.

    All other modules that build engines are hidden, and there is no GPU unless `gpu` is one.
    """

    def install(*names: str, mood: str = "", version: str = "10.3.0", gpu: Gpu | None = None) -> Path:
        folder, log = tmp_path / "fakes", tmp_path / "builds.log"
        folder.mkdir(exist_ok=True)
        for name in NAMES:
            sys.modules.pop(name, None)
            if name in names:
                shutil.copy(Path(__file__).with_name("fake_tensorrt.py"), folder / f"{name}.py")
        monkeypatch.setattr("edgecad.engines.libraries.find_spec", lambda name: name if name in names else None)
        monkeypatch.setattr("edgecad.engines.builder.gpu_here", lambda index=0: gpu)
        monkeypatch.syspath_prepend(folder)
        for variable, value in {"": mood, "_VERSION": version, "_LOG": str(log)}.items():
            monkeypatch.setenv(f"FAKE_TENSORRT{variable}", value)
        return log

    before = {name: sys.modules[name] for name in NAMES if name in sys.modules}
    yield install
    for name in NAMES:
        sys.modules.pop(name, None)
    sys.modules.update(before)


@pytest.fixture(scope="session")
def all_dead() -> Callable[[Path], bool]:
    """Whether all processes whose numbers a file lists have ended, or do so within seconds."""

    def dead(log: Path) -> bool:
        pids = [int(line) for line in log.read_text().split()]
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and any(map(_runs, pids)):
            time.sleep(0.05)
        return bool(pids) and not any(map(_runs, pids))

    return dead


def _runs(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be collected does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
