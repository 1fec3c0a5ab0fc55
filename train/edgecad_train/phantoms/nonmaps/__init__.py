"""Pictures that are no perfusion polar map, more than two hundred kinds, each drawn anew from a seed.

    canvas        what the drawings share
    patients      phantoms' own maps, for what is laid over them or made of them
    kind          what a kind is, and the rule below
    drawn         what was never a map: levels in a circle, and some in colours of their own
    laid_over, changed, displaced     of phantoms' maps
    whole         screens on which no single whole map stands
    untellable    what cannot be told by one picture
    showing       a kind on a screen: `shown(kind, seed)`

The rule, fixed before any of them was tried: a kind is for building if the first hexadecimal digit of the SHA-256 of
its name is even, else it is kept for judging. Limits, detectors and their choice look at `BUILDING` alone, and names
stay as they are: a new name would draw lots again. `UNTELLABLE` is reported and counted nowhere.

All of it is drawn by formulas: nobody's data, and no vendor's screen.
"""

from __future__ import annotations

from edgecad_train.phantoms.nonmaps.changed import CHANGED
from edgecad_train.phantoms.nonmaps.displaced import DISPLACED
from edgecad_train.phantoms.nonmaps.drawn.cardiac import CARDIAC
from edgecad_train.phantoms.nonmaps.drawn.drawings import DRAWINGS
from edgecad_train.phantoms.nonmaps.drawn.fields import FIELDS
from edgecad_train.phantoms.nonmaps.drawn.modalities import MODALITIES
from edgecad_train.phantoms.nonmaps.drawn.nuclear import NUCLEAR
from edgecad_train.phantoms.nonmaps.drawn.patterns import PATTERNS
from edgecad_train.phantoms.nonmaps.drawn.photographs import PHOTOGRAPHS
from edgecad_train.phantoms.nonmaps.kind import NonMap
from edgecad_train.phantoms.nonmaps.laid_over import LAID_OVER
from edgecad_train.phantoms.nonmaps.showing import ShownNonMap, shown
from edgecad_train.phantoms.nonmaps.untellable import UNTELLABLE
from edgecad_train.phantoms.nonmaps.whole import WHOLE_SCREENS

__all__ = ["BUILDING", "KEPT", "TELLABLE", "UNTELLABLE", "NonMap", "ShownNonMap", "shown"]

TELLABLE: tuple[NonMap, ...] = (
    *CARDIAC, *NUCLEAR, *PHOTOGRAPHS, *DRAWINGS, *FIELDS, *PATTERNS, *MODALITIES, *LAID_OVER, *CHANGED, *DISPLACED,
    *WHOLE_SCREENS,
)  # fmt: skip
"""All kinds that count."""
BUILDING = tuple(kind for kind in TELLABLE if kind.for_building)
"""Those that limits and detectors may be chosen with."""
KEPT = tuple(kind for kind in TELLABLE if not kind.for_building)
"""Those that judge, and that nobody tunes on."""
