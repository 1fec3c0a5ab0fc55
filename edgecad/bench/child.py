"""The process that measures one device and precision: it starts cold, and its memory is its own."""

from __future__ import annotations

import os
import sys
import time
from typing import BinaryIO, NoReturn

import msgspec

from edgecad.answer.prediction import stamp_of
from edgecad.bench.results import BenchOrder, Measured, NotMeasured, Result, Start
from edgecad.errors import EdgecadError
from edgecad.inference.classifier import Classifier
from edgecad.system.children import end_with_parent, own_channel
from edgecad.system.disk import words_of

SCANS_A_WORKER = 4
"""Whole answers for each of the rates of a folder."""


def main(argument: str) -> None:
    """Carry out a `BenchOrder` given as JSON; the answer is a line on stdout."""
    imported = time.perf_counter()
    channel = own_channel()
    order = msgspec.json.decode(argument, type=BenchOrder)
    if order.waits:
        _wait(order, channel)
    end_with_parent()
    try:
        result: Result = measured(order, imported)
    except (EdgecadError, OSError) as error:
        reason = words_of(error) if isinstance(error, OSError) else str(error)
        code = EdgecadError.exit_code if isinstance(error, OSError) else error.exit_code
        result = NotMeasured(device=order.device, precision=order.precision, reason=reason, code=code)
    channel.write(msgspec.json.encode(result) + b"\n")
    # Everything is said; what a driver's destructors do now cannot matter any more.
    os._exit(0)


def measured(order: BenchOrder, imported: float) -> Measured:
    """Open, answer once, then what the order says.

    Args:
        imported: when this process had its modules, on the clock of `time.perf_counter`.

    Raises:
        EdgecadError: it does not work here.
    """
    from edgecad.bench.scenarios import SCAN, Limit, offline, single_stream
    from edgecad.golden import golden_samples
    from edgecad.modelfiles.file import parse_run_precision
    from edgecad.system.cores import usable_threads
    from edgecad.system.parallel import share_for

    scan = golden_samples()[SCAN]
    opening = time.perf_counter()
    classifier = _opened(order)
    opened = time.perf_counter()
    classifier.replay(scan)
    answered = time.perf_counter()
    start = Start(
        process=1000 * (imported - order.begun), open=1000 * (opened - opening), first=1000 * (answered - opened)
    )
    stream = many = None
    wrong: tuple[str, ...] = ()
    if order.scenarios:
        wrong = tuple(entry.sample for entry in classifier.replay_golden() if not entry.holds)
    if "single-stream" in order.scenarios:
        stream = single_stream(classifier, Limit(order.runs, order.seconds, order.least))
    if "offline" in order.scenarios:
        share = share_for(usable_threads())
        narrow = _opened(order, share.threads)
        many = offline(classifier, narrow, share, SCANS_A_WORKER * share.workers, order.batch_seconds)
    facts = classifier.facts
    return Measured(
        name=classifier.contract.name,
        backbone=classifier.contract.system,
        stamp=stamp_of(classifier.contract.origin),
        model_sha256=classifier.model_sha256,
        device=facts.device,
        provider=facts.provider,
        precision=parse_run_precision(facts.precision) or classifier.contract.precision,
        threads=facts.threads,
        golden=wrong,
        starts=(start,),
        single_stream=stream,
        offline=many,
    )


def _wait(order: BenchOrder, channel: BinaryIO) -> NoReturn:
    """Run the network a few times for each line of the input; it ends with our parent."""
    from edgecad.bench.scenarios import run_when_asked

    for times in run_when_asked(_opened(order), order.runs or 1):
        channel.write(msgspec.json.encode(times) + b"\n")
        if not sys.stdin.buffer.readline():
            os._exit(0)
    raise AssertionError("it runs for ever")


def _opened(order: BenchOrder, threads: int | None = None) -> Classifier:
    return Classifier(order.model, order.device, None, order.precision, threads, replay="never", key=order.key)
