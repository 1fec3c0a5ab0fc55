"""Optional parts: an import that fails says which command installs what is missing."""

from __future__ import annotations

import importlib
import os
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


def require_tensorflow(*, extra: str) -> ModuleType:
    """Import TensorFlow without its greetings.

    They are written by C++ to file descriptor 2, before any setting is read; an import that fails still
    raises. Devices are listed meanwhile, because a machine without CUDA complains at that moment.
    """
    saved = os.dup(2)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device, not a path of ours
        os.dup2(nowhere.fileno(), 2)
        try:
            tensorflow = require("tensorflow", extra=extra)
            tensorflow.config.list_physical_devices()
        finally:
            os.dup2(saved, 2)
            os.close(saved)
    return tensorflow
