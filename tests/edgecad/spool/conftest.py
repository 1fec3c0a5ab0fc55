"""Scans over which a process really dies: what reads one does so by a mark in it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Poisoned = Callable[[str, bytes], None]
READER = """
import os, pathlib, signal, sys, time
import edgecad.preparing as preparing

read, folder = preparing.read_for, pathlib.Path(__file__).parent

def read_for(preparation, source, frame=None):
    for path in folder.glob("*.mark"):
        if isinstance(source, bytes) and path.read_bytes() in source:
            names = dict(globals(), source=source)
            exec(path.with_suffix(".deed").read_text(), names)
            source = names["source"]
    return read(preparation, source, frame)

preparing.read_for = read_for
"""


def marked(scan: bytes, mark: str) -> bytes:
    """A JPEG with a comment in it, which changes nothing of its picture."""
    text = mark.encode()
    return scan[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + scan[2:]


@pytest.fixture
def poison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Have each new process do a deed (Python) when it reads a scan with a mark; the empty mark is in every scan.

    It is told in `sitecustomize`, which a new Python imports first. Gives the folder in which deeds run may write.
    """
    folder = tmp_path / "customized"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(READER)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))

    def have(mark: str, deed: str) -> Path:
        name = mark or "every"
        (folder / f"{name}.mark").write_text(mark)
        (folder / f"{name}.deed").write_text(deed)
        return folder

    return have
