"""A picture of the measurements: how latencies are distributed, and throughput by batch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgecad.bench.results import Measured
from edgecad.extras import require

COLOURS = ("#2b5c8a", "#c8641e", "#3c8a4c", "#8a3c7a", "#7a6a2b", "#5a5a5a")


def save_plot(results: Sequence[Measured], title: str, path: Path) -> None:
    """Write a PNG with a panel for each scenario that was measured.

    Raises:
        NotAvailable: matplotlib is not installed.
        OSError: the file cannot be written.
    """
    drawing = require("matplotlib.figure", extra="plot")
    panels = [
        draw
        for draw, asked in (
            (_distribution, any(found.single_stream for found in results)),
            (_throughput, any(found.offline for found in results)),
        )
        if asked
    ]
    figure = drawing.Figure(figsize=(5.4 * len(panels), 4.2), layout="constrained")
    figure.suptitle(title, fontsize=10)
    for axes, draw in zip(np.ravel(figure.subplots(1, len(panels))), panels, strict=True):
        draw(axes, results)
        axes.grid(alpha=0.25)
    figure.savefig(path, dpi=120, format="png")


def _distribution(axes: Any, results: Sequence[Measured]) -> None:
    for found, colour in zip(results, COLOURS * len(results), strict=False):
        if found.single_stream is None:
            continue
        latencies = np.array(found.single_stream.latencies)
        share = np.linspace(0, 100, len(latencies))
        axes.plot(latencies, share, color=colour, label=f"{_name(found)}: p50 {found.single_stream.whole.p50:.1f} ms")
    for percentile in (50, 90, 99):
        axes.axhline(percentile, color="#999999", linewidth=0.6, linestyle=":")
    axes.set(xlabel="milliseconds, file to heat map", ylabel="share of answers that took no longer, %")
    axes.set(title="One scan after another", xscale="log", ylim=(0, 101))
    axes.legend(loc="lower right", fontsize=8)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("{x:g}")
    axes.tick_params(axis="x", which="both", labelsize=8)


def _throughput(axes: Any, results: Sequence[Measured]) -> None:
    for found, colour in zip(results, COLOURS * len(results), strict=False):
        if found.offline is None:
            continue
        batches, folder = found.offline.batches, found.offline.folder
        sizes = [batch.size for batch in batches]
        spread = [[b.median - b.low for b in batches], [b.high - b.median for b in batches]]
        axes.errorbar(
            sizes, [b.median for b in batches], yerr=spread, marker="o", capsize=3, color=colour, label=_name(found)
        )
        axes.axhline(folder.median, color=colour, linestyle="--", linewidth=1)
    axes.plot([], [], color="#5a5a5a", linestyle="--", linewidth=1, label="whole answers, a folder of scans")
    axes.set(xlabel="images at once", ylabel="images a second, network alone", title="Many scans")
    # Room above for the names.
    axes.set_ylim(0, 1.45 * axes.dataLim.y1)
    axes.legend(loc="upper left", fontsize=8, ncols=2)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:g}")


def _name(found: Measured) -> str:
    return f"{found.device} {found.precision}"
