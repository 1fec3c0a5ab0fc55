"""How like the training scans a scan is: the formula, the refusal of what is unlike them, and the finding before it.

The distance is one minus the cosine of a scan's pooled features to the nearest of a few centres of the training scans'
(cosine k-means; for features of networks see Sun et al. 2022, arXiv:2204.06507). The graph computes it, too.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.prediction import Finding
from edgecad.contract import Contract, Familiarity
from edgecad.polarmap import Objections

UNFAMILIAR = "unfamiliar"
"""Code of the finding; the refusal has it as its reason."""
FEW_PATIENTS = 99
"""Patients below which a limit that 99 of 100 stay within cannot be shown; it is wider then."""


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Rows `(n, channels)` made of length 1; a row of zeros stays one, and lies at a distance of 1 from all."""
    rows = np.asarray(vectors, np.float64)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))


def distances(pooled: NDArray[np.floating], centres: NDArray[np.floating]) -> NDArray[np.float64]:
    """One minus the cosine to the nearest centre, `(n,)`, 0 to 2.

    Args:
        pooled: pooled features, `(n, channels)`.
        centres: `(k, channels)`, each of length 1.
    """
    return np.asarray(1 - (unit(pooled) @ np.asarray(centres, np.float64).T).max(axis=1))


def object_to_unfamiliar(distance: float | None, limits: Familiarity | None, objections: Objections) -> None:
    """What lies farther from the training scans than any of them may is not judged: reason `unfamiliar`.

    A model without limits raises no objection.
    """
    if distance is not None and limits is not None and distance > limits.limit:
        objections.against(
            "unfamiliar",
            f"the network sees something unlike the training scans: distance {distance:.3g}, at most "
            f"{limits.limit:.3g} allowed; check that it is one whole polar map, or train with scans like it",
        )


def unlike_training(distance: float | None, limits: Familiarity | None) -> Iterator[Finding]:
    """The finding about a scan that lies near the limit, or beyond it where somebody insisted."""
    if distance is not None and limits is not None and distance >= limits.noted:
        words = (
            f"UNLIKE THE TRAINING SCANS: distance {distance:.3g}, where 95 of 100 of them stay below "
            f"{limits.noted:.3g} and none is answered beyond {limits.limit:.3g}"
        )
        yield Finding(UNFAMILIAR, distance, words)


def words_about(limits: Familiarity | None) -> str:
    """How familiarity was measured, in one sentence, for people."""
    if limits is None:
        return "not measured, so no scan is refused for being unlike the training scans"
    few = f"; fewer than {FEW_PATIENTS} patients, so the limit is wider" if limits.patients < FEW_PATIENTS else ""
    return (
        f"a scan farther than {limits.limit:.3g} from the nearest of {limits.centres} centres of the training scans' "
        f"features is refused, and noted from {limits.noted:.3g} on; {limits.patients} patients set these limits{few}"
    )


def doubts_about_familiarity(contract: Contract) -> Iterator[Finding]:
    """Said with every answer of a model for which nobody measured how far a scan may lie from the training scans."""
    if contract.familiarity is None:
        words = "NOTHING CHECKED WHETHER THE SCAN IS LIKE THE TRAINING SCANS: nobody measured that for this model"
        yield Finding("familiarity-unmeasured", 1.0, words)
