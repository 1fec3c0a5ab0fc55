"""Uptake, read from the colours of a map through its colour table, and drawn again in the one canonical way.

candidates   the tables that may be the map's, by who named them
lookup       from a colour to a level, and its distance to the table
choosing     which table it is: one that fits, and no other
steps        colours in steps
strokes      lines, letters and pointers over the map
faint        writing that shines through: half-transparent names, watermarks
judging      whether what was read may be a perfusion map
drawing      uptake as the network sees it, and back
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.colourtables import ColourTable
from edgecad.contract import Preparation
from edgecad.polarmap.bar import bar_table
from edgecad.polarmap.disc import Disc
from edgecad.polarmap.objections import Objections
from edgecad.polarmap.prepared import PreparedMap, TableReading, View
from edgecad.polarmap.search.dark import MIN_DIAMETER
from edgecad.polarmap.square import SIDE, disc_within, input_mask, rim_width, square_around
from edgecad.polarmap.uptake.candidates import TableCandidates
from edgecad.polarmap.uptake.choosing import Fit, chosen_fit, fit_of
from edgecad.polarmap.uptake.drawing import drawn, mirrored, resampled
from edgecad.polarmap.uptake.faint import faint_strokes
from edgecad.polarmap.uptake.judging import object_unless_uptake
from edgecad.polarmap.uptake.lookup import lookup_of
from edgecad.polarmap.uptake.steps import SMOOTHED_UP_TO, steps_of, within_steps
from edgecad.polarmap.uptake.strokes import THICKEST, Strokes, painted_over, strokes_on, widest_on

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

SAMPLED = 6
"""Every so manieth pixel, across and down, chooses the table."""
RIM = rim_width(SIDE, Disc(0, 0, MIN_DIAMETER / 2))
"""Pixels of the square within the rim at which every drawing is mirrored: what the smallest disc needs. A rim that
followed the disc's size would draw one map in several ways, and scores moved by up to .18."""
REFUSED_STEPS = 10
"""Steps up to which levels are lost: scores moved by .1 in the mean, and by .4 for one map in twenty."""


def uptake_prepared(
    screen: Pixels, disc: Disc, preparation: Preparation, candidates: TableCandidates, objections: Objections
) -> PreparedMap:
    """Read uptake in `disc` of `screen` `(height, width, 3)` uint8 RGB, judge it, and draw it at the input size.

    Raises:
        InputRefused: `table-unknown`, `table-ambiguous`, `steps`, `overlay` or `not-a-map`.
    """
    square, inside = square_around(screen, disc, SIDE), disc_within(SIDE, disc)
    fit = _fit_of(screen, disc, square, inside, candidates, objections)
    levels, apart = _read(square, inside, fit.table)
    steps = _steps(levels[inside], fit, preparation.tables, objections)
    levels = mirrored(levels, rim_width(SIDE, disc))
    strokes = strokes_on(levels, apart, inside, steps, widest_on(disc, halved=objections.halved))
    rim = rim_width(SIDE, disc)
    uptake = mirrored(painted_over(levels, strokes.covered, inside), rim)
    if steps is not None and steps <= SMOOTHED_UP_TO:
        uptake = within_steps(uptake, ~strokes.covered, steps)
    object_unless_uptake(uptake, strokes, inside, objections)
    # Only now: a window that shines through is told by its borders, which would be painted over as well.
    faint = faint_strokes(uptake, strokes.covered, inside) if steps is None else None
    if faint is not None and faint.any():
        strokes = replace(strokes, covered=strokes.covered | faint)
        uptake = mirrored(painted_over(levels, strokes.covered, inside), rim)
    return _prepared(uptake, strokes, inside, disc, preparation, _reading(fit, steps))


def _fit_of(
    screen: Pixels, disc: Disc, square: Pixels, inside: Mask, candidates: TableCandidates, objections: Objections
) -> Fit:
    def sampled(picture: Pixels) -> Pixels:
        return np.asarray(picture[::SAMPLED, ::SAMPLED][inside[::SAMPLED, ::SAMPLED]])

    def bar() -> ColourTable | None:
        return bar_table(screen, disc)

    colours = sampled(square)
    fits = [fit_of(colours, *each) for each in candidates]
    if not any(fit.fits for fit in fits):
        # On a small disc lines and values cover much of the map; a median is blind to what is thin.
        colours = sampled(np.asarray(cv2.medianBlur(square, THICKEST)))
        fits = [fit_of(colours, *each) for each in candidates]
    return chosen_fit(colours, fits, bar, objections)


def _read(square: Pixels, inside: Mask, table: ColourTable) -> tuple[Floats, Floats]:
    """Level and distance to the table of each pixel of the disc, `(side, side)`; 0 outside."""
    places = np.flatnonzero(inside)
    levels, apart = np.zeros((2, inside.size), np.float32)
    levels[places], apart[places] = lookup_of(table).read(square.reshape(-1, 3).take(places, axis=0))
    return levels.reshape(inside.shape), apart.reshape(inside.shape)


def _steps(levels: Floats, fit: Fit, trained: tuple[ColourTable, ...], objections: Objections) -> int | None:
    """How many steps the colours have; None where they are continuous."""
    steps = fit.table.steps if fit.table.steps is not None else steps_of(levels)
    if steps is not None and steps <= REFUSED_STEPS and not any(table.steps == steps for table in trained):
        objections.against(
            "steps",
            f"the colours stand in {steps} steps, which tell too little of uptake; at least {REFUSED_STEPS + 1} are "
            "wanted: show the map in a continuous colour table",
        )
    return steps


def _reading(fit: Fit, steps: int | None) -> TableReading:
    return TableReading(fit.table.name, fit.who or "contract", steps, fit.mean, fit.table.sha256)


def _prepared(
    uptake: Floats, strokes: Strokes, inside: Mask, disc: Disc, preparation: Preparation, reading: TableReading
) -> PreparedMap:
    size, drawing = preparation.size, preparation.drawing
    if drawing is None:  # the contract checks itself
        raise ValueError("uptake without a drawing")
    shown = np.where(input_mask(size, "polar-map"), resampled(uptake, size), np.float32(np.nan))
    # Pixels at the rim may hold some of the ground's colour; they are painted over, and nothing lies on them.
    core = cv2.erode(inside.view(np.uint8), np.ones((9, 9), np.uint8)) > 0
    share = float(np.count_nonzero(strokes.covered & core) / np.count_nonzero(core))
    view = View(disc.x, disc.y, *(2 * disc.radius,) * 3)
    return PreparedMap(drawn(mirrored(uptake, RIM), size, drawing), disc, view, share, reading, shown)
