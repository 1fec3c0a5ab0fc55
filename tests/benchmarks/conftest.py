"""What tests of several benchmarks share: the model that they keep."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def kept_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which benchmarks keep the model that they share; the first one makes it."""
    return tmp_path_factory.mktemp("kept")
