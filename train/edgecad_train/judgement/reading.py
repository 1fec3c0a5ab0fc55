"""The folder of an evaluation: what a report is made from, each file checked as it is read.

metrics.json       the record: figures, flow, warnings, comparison
contract.json      of the model that was judged
predictions.csv    a line a patient; predictions-against.csv of the other model
localisation.csv   a line a scan: where its heat map lies; localisation-against.csv of the other model
heatmaps.npz       heat maps and prepared images of a few scans, see `edgecad_train.report.shown`
*.png, report.html what `judgement.report` draws and writes from these
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgecad.contract import Contract, contract_from_json
from edgecad.errors import ModelInvalid
from edgecad.frozen import struct_from_json
from edgecad_train.judgement.record import EvaluationRecord
from edgecad_train.runs.names import CONTRACT, HEATMAPS, METRICS, PREDICTIONS
from edgecad_train.runs.predictions import PatientLine, predictions_from_csv
from edgecad_train.runs.reading import HeatMaps, read_heatmaps

AGAIN = "run `edgecad evaluate` again"


@dataclass(frozen=True)
class EvaluationFiles:
    """Everything that an evaluation's report is made from.

    Attributes:
        contract: of the model, about the score that was judged: the fused one of a model with clinical columns.
        clinical: names of these columns; none of a model that judges the image alone.
        predictions: a line a patient, in the order of predictions.csv; `part` is `test`, for they chose nothing here.
        heatmaps: of a few scans; None where none were kept.
    """

    folder: Path
    record: EvaluationRecord
    contract: Contract
    clinical: tuple[str, ...]
    predictions: tuple[PatientLine, ...]
    heatmaps: HeatMaps | None


def read_evaluation(folder: Path) -> EvaluationFiles:
    """Read and check an evaluation's folder.

    Raises:
        ModelInvalid: a file is missing, damaged or of another version.
    """
    lines = predictions_from_csv(_bytes(folder / PREDICTIONS), folder / PREDICTIONS, AGAIN)
    contract = contract_from_json(_bytes(folder / CONTRACT), AGAIN)
    return EvaluationFiles(
        folder=folder,
        record=struct_from_json(_bytes(folder / METRICS), EvaluationRecord, str(folder / METRICS), AGAIN),
        contract=contract.fused,
        clinical=() if contract.clinical is None else contract.clinical.names,
        predictions=tuple(replace(line, part="test") for line in lines),
        heatmaps=read_heatmaps(folder, AGAIN),
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelInvalid(f"the evaluation {path.parent} has no {path.name}; {AGAIN}") from None


def write_heatmaps(maps: HeatMaps, folder: Path) -> None:
    """Write what `read_heatmaps` reads."""
    arrays = {name: array for name, array in vars(maps).items() if array is not None}
    np.savez_compressed(folder / HEATMAPS, **arrays)
