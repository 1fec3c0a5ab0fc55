"""What all pictures of the report share: colours, the phantom line, saving. Figures, never pyplot: no global state.

Amber and blue have one meaning each, in heat maps, answers and here: what speaks for CAD, and against it. So curves are
dark or grey, and differ by dashes and markers.
"""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgecad.contract import Origin
from edgecad.picture.colours import LOWERED, RAISED
from edgecad_train.origin import origin_words

INK, GREY, RED = "#1c2733", "#7c8793", "#8a1c1c"
ABOVE, BELOW = ("#{:02x}{:02x}{:02x}".format(*colour) for colour in (RAISED, LOWERED))
"""Of the positive class and of the other one."""
DPI = 150
EDGE = 0.04
"""Room around a square from 0 to 1."""


def new_figure(width: float, height: float) -> Figure:
    """A white figure, inches."""
    return Figure(figsize=(width, height), layout="constrained")


def tidy(axes: Axes) -> None:
    """No box, a faint grid behind the data."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.tick_params(colors=INK, labelsize=9)
    axes.set_axisbelow(True)
    axes.grid(color="#dfe3e8", linewidth=0.7)


def unit_square(axes: Axes, x: str, y: str) -> None:
    """Both axes from 0 to 1 with equal lengths, and room for a dot in a corner."""
    tidy(axes)
    axes.set_xlim(-EDGE, 1 + EDGE)
    axes.set_ylim(-EDGE, 1 + EDGE)
    axes.set_aspect("equal")
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def save(figure: Figure, path: Path, origin: Origin) -> Path:
    """Write a PNG; where the data are not patients' alone, it says so on top."""
    if stamp := origin_words(origin):
        figure.suptitle(stamp, color=RED, fontsize=10, fontweight="bold")
    return write_png(figure, path)


def write_png(figure: Figure, path: Path) -> Path:
    """Write a figure as it is; no date and no version inside, so that the same run gives the same bytes."""
    figure.savefig(path, dpi=DPI, metadata={"Software": None})
    return path
