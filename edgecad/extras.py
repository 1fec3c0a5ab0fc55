"""Optional parts: an import that fails says which command installs what is missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from edgecad.errors import NotAvailable


def require(module: str, *, extra: str) -> ModuleType:
    """Import `module`, or raise `NotAvailable` with the command that installs it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module.partition(".")[0]:
            raise
        raise NotAvailable(
            f"{module} is not installed, and this needs it; run: pip install 'edgecad[{extra}]'"
        ) from error
