"""Start the processes that measure, one after the other, and take down what they say, or that they died."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence

import msgspec
from msgspec.structs import replace

from edgecad.bench.results import BenchOrder, Measured, NotMeasured, Result, Start
from edgecad.contract import RunPrecision
from edgecad.errors import DeviceFailed
from edgecad.system.children import end_child, exit_description, lines_of, start_child

Configuration = tuple[str, RunPrecision | None]
"""Device and precision, as `edgecad.inference.classifier.Classifier` takes them."""
TIME_LIMIT = 3600.0
"""Seconds that one device and precision may take; the first use of a TensorRT engine builds it, for minutes."""
COLD_STARTS = 3
"""Processes that only answer once, beside the one that measures."""
BATCH_SECONDS = 1.0
"""How long each size of batch is run; a few rounds in any case."""


def results(
    model: str | None,
    configurations: Sequence[Configuration],
    order: BenchOrder,
    begins: Callable[[str, RunPrecision | None], None] = lambda device, precision: None,
) -> Iterator[Result]:
    """Measure each configuration, in processes of their own.

    Args:
        order: scenarios, runs and seconds; the rest is filled in here.
        begins: told before each of them.
    """
    for device, precision in configurations:
        begins(device, precision)
        yield result_of(replace(order, model=model, device=device, precision=precision, batch_seconds=BATCH_SECONDS))


def result_of(order: BenchOrder) -> Result:
    """Measure one device and precision; cold starts first, because they tell soonest that it does not work."""
    starts: list[Start] = []
    for _ in range(COLD_STARTS):
        cold = _told(replace(order, scenarios=()))
        if isinstance(cold, NotMeasured):
            return cold
        starts += cold.starts
    found = _told(order)
    return replace(found, starts=(*starts, *found.starts)) if isinstance(found, Measured) else found


def _told(order: BenchOrder) -> Result:
    with tempfile.TemporaryFile() as errors:
        process = start_child("edgecad.bench", msgspec.json.encode(replace(order, begun=time.perf_counter())), errors)
        try:
            for line in lines_of(process, time.monotonic() + TIME_LIMIT):
                told: Result = msgspec.json.decode(line, type=Result)
                return told
            reason = f"the process {exit_description(process, errors)}"
        except TimeoutError:
            reason = f"no answer within {TIME_LIMIT:g} s"
        finally:
            end_child(process)
    return NotMeasured(device=order.device, precision=order.precision, reason=reason, code=DeviceFailed.exit_code)
