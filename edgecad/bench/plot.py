"""A picture of the measurements: how latencies are distributed, and throughput by batch."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgecad.bench.judging import noise
from edgecad.bench.percentiles import runs_needed
from edgecad.bench.results import Measured
from edgecad.system.extras import require
from edgecad.system.folders import write_whole

LOOKS = (
    ("#1c2733", "o", "-"),
    ("#3c8a4c", "s", "--"),
    ("#8a3c7a", "^", "-."),
    ("#7c8793", "D", (0, (1, 1))),
    ("#7a6a2b", "v", (0, (5, 1, 1, 1, 1, 1))),
    ("#8a1c1c", "P", (0, (8, 3))),
)
"""Colour, marker and dashes of each line. No two are told apart by a colour alone.

None is amber or blue: those mean what raised or lowered a score.
"""
SHOWN = (0, 25, 50, 75, 90, 95, 99)
"""Percentiles that the axis names."""


def save_plot(results: Sequence[Measured], best: Measured | None, where: str, path: Path) -> None:
    """Write a PNG with a panel for each scenario that was measured, whole or not at all.

    Args:
        best: which of `results` is recommended.
        where: the machine and the day.

    Raises:
        NotAvailable: matplotlib is not installed.
        OSError: the file cannot be written.
    """
    drawing = require("matplotlib.figure", extra="plot")
    ticking = require("matplotlib.ticker", extra="plot")
    panels = [
        draw
        for draw, chosen in (
            (_distribution, any(found.single_stream for found in results)),
            (_throughput, any(found.offline for found in results)),
        )
        if chosen
    ]
    figure = drawing.Figure(figsize=(5.6 * len(panels), 5.2), layout="constrained")
    model = results[0]
    figure.suptitle(f"{model.backbone}, {model.name} ({model.model_sha256[:8]})\n{where}\n{model.stamp}", fontsize=9)
    for axes, draw in zip(np.ravel(figure.subplots(1, len(panels))), panels, strict=True):
        draw(axes, ticking, results, best)
        axes.grid(alpha=0.25)
        axes.title.set_fontsize(10)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), fontsize=8, frameon=False)
    picture = io.BytesIO()
    figure.savefig(picture, dpi=120, format="png")
    write_whole(path, picture.getvalue())


def _distribution(axes: Any, ticking: Any, results: Sequence[Measured], best: Measured | None) -> None:
    for found, (colour, marker, _) in zip(results, LOOKS * len(results), strict=False):
        stream = found.single_stream
        if stream is None:
            continue
        known = max((p for p in SHOWN if p < 90 or stream.runs >= runs_needed(p)), default=0)
        latencies = np.array(stream.latencies)
        share = np.linspace(0, 100, len(latencies))
        told = f"{_name(found, best)}: p50 {stream.whole.p50:.1f} ms, p95 {stream.whole.p95:.1f} ms, {stream.runs} runs"
        axes.plot(latencies, share, color=colour, linewidth=0.8, linestyle=":")
        sure = share <= known + 1e-9
        # Lines are dotted where runs are too few, so markers tell them apart: at the percentiles that the axis names.
        at = np.searchsorted(share[sure], [percentile for percentile in SHOWN if percentile <= known])
        marked = sorted({min(int(place), int(sure.sum()) - 1) for place in at})
        look = {"color": colour, "marker": marker, "markersize": 5, "markevery": marked}
        axes.plot(latencies[sure], share[sure], label=told, **look)
    axes.set(xlabel="milliseconds, file to heat map", ylabel="share of answers that took no longer, %")
    axes.set(title="One scan after another (dotted: too few runs to know)", xscale="log", ylim=(0, 101), yticks=SHOWN)
    axes.tick_params(labelsize=8)
    low, high = axes.get_xlim()
    # Within a decade or so a logarithmic axis has too few round powers to be read.
    axes.xaxis.set_major_locator(ticking.MaxNLocator(7) if high < 8 * low else ticking.LogLocator(10, subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(ticking.NullLocator())


def _throughput(axes: Any, ticking: Any, results: Sequence[Measured], best: Measured | None) -> None:
    many = [(found, found.offline) for found in results if found.offline is not None]
    sizes = sorted({batch.size for _, own in many for batch in own.batches})
    folder_at = 2 * max(sizes, default=1)
    for (found, own), (colour, _, dashes) in zip(many, LOOKS * len(many), strict=False):
        line = {"color": colour, "marker": "o", "capsize": 3, "linestyle": dashes}
        _bars(axes, [batch.size for batch in own.batches], own.batches, label=_name(found, best), **line)
        _bars(axes, [folder_at], [own.folder], **(line | {"marker": "D", "linestyle": "none"}))
    axes.set(xlabel="images at once; whole answers of a folder", ylabel="a second: median, quartiles", xscale="log")
    axes.set(title="Many scans: network alone by batch (o), whole answers (diamonds)")
    axes.set_ylim(0, 1.08 * axes.dataLim.y1)
    axes.tick_params(labelsize=8)
    axes.xaxis.set_major_locator(ticking.FixedLocator([*sizes, folder_at]))
    axes.xaxis.set_minor_locator(ticking.NullLocator())
    axes.xaxis.set_major_formatter(ticking.FixedFormatter([*(str(size) for size in sizes), "folder"]))


def _bars(axes: Any, places: Sequence[int], rates: Sequence[Any], **look: Any) -> None:
    spread = [[rate.median - rate.low for rate in rates], [rate.high - rate.median for rate in rates]]
    axes.errorbar(places, [rate.median for rate in rates], yerr=spread, **look)


def _name(found: Measured, best: Measured | None) -> str:
    marks = [*(["recommended"] if found == best else []), *(["noisy"] if noise(found) else [])]
    marks += ["UNFIT"] if found.golden else []
    return f"{found.device} {found.precision}" + (f" ({', '.join(marks)})" if marks else "")
