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
measures.command.EDGECAD = EDGECAD
sys.argv = [program, *words]
"""
RUN = 'runpy.run_path(program, run_name="__main__")'
COMMANDS = f"{BEGIN}{RUN}\n"
WITHIN = f"{BEGIN}from small import small_mobilenet\nwith small_mobilenet():\n    {RUN}\n"
Words = Callable[[Path], list[str]]


def _words(python: tuple[str, ...], edgecad: tuple[str, ...], text: str) -> Words:
    """Words that run a benchmark by `python`, whose commands are Python's with `edgecad` before their own words."""
    ours = text.replace("= EDGECAD", f"= {edgecad!r}")
    return lambda program: [*python, "-c", ours, program.as_posix(), SMALL.as_posix()]


@pytest.fixture(scope="session")
def kept_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which benchmarks keep the model that they share; the first one makes it."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="session")
def with_real_network(quick_python: tuple[str, ...]) -> Words:
    """Words that run a benchmark and its commands, both quick to begin; not where their beginning is measured."""
    return _words(quick_python, (*quick_python[1:], "-m", "edgecad"), COMMANDS)


@pytest.fixture(scope="session")
def with_small_network(quick_python: tuple[str, ...]) -> Words:
    """The same, whose `edgecad train` trains a small network by the name of MobileNetV2."""
    return _words(quick_python, (*quick_python[1:], SMALL.as_posix()), COMMANDS)


@pytest.fixture(scope="session")
def with_small_network_anew() -> Words:
    """The same in processes that share nothing, where the memory of one is measured."""
    return _words((sys.executable,), (SMALL.as_posix(),), COMMANDS)


@pytest.fixture(scope="session")
def within_small_network(quick_python: tuple[str, ...]) -> Words:
    """The same of a benchmark that itself trains as well."""
    return _words(quick_python, (*quick_python[1:], SMALL.as_posix()), WITHIN)
