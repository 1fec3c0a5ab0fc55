"""What tests of several benchmarks share: the model that they keep."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SMALL = Path(__file__).resolve().parents[1] / "train" / "small.py"
BEGIN = """
import runpy, sys
program, small, *words = sys.argv[1:]
sys.path[:0] = [program.rpartition("/")[0], small.rpartition("/")[0]]
import measures.command
measures.command.EDGECAD = (small,)
sys.argv = [program, *words]
"""
RUN = 'runpy.run_path(program, run_name="__main__")'
COMMANDS = f"{BEGIN}{RUN}\n"
WITHIN = f"{BEGIN}from small import small_mobilenet\nwith small_mobilenet():\n    {RUN}\n"


@pytest.fixture(scope="session")
def kept_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which benchmarks keep the model that they share; the first one makes it."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="session")
def with_small_network() -> Callable[[Path], list[str]]:
    """Words that run a benchmark whose `edgecad train` trains a small network by the name of MobileNetV2."""
    return lambda program: [sys.executable, "-c", COMMANDS, program.as_posix(), SMALL.as_posix()]


@pytest.fixture(scope="session")
def within_small_network() -> Callable[[Path], list[str]]:
    """The same of a benchmark that itself trains as well."""
    return lambda program: [sys.executable, "-c", WITHIN, program.as_posix(), SMALL.as_posix()]
