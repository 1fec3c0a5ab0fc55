"""What becomes of a screen: the network's input, and where on the screen it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap.disc import Disc

Pixels = NDArray[np.uint8]
ChosenBy = Literal["contract", "site", "user", "bar"]
"""Who chose a colour table: the model's training scans, the site, the user, or the bar on the screen itself."""


@dataclass(frozen=True)
class View:
    """What of a screen became the input, in its pixels, whose centres have whole coordinates; y down.

    Attributes:
        x, y: the centre.
        side: of the square that became the input; it may reach beyond the screen.
        width, height: of the picture inside it; what is around that is black in the input.
    """

    x: float
    y: float
    side: float
    width: float
    height: float


@dataclass(frozen=True)
class PreparedMap:
    """A polar map, or a whole image, ready for a network.

    Attributes:
        image: `(size, size, 3)` uint8 RGB; the disc touches the four sides. Outside it is black, or the map mirrored
            across the rim where uptake's drawing says so. A whole image touches two sides, between black bars.
        disc: where it was on the screen; None for a whole image.
        view: what of the screen `image` shows.
        overlay_share: share of the disc that was text or lines and was painted over, 0 to 1.
        reading: through which colour table uptake was read; None where colours are the input.
        uptake: `(size, size)` float32, percent of the table's span, NaN outside the disc; what was painted over holds
            what its neighbours say. None where colours are the input.
    """

    image: Pixels
    disc: Disc | None
    view: View
    overlay_share: float
    reading: TableReading | None = None
    uptake: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class TableReading:
    """How uptake was read from colours.

    Attributes:
        table: name of the colour table.
        chosen_by: who chose it.
        steps: how many steps the screen's colours have; None where they are continuous.
        residual: mean distance of the disc's colours to the table's, grey levels, each counted up to 30.
        sha256: of the table, because names of a site's own may change their meaning.
    """

    table: str
    chosen_by: ChosenBy
    steps: int | None
    residual: float
    sha256: str
