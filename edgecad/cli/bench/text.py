"""What `edgecad bench` prints for people."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from edgecad.bench.judging import noise, ranked, recommended
from edgecad.bench.percentiles import runs_needed
from edgecad.bench.results import Measured, NotMeasured, Offline, Result, SingleStream, StageTimes
from edgecad.cli.table import table_lines
from edgecad.doctor.machine import Machine

NAMES = {"decode": "decode", "prepare": "prepare", "run": "network", "heatmap": "heat map", "whole": "whole answer"}
PERCENTILES = ("p50", "p90 ", "p95 ", "p99 ")
"""Titles; the space stands where a value has its bracket."""


def processor_words(machine: Machine) -> str:
    """The processor, and how many threads of it this process may use."""
    return f"{machine.processor or 'unknown processor'}, {machine.threads} threads"


def lines_of(results: Sequence[Result], model: Path | None, about_saved: Sequence[str] = ()) -> Iterator[str]:
    """The tables, what could not be measured, and the recommendation with its command last.

    Args:
        about_saved: what was saved for `auto`, line by line; with it the command needs no device and no precision.
    """
    here = [found for found in results if isinstance(found, Measured)]
    best = recommended(results)
    if here:
        yield from _starts(here)
    streams = [(found, found.single_stream) for found in here if found.single_stream is not None]
    if streams:
        yield from _single_stream(streams)
    if any(found.in_turn for found in here):
        yield from _in_turn(here)
    if any(found.offline for found in here):
        yield from _offline(here)
    if best is not None and best.single_stream is not None:
        yield from _stages(best, best.single_stream)
    yield from _remarks(results)
    yield from _not_here(results)
    if best is not None:
        yield from _recommendation(best, model, about_saved)


def _starts(here: Sequence[Measured]) -> Iterator[str]:
    yield f"Cold start, milliseconds: medians of {len(here[0].starts)} processes"
    yield from table_lines(("", "process", "open", "first", "whole"), map(_start, here), "lrrrr")


def _start(found: Measured) -> tuple[str, ...]:
    columns = zip(*((start.process, start.open, start.first, start.whole) for start in found.starts), strict=True)
    return (_name(found), *(f"{np.median(column):.0f}" for column in columns))


def _single_stream(streams: Sequence[tuple[Measured, SingleStream]]) -> Iterator[str]:
    yield ""
    yield "One scan after another, file to heat map, milliseconds"
    rows = (
        (_name(found), *_percentiles(stream.whole, stream), str(stream.runs), _memory(stream))
        for found, stream in streams
    )
    yield from table_lines(("", *PERCENTILES, "runs", "MB"), rows, "lrrrrrr")
    if any(stream.p99_bound is None for _, stream in streams):
        needed = ", ".join(f"{runs_needed(percentile)} for p{percentile}" for percentile in (90, 95, 99))
        yield f"  (in brackets: too few runs to know it; it takes {needed})"


def _in_turn(here: Sequence[Measured]) -> Iterator[str]:
    """The fastest, best first; those that are alike are told apart by what is more precise, then simpler."""
    yield ""
    yield "The networks of the fastest once more, in turn, milliseconds"
    rows = (
        (_name(found), f"{found.in_turn.p50:.2f}", f"{found.in_turn.p95:.2f}")
        for found in ranked(here)
        if found.in_turn is not None
    )
    yield from table_lines(("", "p50", "p95"), rows, "lrr")


def _memory(stream: SingleStream) -> str:
    return "?" if stream.resident_mb is None else f"{stream.resident_mb:.0f}"


def _offline(here: Sequence[Measured]) -> Iterator[str]:
    many = [(found, found.offline) for found in here if found.offline is not None]
    sizes = sorted({batch.size for _, own in many for batch in own.batches})
    yield ""
    yield "Many scans, a second: network alone by images at once, as far as more was faster; a folder, whole answers"
    rows = ((_name(found), *_rates(own, sizes), f"{own.folder.median:.1f}") for found, own in many)
    yield from table_lines(("", *map(str, sizes), "folder"), rows, "l" + "r" * len(sizes) + "r")


def _rates(own: Offline, sizes: Sequence[int]) -> Iterator[str]:
    rates = {batch.size: f"{batch.median:.1f}" for batch in own.batches}
    return (rates.get(size, "-") for size in sizes)


def _stages(best: Measured, stream: SingleStream) -> Iterator[str]:
    yield ""
    yield f"Stage by stage, {_name(best)}, milliseconds"
    rows = ((NAMES[stage.name], *_percentiles(stage, stream)) for stage in stream.stages)
    yield from table_lines(("", *PERCENTILES), rows, "lrrrr")
    if stream.joules is not None:
        yield f"  {stream.joules:.2f} J an answer, of the processor"


def _remarks(results: Sequence[Result]) -> Iterator[str]:
    yield ""
    for found in results:
        if isinstance(found, NotMeasured):
            continue
        if found.golden:
            yield f"UNFIT: {_name(found)} answers {', '.join(found.golden)} otherwise than at export; do not use it"
        if noise(found):
            yield f"noisy: {_name(found)}: {'; '.join(noise(found))}; measure again on a quiet machine"


def _not_here(results: Sequence[Result]) -> Iterator[str]:
    """One line for each device and reason, with the precisions that it is about."""
    about: dict[tuple[str, str], list[str]] = {}
    for found in results:
        if isinstance(found, NotMeasured):
            about.setdefault((found.device, found.reason), []).append(found.precision or "")
    for (device, reason), precisions in about.items():
        named = ", ".join(filter(None, precisions))
        yield f"not here: {device}{f' ({named})' if named else ''}: {reason}"


def _recommendation(best: Measured, model: Path | None, about_saved: Sequence[str]) -> Iterator[str]:
    by = "" if best.single_stream is not None else ", by the folder's rate,"
    yield f"recommended: {_name(best)} ({best.provider}), the fastest{by} that answers the golden samples as at export"
    yield from about_saved
    named = f" --model {shlex.quote(str(model))}" if model else ""
    options = "" if about_saved else f" --device {best.device} --precision {best.precision}"
    yield f"next: edgecad infer SCAN{named}{options}"


def _percentiles(stage: StageTimes, stream: SingleStream) -> tuple[str, ...]:
    """In brackets those that the runs are too few for."""
    values = ((stage.p90, stream.p90_bound), (stage.p95, stream.p95_bound), (stage.p99, stream.p99_bound))
    shown = (f"{value:.2f} " if bound is not None else f"({value:.2f})" for value, bound in values)
    return f"{stage.p50:.2f}", *shown


def _name(found: Measured) -> str:
    return f"{found.device} {found.precision}"
