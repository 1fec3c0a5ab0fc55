"""Whether all scans lie the same way, and the way that they should: told by the mean over many patients."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Drawing, OrientationReference
from edgecad.polarmap import input_mask
from edgecad.polarmap.orientation import OTHERS, SERIES, WANTED, Turn, judged_series, orientation_of
from edgecad.polarmap.segments import segment_means
from edgecad.polarmap.uptake.drawing import uptake_of
from edgecad_train.classes import CLASSES
from edgecad_train.data.labelled import Case
from edgecad_train.data.prepared import PreparedData
from edgecad_train.phantoms.orientation import PHANTOMS

Floats = NDArray[np.float64]
CLASS = "class"
"""Name of the property by which scans are grouped by their label."""
OF_A_CLASS = 0.25
"""Share of the evidence of phantoms that all lie so, from which a class looks turned. Of 218 phantoms whose smaller
class was turned it was .32 to .99 (three seeds, seven turns). Labelled by an artery's territory, where nothing was
turned, it was at most .10, and most of these classes looked mirrored beside the rest."""
NOT_OF_COLOURS = "orientation: not checked, because the network sees the screen's own colours; it takes uptake"


@dataclass(frozen=True)
class PatientMeans:
    """Mean uptake in the 17 segments, percent: a row for each patient, the mean over the patient's scans.

    Attributes:
        patients: their names, in the order of their first scans.
        means: `(n, 17)`.
    """

    patients: tuple[str, ...]
    means: Floats

    def only(self, patients: AbstractSet[str]) -> PatientMeans:
        """The rows of some of the patients."""
        rows = [row for row, patient in enumerate(self.patients) if patient in patients]
        return PatientMeans(tuple(self.patients[row] for row in rows), self.means[rows])


def patient_means(data: PreparedData, rows: Iterable[int] | None = None) -> PatientMeans | None:
    """Segment means by patient, of some of the scans or of all; None where colours are the input."""
    drawing = data.preparation.drawing
    if drawing is None:
        return None
    found: dict[str, list[Floats]] = {}
    for row in range(len(data.cases)) if rows is None else rows:
        found.setdefault(data.cases[row].patient, []).append(_means_of(data.images[row], drawing))
    means = [np.mean(own, axis=0) for own in found.values()]
    return PatientMeans(tuple(found), np.array(means, np.float64).reshape(-1, 17))


def _means_of(image: NDArray[np.uint8], drawing: Drawing) -> Floats:
    """Of one prepared image `(size, size, 3)`; the drawing's blur moves them by less than a percent."""
    inside = input_mask(image.shape[0], "polar-map")
    return segment_means(np.where(inside, uptake_of(image, drawing), np.float32(np.nan)))


def reference_of(data: PreparedData, rows: Iterable[int]) -> OrientationReference | None:
    """What a contract keeps of how the scans in `rows` lie; None if they are too few, or colours are the input."""
    found = patient_means(data, rows)
    return None if found is None else orientation_of(found.means)


@dataclass(frozen=True)
class DataOrientation:
    """How the scans of some data lie.

    Attributes:
        line: what is said in any case.
        warnings: code and sentence of what speaks against it, and up to ten files that it is about.
    """

    line: str
    warnings: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


def orientation_in(data: PreparedData, properties: Mapping[str, Sequence[Hashable]]) -> DataOrientation:
    """Hold all scans against phantoms, and each group of scans against the rest.

    Args:
        properties: by which scans are grouped, a value for each scan: `size of screen`, ...
    """
    found = patient_means(data)
    if found is None:
        return DataOrientation(NOT_OF_COLOURS)
    whole = judged_series(PHANTOMS, found.means)
    if whole is None:
        return DataOrientation(f"orientation: not checked, because fewer than {SERIES} patients do not tell it")
    mixed = tuple(_mixed(data.cases, found, properties))
    if whole.turn is None:
        return DataOrientation(f"orientation: the mean of {whole.count} patients lies as phantoms do", mixed)
    text = (
        f"the scans look {whole.turn.words}, all or many of them, {whole.count} patients taken together and held "
        f"against phantoms, which no camera measured: {WANTED}. Look at the contact sheet (edgecad train --check); if "
        "they lie wrong, export them again, or the model learns them so; if they lie right, leave them"
    )
    line = f"orientation: the mean of {whole.count} patients looks {whole.turn.words}; see the findings"
    return DataOrientation(line, (("orientation", text, ()), *mixed))


def _mixed(
    cases: Sequence[Case], found: PatientMeans, properties: Mapping[str, Sequence[Hashable]]
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Groups of scans that lie otherwise than the rest, by the first property that tells them."""
    for name, values in {"folder": [_folder_of(case.path) for case in cases], **properties}.items():
        told = list(_odd_groups(cases, found, name, values))
        if told:
            yield from told
            return


def _odd_groups(
    cases: Sequence[Case], found: PatientMeans, name: str, values: Sequence[Hashable]
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    groups: dict[Hashable, list[Case]] = {}
    for case, value in zip(cases, values, strict=True):
        groups.setdefault(value, []).append(case)
    largest = max(groups.values(), key=len)
    for own in groups.values():
        patients = {case.patient for case in own}
        reference = None if own is largest else orientation_of(found.only({*found.patients} - patients).means)
        means = found.only(patients).means
        judged = reference and judged_series(reference, means)
        if judged and judged.turn and (name != CLASS or _beside_phantoms(means, judged.turn)):
            files = tuple(case.path.name for case in own[:10])
            text = (
                f"scans of one {name}, {judged.count} patients, for example {files[0]}, look {judged.turn.words}, "
                f"all or many of them, beside the rest: {WANTED}; export them again the same way as the others"
            )
            yield "orientation-mixed", text, files


def _beside_phantoms(means: Floats, turn: Turn) -> bool:
    """Whether a class looks turned so beside phantoms as well; the rest alone do not tell it.

    Classes differ by their disease. Where one has cold anterior walls and the other cold inferior ones, each looks like
    the other mirrored top to bottom, and all lie right.
    """
    judged, place = judged_series(PHANTOMS, means), OTHERS.index(turn)
    return judged is not None and judged.evidence[place] >= -OF_A_CLASS * PHANTOMS.upright[place]


def _folder_of(path: Path) -> Hashable:
    """Where a scan lies, whatever its class."""
    return tuple(part for part in path.parent.parts if part not in CLASSES)
