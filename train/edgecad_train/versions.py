"""Versions of what a run's figures depend on."""

from __future__ import annotations

import platform
from importlib.metadata import version

from edgecad import __version__

PACKAGES = ("tensorflow", "keras", "numpy", "opencv-python-headless", "scikit-learn", "scipy", "statsmodels", "optuna")


def package_versions() -> dict[str, str]:
    """Versions of what a run's figures depend on."""
    return {
        "edgecad": __version__,
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
    }
