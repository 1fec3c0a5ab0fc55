"""Whether what a command needs is installed: looked for before its words are judged, imported only after."""

from __future__ import annotations

from importlib.util import find_spec

from edgecad.errors import NotAvailable

FIGURES = ("sklearn", "scipy", "statsmodels", "matplotlib")
"""What figures with intervals need."""
NETWORKS = ("tensorflow", "keras")
"""What training and opening a run need."""


def check_installed(*modules: str, extra: str = "train") -> None:
    """Look for packages without importing them, which would take seconds.

    Raises:
        NotAvailable: naming the first that is missing, and the command that installs it.
    """
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise NotAvailable(f"{missing[0]} is not installed, and this needs it; run: pip install 'edgecad[{extra}]'")
