"""Where the study's tests find their fake, in this process and in the workers that it starts."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

HERE = str(Path(__file__).parent)
sys.path.insert(0, HERE)


@pytest.fixture(autouse=True)
def fake_for_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes of a test import `fake_study`."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [HERE, os.environ.get("PYTHONPATH", "")])))
