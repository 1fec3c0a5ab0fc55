"""What all pictures have: the stamp above, and the line below that says whose it is."""

from __future__ import annotations

import re

from edgecad.picture.canvas import WIDTH, Canvas, new_canvas
from edgecad.picture.colours import FAINT, HATCH, INK, SECOND, STAMP_GROUND
from edgecad.picture.letters import width_of
from edgecad.picture.letters.lines import cut_in_the_middle, size_that_fits
from edgecad.picture.line import IdLine

EDGE = 40
"""Of the page, left and right, units."""
STAMP_HIGH = 52
RULE, BASELINE = 858, 887
NAME_SIZE, FACTS_SIZE = 24, 22
BETWEEN = 20
"""Between two facts of the line."""


def new_page(stamp: str, line: IdLine, scale: float, *, hatched: bool) -> Canvas:
    """A page with its stamp and its line.

    Args:
        hatched: whether the stamp warns; that of a model for research only says what it is.

    Raises:
        UsageError: as `new_canvas` says.
    """
    canvas = new_canvas(scale)
    canvas.fill(0, 0, WIDTH, STAMP_HIGH, STAMP_GROUND)
    if hatched:
        _warning_stamp(canvas, stamp)
    else:
        canvas.write(stamp, WIDTH / 2, 35, 24, SECOND, align="middle")
    _id_line(canvas, line)
    return canvas


def hatch_sides(canvas: Canvas) -> None:
    """Stripes down both sides of a page: what stands between them was forced."""
    for x in (0, WIDTH - 22):
        canvas.hatch(x, STAMP_HIGH, 22, RULE - STAMP_HIGH, 24, HATCH)


def _warning_stamp(canvas: Canvas, stamp: str) -> None:
    size = size_that_fits(stamp, 30, 22, WIDTH - 240, bold=True)
    ends = min(200.0, (WIDTH - width_of(stamp, size, bold=True)) / 2 - 30)
    for x in (0.0, WIDTH - ends):
        canvas.hatch(x, 0, ends, STAMP_HIGH, 24, HATCH)
    canvas.write(stamp, WIDTH / 2, 36, size, INK, bold=True, align="middle")


def _id_line(canvas: Canvas, line: IdLine) -> None:
    canvas.fill(EDGE, RULE, WIDTH - 2 * EDGE, 2, FAINT)
    scan = "scan not read" if line.scan_sha256 is None else f"scan {line.scan_sha256[:8]}"
    facts = [scan, *([] if line.time is None else [time_words(line.time)])]
    engine = f"{line.precision} {line.device}"
    frame = "" if line.frame is None else f"frame {line.frame}"
    before, after = "model ", f" ({line.model_sha256[:8]})"
    fixed = sum(width_of(each, FACTS_SIZE) + BETWEEN for each in (*facts, before + after, engine))
    fixed += width_of(frame, NAME_SIZE, bold=True) + 2 * BETWEEN
    name, model = _shared(line.identity or "", line.model, WIDTH - 2 * EDGE - fixed)
    x = EDGE + width_of(name, NAME_SIZE, bold=True) + (14 if name else 0)
    canvas.write(name, EDGE, BASELINE, NAME_SIZE, INK, bold=True)
    canvas.write(frame, x, BASELINE, NAME_SIZE, INK, bold=True)
    right = float(WIDTH - EDGE)
    for words in (engine, before + model + after, *reversed(facts)):
        canvas.write(words, right, BASELINE, FACTS_SIZE, SECOND, align="right")
        right -= width_of(words, FACTS_SIZE) + BETWEEN


def _shared(name: str, model: str, room: float) -> tuple[str, str]:
    """Identity and name of the model, cut in the middle where both do not fit: 6 and 4 tenths of the room, or more."""
    wide = width_of(name, NAME_SIZE, bold=True), width_of(model, FACTS_SIZE)
    for_name = max(0.6 * room, room - wide[1])
    for_model = max(0.4 * room, room - wide[0])
    return cut_in_the_middle(name, NAME_SIZE, for_name, bold=True), cut_in_the_middle(model, FACTS_SIZE, for_model)


def time_words(time: str) -> str:
    """A record's time to the second, for people: `2026-01-31 12:00:00 +00:00`. What is none is printed as it is."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)", time)
    if found is None:
        return time
    day, second, zone = found.groups()
    return f"{day} {second} {'+00:00' if zone == 'Z' else zone}"
