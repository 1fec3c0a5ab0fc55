"""Versions of what a run's figures depend on."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

from edgecad import __version__

PACKAGES = ("tensorflow", "keras", "numpy", "opencv-python-headless", "scikit-learn", "scipy", "statsmodels", "optuna")


def package_versions() -> dict[str, str]:
    """Versions of what a run's figures depend on."""
    return {
        "edgecad": __version__,
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
    }


def installed_versions() -> dict[str, str]:
    """The same where not everything is needed: of the packages that are there, and of the runtime's engine."""
    found = {"edgecad": __version__, "python": platform.python_version()}
    for package in (*PACKAGES, "onnxruntime"):
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def other_versions(recorded: Mapping[str, str]) -> tuple[str, ...]:
    """What was recorded and is not what is installed here, `numpy 1.26.4` each."""
    here = package_versions()
    return tuple(f"{name} {recorded.get(name)}" for name in here if recorded.get(name) != here[name])
