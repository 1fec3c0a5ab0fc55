"""From a source to the network's input: the one way, used by training, by export and by the runtime.

Where the contract says so, a JPEG is decoded at half its size, in a quarter of the time. Its answer at that size
counts if the map on it is large enough and the map check has no objection; otherwise the whole screen is looked at.
Half the size averages thin and sharp things away. So its bounds are stricter: it may say yes only to nearly bare maps.
"""

from __future__ import annotations

from dataclasses import replace

from edgecad.contract import Preparation
from edgecad.errors import InputRefused
from edgecad.images import Screen, read_screen, whole
from edgecad.images.source import Source
from edgecad.polarmap import Disc, Objections, PreparedMap, TableCandidates, View, prepare

MAX_HALVED_OVERLAY = 0.02
"""Share of the disc that may have been painted over on a screen of half its size. What is judged by its share, its
width or its texture looks like less there: down to an eighth of what the whole screen shows."""


def read_for(preparation: Preparation, source: Source | Screen, frame: int | None = None) -> Screen:
    """Read a screen as a contract wants it; `read_screen` has the other arguments and the errors."""
    return source if isinstance(source, Screen) else read_screen(source, frame, halve_jpeg=preparation.halve_jpeg)


def prepared_from(source: Source, preparation: Preparation, candidates: TableCandidates | None = None) -> PreparedMap:
    """Read and prepare; errors as for `read_screen` and `edgecad.polarmap.prepare`."""
    return prepare_screen(read_for(preparation, source), preparation, candidates=candidates)


def prepare_screen(
    screen: Screen,
    preparation: Preparation,
    objections: Objections | None = None,
    candidates: TableCandidates | None = None,
) -> PreparedMap:
    """Prepare a screen that `read_for` gave; arguments and errors as for `edgecad.polarmap.prepare`.

    Disc and view are told in pixels of the whole screen.
    """
    found = _at_half(screen, preparation, candidates) if screen.halved else None
    return found or prepare(whole(screen).pixels, preparation, objections, candidates)


def _at_half(screen: Screen, preparation: Preparation, candidates: TableCandidates | None) -> PreparedMap | None:
    """The map of a halved screen; None where the whole one has to say."""
    try:
        found = prepare(screen.pixels, preparation, Objections(halved=True), candidates)
    except InputRefused:
        return None
    disc = found.disc
    if disc is None or 2 * disc.radius < preparation.size or found.overlay_share > MAX_HALVED_OVERLAY:
        return None
    # Pixel i of the halved screen covers pixels 2i and 2i + 1.
    view = found.view
    return replace(
        found,
        disc=Disc(2 * disc.x + 0.5, 2 * disc.y + 0.5, 2 * disc.radius),
        view=View(2 * view.x + 0.5, 2 * view.y + 0.5, 2 * view.side, 2 * view.width, 2 * view.height),
    )
