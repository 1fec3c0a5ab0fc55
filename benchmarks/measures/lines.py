"""Lines through points, straight or as powers, and pictures of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgecad.bench.plot import LOOKS

Points = Sequence[tuple[float, float]]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """Points, the line through them, and what the legend says of it."""

    points: Points
    line: Callable[[Floats], Floats]
    label: str


@dataclass(frozen=True)
class Panel:
    """One picture of several.

    Attributes:
        logarithmic: both axes; else both begin at zero.
        headroom: by how much the highest value is exceeded, where points may lie below the legend.
    """

    x: str
    y: str
    series: Sequence[Series]
    logarithmic: bool = False
    headroom: float = 1.0


class Line(msgspec.Struct, frozen=True):
    """`start + slope x`, by least squares; `r_squared` is the share of the variance that it explains."""

    start: float
    slope: float
    r_squared: float

    def series(self, points: Points, label: str) -> Series:
        """The points with this line."""
        return Series(points, lambda x: self.start + self.slope * x, label)


class Power(msgspec.Struct, frozen=True):
    """`factor x^exponent`: a straight line through the logarithms of both; `r_squared` is that of the logarithms."""

    factor: float
    exponent: float
    r_squared: float

    def series(self, points: Points, label: str) -> Series:
        """The points with this curve."""
        return Series(points, lambda x: self.factor * x**self.exponent, label)


def line_through(points: Points) -> Line:
    """The straight line that lies nearest to points."""
    x, y = np.array(points, float).T
    slope, start = np.polyfit(x, y, 1)
    return Line(float(start), float(slope), float(np.corrcoef(x, y)[0, 1] ** 2))


def power_through(points: Points) -> Power:
    """The power that lies nearest to the logarithms of points."""
    line = line_through([(float(x), float(y)) for x, y in np.log(np.array(points, float))])
    return Power(float(np.exp(line.start)), line.slope, line.r_squared)


def draw(panels: Sequence[Panel], file: Path) -> None:
    """Draw panels into a PNG file, two in a row."""
    from matplotlib.figure import Figure

    rows = -(-len(panels) // 2)
    figure = Figure(figsize=(9, 3.6 * rows), layout="constrained")
    for place, panel in enumerate(panels, 1):
        axes = figure.add_subplot(rows, 2, place)
        _draw(axes, panel)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)


def _draw(axes: Any, panel: Panel) -> None:
    from matplotlib.ticker import MaxNLocator

    for (colour, marker, dashes), series in zip(LOOKS, panel.series, strict=False):
        x, y = np.array(series.points, float).T
        axes.plot(x, y, marker, color=colour)
        along = np.linspace(x.min(), x.max(), 100)
        axes.plot(along, series.line(along), color=colour, linestyle=dashes, label=series.label)
    axes.set(xlabel=panel.x, ylabel=panel.y)
    if panel.logarithmic:
        _logarithmic(axes, panel)
    else:
        axes.set(xlim=0, ylim=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set(ylim=(0, panel.headroom * axes.get_ylim()[1]))
    axes.grid(alpha=0.25)
    axes.legend(loc="upper left")


def _logarithmic(axes: Any, panel: Panel) -> None:
    """Both axes logarithmic, with the measured x as ticks, for few of them are powers of ten; room for the legend."""
    from matplotlib.ticker import FuncFormatter, NullLocator

    xs = sorted({x for series in panel.series for x, _ in series.points})
    ys = [y for series in panel.series for _, y in series.points]
    axes.set(xscale="log", yscale="log", ylim=(min(ys) / 1.4, max(ys) * (max(ys) / min(ys)) ** 0.4))
    axes.set_xticks(xs, [f"{x:g}" for x in xs])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(FuncFormatter(lambda y, _: f"{y:g}" if f"{y:.0e}"[0] in "25" else ""))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
