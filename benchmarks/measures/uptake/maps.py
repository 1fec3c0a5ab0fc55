"""Maps of phantoms and the one real map, on imitated screens, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgecad.colourtables import ColourTable
from edgecad.contract import Preparation
from edgecad.errors import InputRefused
from edgecad.polarmap import Objections, PreparedMap, TableCandidates
from edgecad.preparing import prepare_screen, read_for
from edgecad_train.phantoms import PhantomPatient, draw_patient, percent_map
from edgecad_train.phantoms.imitations import ImitatedLayout, render_layout, screen_bytes
from measures.uptake.models import BATCH, scores_of

if TYPE_CHECKING:
    from edgecad_train.judgement.models import JudgedModel

FRESH_SEED = 20_000
"""Added to a run's seed for phantoms that its training did not see."""
BETWEEN = (0.2, 0.8)
"""Scores that a change of colours may move most."""
MOST_TRIED = 4_000
BARE = ImitatedLayout(name="bare", kind="bare", room=(120, 0, 120, 0))
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class NamedMap:
    """Uptake in percent of the table's span, `(n, n)`; its inscribed disc is the map."""

    name: str
    percent: NDArray[np.float32]


@dataclass(frozen=True)
class Refused:
    """Why a screen was refused."""

    reason: str
    message: str


def image_of(
    percent: NDArray[np.float32],
    table: ColourTable,
    layout: ImitatedLayout,
    preparation: Preparation,
    given: Sequence[ColourTable] = (),
    *,
    insisted: bool = False,
) -> Pixels | Refused:
    """Draw a map, write it as a file, read and prepare it.

    Args:
        given: tables that the user names.
        insisted: objections of the map check are overruled.
    """
    data = screen_bytes(render_layout(percent, table, layout), layout)
    return prepared_image(data, preparation, given, insisted=insisted)


def prepared_image(
    data: bytes, preparation: Preparation, given: Sequence[ColourTable] = (), *, insisted: bool = False
) -> Pixels | Refused:
    """The network's input of a file, or why there is none."""
    found = prepared_map(data, preparation, given, insisted=insisted)
    return found if isinstance(found, Refused) else found.image


def prepared_map(
    data: bytes, preparation: Preparation, given: Sequence[ColourTable] = (), *, insisted: bool = False
) -> PreparedMap | Refused:
    """All that is prepared of a file, or why there is nothing."""
    candidates = TableCandidates(contract=preparation.tables, user=tuple(given))
    try:
        screen = read_for(preparation, data)
        return prepare_screen(screen, preparation, Objections(insisted=insisted), candidates)
    except InputRefused as refusal:
        return Refused(refusal.reason, str(refusal))


def scores_where_answered(model: JudgedModel, images: Sequence[Pixels | Refused]) -> list[float | None]:
    """A score for each image; None where there is none."""
    rows = [row for row, image in enumerate(images) if not isinstance(image, Refused)]
    found: list[float | None] = [None] * len(images)
    if rows:
        answered = np.stack([image for image in images if not isinstance(image, Refused)])
        for row, score in zip(rows, scores_of(model, answered), strict=True):
            found[row] = float(score)
    return found


def maps_between(model: JudgedModel, table: ColourTable, seed: int, count: int) -> list[NamedMap]:
    """Maps of fresh phantoms that score between .2 and .8, drawn bare in one table.

    Raises:
        SystemExit: there are too few.
    """
    found: list[NamedMap] = []
    for tried in _in_batches(seed):
        images = [image_of(each.percent, table, BARE, model.contract.preparation) for each in tried]
        for each, score in zip(tried, scores_where_answered(model, images), strict=True):
            if score is not None and BETWEEN[0] <= score <= BETWEEN[1]:
                found.append(each)
        if len(found) >= count:
            return found[:count]
    raise SystemExit(f"of {MOST_TRIED} phantoms only {len(found)} score between {BETWEEN[0]} and {BETWEEN[1]}")


def _in_batches(seed: int) -> Iterator[list[NamedMap]]:
    for start in range(0, MOST_TRIED, BATCH):
        patients = (draw_patient(FRESH_SEED + seed, index) for index in range(start, start + BATCH))
        yield [NamedMap(patient.patient, percent_map(patient)) for patient in patients]


def real_map(folder: Path) -> NamedMap | None:
    """The one real map; None where it is not there."""
    from edgecad_train.phantoms.compare import fitted

    path = folder / "polar_percent.npy"
    if not path.is_file():
        return None
    return NamedMap("real", fitted(np.load(path, allow_pickle=False).astype(np.float64)).astype(np.float32))


def severe(patient: PhantomPatient, rng: np.random.Generator) -> PhantomPatient:
    """The same patient with larger and deeper defects; one without any stays as it is."""
    deeper = (
        replace(
            defect,
            severity=float(rng.uniform(0.75, 0.95)),
            half_length=min(0.6, defect.half_length * float(rng.uniform(1.0, 1.6))),
            half_width=min(0.6, defect.half_width * float(rng.uniform(1.0, 1.6))),
        )
        for defect in patient.defects
    )
    return replace(patient, defects=tuple(deeper))
