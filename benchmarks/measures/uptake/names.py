"""A name over the disc in six styles and four tables: refused, painted over, or legible. No model is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing, Preparation
from edgecad.errors import InputRefused
from edgecad.picture.cells import PANEL
from edgecad.polarmap import PreparedMap, input_mask
from edgecad.preparing import prepared_from
from edgecad_train.phantoms import draw_patient, percent_map
from edgecad_train.phantoms.imitations import (
    NAME_STYLES,
    ImitatedLayout,
    NameStyle,
    WrittenName,
    cover_of,
    places_of,
    render_layout,
    screen_bytes,
    with_name,
)
from measures.uptake.legible import Reading, read_name
from measures.uptake.maps import FRESH_SEED
from measures.uptake.models import OWN_TABLES, SIZE, preparation_of
from measures.uptake.options import UptakeOptions

DIAMETERS = (300, 860)
NAMES = ("NGUYEN VAN A", "DOE JOHN 1950", "Nguyen Thi Hoa", "CLINIC", "ANNA")
HEIGHTS = (0.035, 0.15)
"""Of a capital, shares of the disc's diameter; a longer name is written smaller, so that it fits into the disc."""
WIDEST = 0.9
QUALITIES = (None, 95, 90, 80)
BARS = {"legible in input or picture": 0.0}
SCREEN = (1640, 1068)


class NameRow(msgspec.Struct, frozen=True):
    """Screens of one style and table, of which some are refused, and in how many others the name is read.

    Attributes:
        bare_refused: refused without the name too, and not counted.
        uptake: legible in `Prediction.uptake` drawn in grey, which no picture shows.
        most_read: largest share of a name that was read in input or picture.
    """

    style: str
    table: str
    screens: int
    bare_refused: int
    refused: int
    input: int
    picture: int
    uptake: int
    most_read: float

    def words(self) -> str:
        """One line."""
        return (
            f"{self.style:13} {self.table:8} {self.refused:3} of {self.screens} refused; legible in the input "
            f"{self.input}, in the picture {self.picture}, in uptake {self.uptake}"
        )


class NamesFound(msgspec.Struct, frozen=True):
    """All styles and tables."""

    bars: dict[str, float]
    legible: float
    rows: tuple[NameRow, ...]


@dataclass(frozen=True)
class _Named:
    """One screen with a name and without, as files, and which share of each pixel of the disc the letters cover."""

    named: bytes
    bare: bytes
    cover: NDArray[np.float32]
    height: float


def names(options: UptakeOptions) -> NamesFound:
    """Write names over fresh phantoms, prepare them, and read what is left."""
    rows = []
    for style in NAME_STYLES:
        for table in OWN_TABLES:
            rows.append(_row(style, table, options.names))
            print(rows[-1].words())
    answered = sum(row.screens - row.refused for row in rows)
    legible = sum(max(row.input, row.picture) for row in rows)
    found = NamesFound(bars=BARS, legible=legible / max(answered, 1), rows=tuple(rows))
    print(f"{found.legible:.1%} of {answered} answered are legible in input or picture")
    return found


def _row(style: NameStyle, table: str, count: int) -> NameRow:
    read = [_readings(style, table, index) for index in range(count)]
    told = [readings for readings in read if readings is not None]
    answered = [readings for readings in told if readings]
    legible = [sum(readings[place].legible for readings in answered) for place in range(3)]
    return NameRow(
        style=style.name, table=table, screens=len(told), bare_refused=count - len(told),
        refused=len(told) - len(answered), input=legible[0], picture=legible[1], uptake=legible[2],
        most_read=max((reading.share for readings in answered for reading in readings[:2]), default=0.0),
    )  # fmt: skip


def _readings(style: NameStyle, table: str, index: int) -> tuple[Reading, ...] | None:
    """In input, picture and uptake; none where the name is refused, and None where the bare map is."""
    rng = np.random.default_rng([FRESH_SEED, index, NAME_STYLES.index(style), OWN_TABLES.index(table)])
    screen = _screen(style, table, rng)
    preparation = replace(preparation_of(Drawing(), table), halve_jpeg=bool(rng.random() < 0.5))
    bare, named = _prepared(screen.bare, preparation), _prepared(screen.named, preparation)
    if bare is None:
        return None
    if named is None:
        return ()
    return tuple(
        read_name(draw(named), draw(bare), _resized(screen.cover, side), screen.height * side)
        for draw, side in ((_input, SIZE), (_picture, PANEL), (_uptake, SIZE))
    )


def _screen(style: NameStyle, table: str, rng: np.random.Generator) -> _Named:
    diameter, quality = int(rng.integers(*DIAMETERS)), QUALITIES[rng.integers(len(QUALITIES))]
    beside, above = ((side - diameter) // 2 for side in SCREEN)
    layout = ImitatedLayout(
        name="named", kind="named", diameter=diameter, room=(beside, above, beside, above), quality=quality
    )
    percent = percent_map(draw_patient(FRESH_SEED, int(rng.integers(10_000))))
    screen, box = render_layout(percent, known_table(table), layout), places_of(layout).discs[0]
    text = str(rng.choice(NAMES))
    height = min(float(np.exp(rng.uniform(*np.log(HEIGHTS)))), WIDEST / (0.95 * len(text)))
    x, y = box.left + box.width / 2, box.top + box.width * (0.5 + float(rng.uniform(-0.25, 0.25)))
    name = WrittenName(text, x, y, height * diameter, degrees=float(rng.choice((0, 0, 30))))
    cover = cover_of((screen.shape[0], screen.shape[1]), name, style.stroke)[box.slices]
    encoded: Callable[[NDArray[np.uint8]], bytes] = partial(screen_bytes, layout=layout)
    return _Named(encoded(with_name(screen, name, style)), encoded(screen), cover, height)


def _prepared(data: bytes, preparation: Preparation) -> PreparedMap | None:
    try:
        return prepared_from(data, preparation)
    except InputRefused:
        return None


def _input(prepared: PreparedMap) -> NDArray[np.uint8]:
    return prepared.image


def _picture(prepared: PreparedMap) -> NDArray[np.uint8]:
    """The first panel of an answer's picture, and the ground of the two others."""
    shown = cv2.copyTo(prepared.image, input_mask(SIZE, "polar-map").view(np.uint8))
    return np.asarray(cv2.resize(shown, (PANEL, PANEL), interpolation=cv2.INTER_CUBIC), np.uint8)


def _uptake(prepared: PreparedMap) -> NDArray[np.uint8]:
    levels = np.nan_to_num(prepared.uptake if prepared.uptake is not None else np.zeros((SIZE, SIZE), np.float32))
    return np.repeat(np.rint(levels * 2.55).astype(np.uint8)[..., None], 3, axis=2)


def _resized(cover: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    how = cv2.INTER_AREA if side < cover.shape[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(cover, (side, side), interpolation=how), np.float32)
