"""What `edgecad bench` prints for people."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from edgecad.bench.judging import noise, recommended
from edgecad.bench.percentiles import runs_needed
from edgecad.bench.results import Measured, NotMeasured, Result, SingleStream, StageTimes

NAMES = {"decode": "decode", "prepare": "prepare", "run": "network", "heatmap": "heat map", "whole": "whole answer"}
PERCENTILES = f"{'p50':>8s} {'p90':>8s}  {'p95':>8s}  {'p99':>8s} "


def lines_of(results: Sequence[Result], model: Path | None) -> Iterator[str]:
    """The tables, what could not be measured, and the recommendation with its command last."""
    here = [found for found in results if isinstance(found, Measured)]
    best = recommended(results)
    if here:
        yield from _starts(here)
    streams = [(found, found.single_stream) for found in here if found.single_stream is not None]
    if streams:
        yield from _single_stream(streams)
    if any(found.offline for found in here):
        yield from _offline(here)
    if best is not None and best.single_stream is not None:
        yield from _stages(best, best.single_stream)
    yield from _remarks(results)
    yield from _not_here(results)
    if best is not None:
        yield from _recommendation(best, model)


def _starts(here: Sequence[Measured]) -> Iterator[str]:
    yield f"Cold start, milliseconds: medians of {len(here[0].starts)} processes"
    yield f"  {'':18s} {'process':>8s} {'open':>8s} {'first':>8s} {'whole':>8s}"
    for found in here:
        columns = zip(*((start.process, start.open, start.first, start.whole) for start in found.starts), strict=True)
        yield f"  {_name(found):18s} " + " ".join(f"{np.median(column):8.0f}" for column in columns)


def _single_stream(streams: Sequence[tuple[Measured, SingleStream]]) -> Iterator[str]:
    yield ""
    yield "One scan after another, file to heat map, milliseconds"
    yield f"  {'':18s} {PERCENTILES} {'runs':>6s} {'MB':>6s}"
    for found, stream in streams:
        memory = f"{stream.resident_mb:6.0f}" if stream.resident_mb is not None else f"{'?':>6s}"
        yield f"  {_name(found):18s} {_percentiles(stream.whole, stream)} {stream.runs:6d} {memory}"
    if any(stream.p99_bound is None for _, stream in streams):
        needed = ", ".join(f"{runs_needed(percentile)} for p{percentile}" for percentile in (90, 95, 99))
        yield f"  (in brackets: too few runs to know it; it takes {needed})"


def _offline(here: Sequence[Measured]) -> Iterator[str]:
    many = [(found, found.offline) for found in here if found.offline is not None]
    sizes = sorted({batch.size for _, own in many for batch in own.batches})
    yield ""
    yield "Many scans, a second: network alone by images at once, as far as more was faster; a folder, whole answers"
    yield f"  {'':18s} " + " ".join(f"{size:>7d}" for size in sizes) + f" {'folder':>9s}"
    for found, own in many:
        rates = {batch.size: f"{batch.median:7.1f}" for batch in own.batches}
        yield (
            f"  {_name(found):18s} "
            + " ".join(rates.get(size, f"{'-':>7s}") for size in sizes)
            + f" {own.folder.median:9.1f}"
        )


def _stages(best: Measured, stream: SingleStream) -> Iterator[str]:
    yield ""
    yield f"StageTimes by stage, {_name(best)}, milliseconds"
    yield f"  {'':18s} {PERCENTILES}"
    for stage in stream.stages:
        yield f"  {NAMES[stage.name]:18s} {_percentiles(stage, stream)}"
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


def _recommendation(best: Measured, model: Path | None) -> Iterator[str]:
    by = "" if best.single_stream is not None else ", by the folder's rate,"
    yield f"recommended: {_name(best)} ({best.provider}), the fastest{by} that answers the golden samples as at export"
    named = f" --model {shlex.quote(str(model))}" if model else ""
    yield f"next: edgecad infer SCAN{named} --device {best.device} --precision {best.precision}"


def _percentiles(stage: StageTimes, stream: SingleStream) -> str:
    """In brackets those that the runs are too few for."""
    values = ((stage.p90, stream.p90_bound), (stage.p95, stream.p95_bound), (stage.p99, stream.p99_bound))
    shown = (f"{value:.2f} " if bound is not None else f"({value:.2f})" for value, bound in values)
    return f"{stage.p50:8.2f} " + " ".join(f"{text:>9s}" for text in shown)


def _name(found: Measured) -> str:
    return f"{found.device} {found.precision}"
