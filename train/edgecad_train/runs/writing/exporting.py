"""What the exporter needs beside a model: images with answers to compare, images to calibrate by, and centres."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgecad_train.evaluation.familiarity.centres import Centres
from edgecad_train.runs.names import CALIBRATION, FAMILIARITY, VALIDATION
from edgecad_train.runs.outcome import RunOutcome
from edgecad_train.runs.writing.common import some_of
from edgecad_train.splits.split import Folds, rows_of

MAX_CALIBRATION = 128
"""Most training scans that a quantiser is shown."""


def write_for_export(outcome: RunOutcome, logits: NDArray[np.float64], centres: Centres | None, partial: Path) -> None:
    """Write validation.npz, calibration.npz and, with centres, familiarity.npz into `partial`.

    Args:
        logits: what the model itself says of the scans in `outcome.development`, `(m, 2)`.
        centres: of its features of the training scans; None where nobody measured familiarity.
    """
    chosen = some_of(len(outcome.development))
    rows = outcome.development[chosen]
    np.savez_compressed(
        partial / VALIDATION, images=outcome.data.images[rows], labels=outcome.data.labels[rows], logits=logits[chosen]
    )
    np.savez_compressed(partial / CALIBRATION, images=outcome.data.images[_calibration_rows(outcome)])
    if centres is not None:
        np.savez_compressed(partial / FAMILIARITY, **vars(centres))


def _calibration_rows(outcome: RunOutcome) -> NDArray[np.intp]:
    """Scans of the training part. With folds the whole development part trains: a third, so that the rest judges."""
    partition = outcome.partition
    patients = partition.development[::3] if isinstance(partition, Folds) else partition.train
    rows = rows_of(outcome.data.cases, patients)
    return rows[some_of(len(rows), MAX_CALIBRATION)]
