"""The record of a whole measurement, for programs: what was asked, of which model, on which machine, with what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from edgecad.bench.judging import noise, recommended
from edgecad.bench.machine import power_mode
from edgecad.bench.results import BenchOrder, Measured, Result
from edgecad.doctor.machine import machine_here
from edgecad.doctor.packages import installed
from edgecad.runners.devices import DEVICES
from edgecad.system.clock import second_text

SCHEMA = 4
PACKAGES = ("edgecad", "numpy", "opencv-python", "opencv-python-headless")
"""Whose versions are recorded, beside those of the engines."""
UNITS = {
    "starts, stages, bounds, medians, latencies": "milliseconds",
    "p50, p90, p95, p99": "percentiles",
    "in_turn": "milliseconds, network alone, in turn with others",
    "batches": "images a second, network alone",
    "folder": "scans a second, file to heat map",
    "median, low, high": "median and quartiles",
    "resident_mb": "10^6 bytes",
    "others": "share of the machine's processors, 0 to 1",
    "joules": "of the processor, an answer",
}
"""What numbers of the record mean, in the record itself: it is read years later."""


def record_of(found: Sequence[Result], order: BenchOrder, model: str | None) -> dict[str, Any]:
    """Everything that was found, ready to be written as JSON.

    Args:
        order: what each process was told, device and precision aside.
        model: as the user named it.
    """
    best = recommended(found)
    here = [result for result in found if isinstance(result, Measured)]
    versions = installed()
    engines = [package.distribution for row in DEVICES for package in row.packages]
    return {
        "schema": SCHEMA,
        "date": second_text(),
        "model": model,
        "asked": {name: getattr(order, name) for name in ("scenarios", "runs", "seconds", "least")},
        "versions": {name: versions[name] for name in (*PACKAGES, *engines) if name in versions},
        "machine": asdict(machine_here()),
        "power": power_mode(),
        "units": UNITS,
        "configurations": list(found),
        "noisy": [
            {"device": result.device, "precision": result.precision, "reasons": noise(result)}
            for result in here
            if noise(result)
        ],
        "recommended": None if best is None else {"device": best.device, "precision": best.precision},
    }
