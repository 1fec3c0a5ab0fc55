"""Read a run folder: the files that training left, each checked as it is read; see `edgecad_train.runs.names`."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Contract, contract_from_json
from edgecad.errors import ModelInvalid
from edgecad.system.digests import file_sha256
from edgecad_train.evaluation.baseline import Baseline
from edgecad_train.evaluation.evaluation import Evaluation
from edgecad_train.evaluation.localisation.figures import Localisation
from edgecad_train.runs.characteristics import Characteristics, read_characteristics
from edgecad_train.runs.localised import LocatedLine, located_from_csv
from edgecad_train.runs.names import CONTRACT, HEATMAPS, HISTORY, LOCALISATION, METRICS, MODEL, PREDICTIONS, RUN, SPLIT
from edgecad_train.runs.partition import partition_from_json
from edgecad_train.runs.predictions import PatientLine, predictions_from_csv
from edgecad_train.runs.record import NEXT, History, Metrics, RunRecord, record_from_json
from edgecad_train.splits.split import Folds, Split
from edgecad_train.training.history import TrainingHistory


@dataclass(frozen=True)
class HeatMaps:
    """heatmaps.npz: a row a scan of the validation or out-of-fold and test parts.

    Attributes:
        images: `(n, size, size, 3)` uint8 RGB, prepared; None where the run kept none.
        score_maps: `(n, h, w)` float32, logit units.
        log_odds: `(n,)`, raw.
        patient: `(n,)` names.
        part: `(n,)`, `validation`, `out-of-fold` or `test`.
        row: `(n,)`, which of the run's scans each is; None where an older run did not say.
    """

    images: NDArray[np.uint8] | None
    score_maps: NDArray[np.float32]
    log_odds: NDArray[np.floating]
    patient: NDArray[np.str_]
    part: NDArray[np.str_]
    row: NDArray[np.int64] | None

    def __post_init__(self) -> None:
        arrays = (self.images, self.score_maps, self.log_odds, self.patient, self.part, self.row)
        lengths = {len(array) for array in arrays if array is not None}
        if len(lengths) != 1 or self.score_maps.ndim != 3 or (self.images is not None and self.images.ndim != 4):
            raise ValueError("its arrays do not fit together")


@dataclass(frozen=True)
class RunRecords:
    """What a run says of itself, without pixels."""

    folder: Path
    contract: Contract
    record: RunRecord
    trainings: tuple[TrainingHistory, ...]
    """None of a method's run."""
    baseline: Baseline | None
    evaluations: tuple[Evaluation, ...]
    partition: Split | Folds
    predictions: tuple[PatientLine, ...]
    localisation: tuple[Localisation, ...]
    located: tuple[LocatedLine, ...]
    """Of the scans that chose or judged; none in runs of earlier versions."""


@dataclass(frozen=True)
class RunFiles(RunRecords):
    """Everything that a report is made from."""

    heatmaps: HeatMaps | None
    characteristics: Characteristics | None
    """None of a run that kept no column."""
    model_sha256: str | None
    """Of model.keras; None if it is not in the folder."""


def read_run(folder: Path) -> RunFiles:
    """Read and check a run folder.

    Raises:
        ModelInvalid: a file is missing, damaged or of another version.
    """
    records, model = read_records(folder), folder / MODEL
    return RunFiles(
        **vars(records),
        heatmaps=read_heatmaps(folder),
        characteristics=read_characteristics(folder),
        model_sha256=file_sha256(model) if model.is_file() else None,
    )


def read_records(folder: Path) -> RunRecords:
    """Read and check what a run says of itself; neither its heat maps nor its model.

    Raises:
        ModelInvalid: a file is missing, damaged or of another version.
    """
    if not folder.is_dir():
        raise ModelInvalid(f"no run folder at {folder}; {NEXT}")
    metrics, record = record_from_json(_bytes(folder / METRICS), Metrics, _what(folder, METRICS)), read_record(folder)
    return RunRecords(
        folder=folder,
        contract=contract_from_json(_bytes(folder / CONTRACT), NEXT),
        record=record,
        trainings=() if record.method else _trainings(folder),
        evaluations=metrics.evaluations,
        partition=partition_from_json(_bytes(folder / SPLIT), _what(folder, SPLIT), NEXT),
        predictions=predictions_from_csv(_bytes(folder / PREDICTIONS), folder / PREDICTIONS, NEXT),
        localisation=metrics.localisation,
        baseline=metrics.baseline,
        located=located_from_csv(folder / LOCALISATION, NEXT),
    )


def _trainings(folder: Path) -> tuple[TrainingHistory, ...]:
    return record_from_json(_bytes(folder / HISTORY), History, _what(folder, HISTORY)).trainings


def read_record(folder: Path) -> RunRecord:
    """Read run.json alone.

    Raises:
        ModelInvalid: it is missing, damaged or of another version.
    """
    return record_from_json(_bytes(folder / RUN), RunRecord, _what(folder, RUN))


def _what(folder: Path, name: str) -> str:
    return f"{name} of the run {folder}"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelInvalid(f"the run folder {path.parent} has no {path.name}; {NEXT}") from None


def read_heatmaps(folder: Path, next_step: str = NEXT) -> HeatMaps | None:
    """Read heatmaps.npz of a run or an evaluation; None where there is none.

    Raises:
        ModelInvalid: it is damaged.
    """
    path = folder / HEATMAPS
    if not path.is_file():
        return None
    try:
        # Opened here, because numpy leaves a damaged file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            known = {name: arrays[name] for name in ("score_maps", "log_odds", "patient", "part")}
            return HeatMaps(images=arrays.get("images"), row=arrays.get("row"), **known)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ModelInvalid(f"{path} cannot be used: {error}; {next_step}") from error
