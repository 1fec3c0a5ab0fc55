"""The library OpenVINO: imported without what reports to its maker, what it sees here, and how it is told to compute.

By itself OpenVINO chooses the precision that it computes in, and on a processor with bf16 that is bf16. So everything
that changes numbers is set, and read again from what was opened.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from edgecad.errors import DeviceFailed, EdgecadError, NotAvailable
from edgecad.system.extras import require
from edgecad.system.installation import pip
from edgecad.system.memory import NO_MEMORY, lacks_memory
from edgecad.system.processor import processor_digest

OLDEST = (2025, 0)
"""Year and number of the oldest version that was tried."""
_CONVERTERS = "openvino.tools.ovc"
"""Part of the package that an import of `openvino` loads at its end: 0.1 s, and nothing here needs it."""
_SAYS_NOTHING = re.compile(
    r"(Exception from|Check '|While |FrontEnd API failed|Model wasn't fully|Summary:|To facilitate)", re.IGNORECASE
)
"""How lines of an error begin that name a place in the sources, or no reason."""
Hint = Literal["f32", "f16", "bf16"]
"""OpenVINO's words for the precision of what it computes."""


def library() -> Any:
    """The module `openvino`.

    Raises:
        NotAvailable: it is not installed, cannot be loaded, or is too old.
        DeviceFailed: this machine's memory does not suffice for it.
    """
    alone = sys.modules.keys().isdisjoint(("openvino", _CONVERTERS))
    try:
        if alone:
            sys.modules[_CONVERTERS] = None  # type: ignore[assignment]
        return _checked(require("openvino", extra="openvino"))
    except EdgecadError:
        raise
    except Exception as error:  # a package of compiled code; what is broken in it says so in any way
        if lacks_memory(error):
            raise DeviceFailed(NO_MEMORY) from error
        raise NotAvailable(
            f"openvino is installed and cannot be loaded: {reason_of(error)}; install it anew, or use --device cpu"
        ) from error
    finally:
        if alone:
            sys.modules.pop(_CONVERTERS, None)


def _checked(module: Any) -> Any:
    version = version_of(module)
    found = re.match(r"(\d+)\.(\d+)", version)
    if found is None or (int(found[1]), int(found[2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise NotAvailable(
            f"openvino {version or 'without a version'} is installed, {oldest} or later is wanted; "
            f"run: {pip('install')} --upgrade 'openvino>={oldest}'"
        )
    return module


def version_of(module: Any) -> str:
    """Number and build, such as `2026.4.1-22982-44d5c97ae3e-releases/2026/4`; empty of another package of that name."""
    return str(module.get_version()) if hasattr(module, "get_version") and hasattr(module, "Core") else ""


def short_version(version: str) -> str:
    """The number alone."""
    return version.partition("-")[0]


@contextmanager
def asked(unit: str) -> Iterator[None]:
    """Say what OpenVINO or a driver gives no answer to, inside the block.

    Args:
        unit: `CPU`, `GPU` or `NPU`.

    Raises:
        NotAvailable: it does not answer.
    """
    try:
        yield
    except RuntimeError as error:
        raise NotAvailable(
            f"openvino:{unit.lower()} does not say what it can or does here: {reason_of(error)}; install its driver "
            "and openvino anew, or use --device cpu"
        ) from error


def demand_unit(core: Any, unit: str, version: str) -> None:
    """See that OpenVINO has a unit here.

    Args:
        unit: its own word: `CPU`, `GPU` or `NPU`.

    Raises:
        NotAvailable: it has not.
    """
    seen = list(core.available_devices)
    if unit not in {name.partition(".")[0] for name in seen}:
        raise NotAvailable(
            f"device openvino:{unit.lower()} was asked for, and openvino {short_version(version)} sees "
            f"{', '.join(seen) or 'nothing'} here; install that device's driver, or use --device openvino:cpu"
        )


def demand_capability(core: Any, unit: str, hint: Hint) -> None:
    """See that a unit multiplies in a precision by itself, and does not imitate it.

    Raises:
        NotAvailable: it does not.
    """
    able = [str(word) for word in core.get_property(unit, "OPTIMIZATION_CAPABILITIES")]
    if hint != "f32" and hint.upper() not in able and hint.upper().replace("F16", "FP16") not in able:
        raise NotAvailable(
            f"openvino:{unit.lower()} has no {hint} of its own here ({', '.join(able)}); use --precision fp32"
        )


@dataclass(frozen=True)
class OpenVinoSettings:
    """How OpenVINO is told to compute.

    Attributes:
        unit: `CPU`, `GPU` or `NPU`.
        hint: precision of what is computed.
        threads: of one run, on a CPU.
        streams: runs at a time.
    """

    unit: str
    hint: Hint
    threads: int = 0
    streams: int = 1

    def properties(self, core: Any) -> dict[str, Any]:
        """What is handed over with a model, as far as the unit knows it."""
        wanted: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": self.streams,
            "INFERENCE_PRECISION_HINT": self.hint,
            **self._exact,
        }
        if self.unit == "CPU":
            wanted["INFERENCE_NUM_THREADS"] = self.threads * self.streams
            # Threads that are bound to cores stay there while another program has them.
            wanted["ENABLE_CPU_PINNING"] = False
            wanted["ENABLE_CPU_RESERVATION"] = False
        supported = {str(name) for name in core.get_property(self.unit, "SUPPORTED_PROPERTIES")}
        return {name: value for name, value in wanted.items() if name in supported}

    @property
    def _exact(self) -> dict[str, Any]:
        """Choices of OpenVINO that would change numbers, as they have to be."""
        return {
            "EXECUTION_MODE_HINT": "ACCURACY",
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0,
            "CPU_DENORMALS_OPTIMIZATION": False,
            "CPU_SPARSE_WEIGHTS_DECOMPRESSION_RATE": 1.0,
        }

    def check(self, compiled: Any) -> None:
        """Hold an opened model against what was wanted.

        Raises:
            NotAvailable: it runs elsewhere, or in another precision.
        """
        where = [str(name) for name in compiled.get_property("EXECUTION_DEVICES")]
        if [name.partition(".")[0] for name in where] != [self.unit]:
            raise NotAvailable(
                f"device openvino:{self.unit.lower()} was asked for and OpenVINO opened "
                f"{', '.join(where) or 'nothing'}; use --device cpu"
            )
        known = {str(name) for name in compiled.get_property("SUPPORTED_PROPERTIES")}
        seen = {"INFERENCE_PRECISION_HINT": compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()}
        seen |= {name: compiled.get_property(name) for name in self._exact if name in known}
        wanted = {"INFERENCE_PRECISION_HINT": self.hint, **self._exact}
        for name, value in seen.items():
            if _plain(value) != _plain(wanted[name]):
                raise NotAvailable(
                    f"openvino:{self.unit.lower()} was told {name} {wanted[name]} and took {_plain(value)}; "
                    "use --device cpu, or another --precision"
                )


def _plain(value: Any) -> Any:
    """A property's value in the words in which it is set."""
    return getattr(value, "name", value)


def machine_of(core: Any, unit: str) -> tuple[str, ...]:
    """What decides how a model is compiled here: the unit, its driver where it has one, and the processor."""
    supported = {str(name) for name in core.get_property(unit, "SUPPORTED_PROPERTIES")}
    asked = (
        "FULL_DEVICE_NAME",
        "DEVICE_ARCHITECTURE",
        "NPU_DRIVER_VERSION",
        "NPU_COMPILER_VERSION",
        "GPU_UARCH_VERSION",
    )
    return (
        processor_digest(),
        *(f"{name} {core.get_property(unit, name)}" for name in asked if name in supported),
    )


def reason_of(error: BaseException) -> str:
    """OpenVINO's own words for a failure in one line, without places in its sources and what says nothing."""
    lines = [line.strip(" -") for line in str(error).splitlines()]
    told = [line for line in lines if line and _SAYS_NOTHING.match(line) is None]
    return (" ".join(told) or " ".join(lines) or type(error).__name__)[:160].rstrip(" .")
