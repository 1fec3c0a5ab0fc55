"""Optional parts: an import that fails says which command installs what is missing."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from edgecad.errors import NotAvailable
from edgecad.system.installation import install_words


def require(module: str, *, extra: str) -> ModuleType:
    """Import `module`, or raise `NotAvailable` with the command that installs it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module.partition(".")[0]:
            raise
        raise _missing(error.name, extra) from error


def check_installed(*modules: str, extras: tuple[str, ...]) -> None:
    """Look for packages of some extras without importing them, which would take seconds.

    Raises:
        NotAvailable: naming the first that is missing, and the command that installs it.
    """
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise _missing(module, *extras)


def _missing(module: str, *extras: str) -> NotAvailable:
    return NotAvailable(f"{module} is not installed, and this needs it; {install_words(*extras)}")


def require_tensorflow(*, extra: str) -> ModuleType:
    """Import TensorFlow without its greetings, and let it see no GPU: only training opens one, by its name.

    An import that fails still raises. Devices are listed meanwhile, because a machine without CUDA complains at that
    moment.
    """
    first = "tensorflow" not in sys.modules
    with without_greetings():
        tensorflow = require("tensorflow", extra=extra)
        tensorflow.config.list_physical_devices()
    if first:
        tensorflow.config.set_visible_devices([], "GPU")
    return tensorflow


@contextmanager
def without_greetings() -> Iterator[None]:
    """Leave out what TensorFlow writes to file descriptor 2, from C++ and before any setting is read."""
    saved = os.dup(2)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device, not a path of ours
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
