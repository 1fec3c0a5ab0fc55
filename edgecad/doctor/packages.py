"""What is installed: read from metadata, then imported in a process of its own, which may crash."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distributions, requires

from edgecad import SENDER

TIME_LIMIT = 60.0
"""Seconds for an import: a network drive is slow, a hanging driver never ends."""


@dataclass(frozen=True)
class Import:
    """What came of importing a module.

    Attributes:
        error: empty if it worked.
        says: what the module answered.
    """

    error: str
    says: str = ""


def installed() -> dict[str, str]:
    """Versions by the name of the distribution, in lower case with `-`."""
    return {
        canonical(str(found.metadata["Name"])): found.version for found in distributions() if found.metadata["Name"]
    }


def canonical(name: str) -> str:
    """A distribution's name as comparisons want it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(distribution: str = "edgecad") -> tuple[tuple[str, str], ...]:
    """Name and oldest version of what the runtime itself needs on this Python; without extras."""
    try:
        lines = requires(distribution) or []
    except PackageNotFoundError:
        return ()
    return tuple(_name_and_oldest(line) for line in lines if "extra ==" not in line and is_for(line))


def is_for(line: str, python: tuple[int, int] = (sys.version_info.major, sys.version_info.minor)) -> bool:
    """Whether a requirement is meant for a Python; EdgeCAD's own conditions have this one form."""
    condition = re.search(r"python_version\s*(<|>=)\s*['\"](\d+)\.(\d+)['\"]", line)
    if condition is None:
        return True
    below = python < (int(condition[2]), int(condition[3]))
    return below if condition[1] == "<" else not below


def _name_and_oldest(line: str) -> tuple[str, str]:
    name = re.match(r"[A-Za-z0-9._-]+", line)
    oldest = re.search(r">=\s*([\d.]+)", line)
    return canonical(name[0] if name else line), oldest[1] if oldest else "0"


def is_older(version: str, oldest: str) -> bool:
    """Whether a version, by its leading numbers, comes before another."""
    return _numbers(version) < _numbers(oldest)


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(?:\.\d+)*", version)
    numbers = [int(part) for part in found[0].split(".")] if found else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def imported(module: str, expression: str = "''") -> Import:
    """Import a module elsewhere, and ask it something.

    Args:
        expression: Python, with the module's own name in it, such as `cv2.__version__`.
    """
    # The other process is not EdgeCAD's, so it is told here what `edgecad/__init__.py` tells this one.
    code = f"import sys; sys.modules[{SENDER!r}] = None; import {module}; print({expression})"
    try:
        ended = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIME_LIMIT,
            check=False,
            cwd=os.sep,  # a file of that name in the user's folder is not what is installed
        )
    except subprocess.TimeoutExpired:
        return Import(f"it did not end within {TIME_LIMIT:.0f} s")
    if ended.returncode != 0:
        return Import(_last_line(ended.stderr) or f"it ended with {ended.returncode}")
    return Import("", _last_line(ended.stdout))


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def several_of(family: Iterable[str], versions: dict[str, str]) -> list[str]:
    """Those of a family of distributions that are installed."""
    return [name for name in family if name in versions]
