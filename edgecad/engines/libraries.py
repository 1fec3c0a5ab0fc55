"""The two modules that build engines: full TensorRT and TensorRT for RTX. They share their API."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from edgecad.engines.gpu import Gpu
from edgecad.errors import NotAvailable, UsageError
from edgecad.system.installation import install_words
from edgecad.system.words import did_you_mean


@dataclass(frozen=True)
class Library:
    """A module that builds engines.

    Attributes:
        module: its name.
        extra: of this distribution, that installs it.
        oldest: first major version whose networks can be strongly typed.
        needs_gpu: whether it builds only where there is a GPU, because it times kernels.
    """

    module: str
    extra: str
    oldest: int
    needs_gpu: bool


TENSORRT = Library("tensorrt", "tensorrt", oldest=10, needs_gpu=True)
TENSORRT_RTX = Library("tensorrt_rtx", "tensorrt-rtx", oldest=1, needs_gpu=False)
LIBRARIES = {library.module: library for library in (TENSORRT, TENSORRT_RTX)}

TEGRA_RELEASE = Path("/etc/nv_tegra_release")
"""Is there on a Jetson alone."""
_WITHOUT_GPU = (
    "tensorrt builds engines only on a GPU with its driver, and none answers here; look at nvidia-smi, or "
    "use tensorrt_rtx, which builds without one"
)


def chosen_library(named: str | None, gpu: Gpu | None) -> Library:
    """The library to build with: the one that is named, or full TensorRT where it can build, else TensorRT-RTX.

    Raises:
        UsageError: no library has that name.
        NotAvailable: it is not installed, or needs a GPU that is not here.
    """
    if named is not None and named not in LIBRARIES:
        raise UsageError(
            f"no TensorRT library is called {named!r}{did_you_mean(named, LIBRARIES)}; choose {' or '.join(LIBRARIES)}"
        )
    candidates = [LIBRARIES[named]] if named else [TENSORRT, TENSORRT_RTX]
    installed = [library for library in candidates if find_spec(library.module) is not None]
    if not installed:
        raise NotAvailable(_how_to_install(candidates))
    able = [library for library in installed if gpu is not None or not library.needs_gpu]
    if not able:
        raise NotAvailable(f"{_WITHOUT_GPU}; {install_words(TENSORRT_RTX.extra)}")
    return able[0]


def _how_to_install(candidates: list[Library]) -> str:
    missing = f"{candidates[0].module} is not" if len(candidates) == 1 else "neither tensorrt nor tensorrt_rtx is"
    if TEGRA_RELEASE.exists():
        return (
            f"{missing} installed, and this needs it; a Jetson has its own: sudo apt-get install "
            "python3-libnvinfer, and a virtual environment made with --system-site-packages"
        )
    # The smaller one, which builds with and without a GPU, unless the other was named.
    return f"{missing} installed, and this needs it; {install_words(candidates[-1].extra)}"


def opened(library: Library) -> ModuleType:
    """Import a library.

    Raises:
        NotAvailable: its shared libraries cannot be loaded.
    """
    try:
        return importlib.import_module(library.module)
    except (ImportError, OSError) as error:
        raise NotAvailable(
            f"{library.module} is installed and cannot be loaded: {error}; install it anew, or look whether its "
            "libraries are on the loader's path"
        ) from error


def version_of(library: Library) -> str:
    """Version of a library, as its module says.

    Raises:
        NotAvailable: it cannot be loaded, or is too old.
    """
    version = str(opened(library).__version__)
    if int(version.partition(".")[0]) < library.oldest:
        raise NotAvailable(
            f"{library.module} {version} is here, and {library.oldest} or later is wanted; update it (on a Jetson "
            "with JetPack), or use the model with --device cpu or cuda"
        )
    return version


def errors_of(library: Any) -> tuple[Any, list[str]]:
    """A logger for a library, and the errors that it will have heard; nothing is printed, what matters is raised."""
    errors: list[str] = []
    severe = (library.ILogger.Severity.ERROR, library.ILogger.Severity.INTERNAL_ERROR)

    def log(_: Any, severity: Any, message: str) -> None:
        if severity in severe:
            errors.append(message)

    return type("Log", (library.ILogger,), {"log": log})(), errors
