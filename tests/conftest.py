"""What tests of several rooms share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real files that are not part of the project; skips where it is absent."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("EDGECAD_SHARED", beside))
    if not folder.is_dir():
        pytest.skip(f"the real files are not here: set EDGECAD_SHARED, or put them in ../{beside.name}")
    return folder
