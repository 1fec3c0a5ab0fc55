"""Read a run folder: the files that training left, each checked as it is read; see `edgecad_train.runfolder`."""

from __future__ import annotations

import csv
import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Contract, Origin, contract_from_json, struct_from_json
from edgecad.errors import ModelInvalid
from edgecad_train.evaluation.evaluation import Evaluation
from edgecad_train.evaluation.external.record import COLUMNS
from edgecad_train.report.partition import PARTITIONS, FoldsFile, SplitFile
from edgecad_train.report.records import History, RunRecord, TrainingRecord

SCHEMA = 2
NEXT = "give a run folder of edgecad train, or train again"
Kind = TypeVar("Kind", bound=msgspec.Struct)


class Metrics(msgspec.Struct, frozen=True):
    """metrics.json: one evaluation for validation or out-of-fold scores, one for the test part."""

    schema: int
    origin: Origin
    evaluations: tuple[Evaluation, ...]


@dataclass(frozen=True)
class PatientLine:
    """A line of predictions.csv; `score` is P(CAD), 0 to 1, `log_odds` raw, before temperature."""

    patient: str
    part: str
    label: str
    scans: int
    score: float
    log_odds: float
    above: bool


@dataclass(frozen=True)
class HeatMaps:
    """heatmaps.npz: a row a scan of the validation or out-of-fold and test parts.

    Attributes:
        images: `(n, size, size, 3)` uint8 RGB, prepared.
        score_maps: `(n, h, w)` float32, logit units.
        log_odds: `(n,)`, raw.
        patient: `(n,)` names.
    """

    images: NDArray[np.uint8]
    score_maps: NDArray[np.float32]
    log_odds: NDArray[np.floating]
    patient: NDArray[np.str_]

    def __post_init__(self) -> None:
        lengths = {len(self.images), len(self.score_maps), len(self.log_odds), len(self.patient)}
        if len(lengths) != 1 or self.images.ndim != 4 or self.score_maps.ndim != 3:
            raise ValueError("its arrays do not fit together")


@dataclass(frozen=True)
class RunFiles:
    """Everything that a report is made from."""

    folder: Path
    contract: Contract
    record: RunRecord
    trainings: tuple[TrainingRecord, ...]
    evaluations: tuple[Evaluation, ...]
    partition: SplitFile | FoldsFile
    partition_sha256: str
    """Of split.json's content, as the contract counts it: indented JSON."""
    predictions: tuple[PatientLine, ...]
    heatmaps: HeatMaps | None
    model_sha256: str | None
    """Of model.keras; None if it is not in the folder."""


def read_run(folder: Path) -> RunFiles:
    """Read and check a run folder.

    Raises:
        ModelInvalid: a file is missing, damaged or of another version.
    """
    if not folder.is_dir():
        raise ModelInvalid(f"no run folder at {folder}; {NEXT}")
    metrics = _decoded(folder / "metrics.json", Metrics)
    split = _bytes(folder / "split.json")
    model = folder / "model.keras"
    return RunFiles(
        folder=folder,
        contract=contract_from_json(_bytes(folder / "contract.json"), NEXT),
        record=_decoded(folder / "run.json", RunRecord),
        trainings=_decoded(folder / "history.json", History).trainings,
        evaluations=metrics.evaluations,
        partition=_partition(split, folder / "split.json"),
        partition_sha256=hashlib.sha256(msgspec.json.format(split, indent=1)).hexdigest(),
        predictions=_predictions(folder / "predictions.csv"),
        heatmaps=_heatmaps(folder / "heatmaps.npz"),
        model_sha256=_sha256(model) if model.is_file() else None,
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelInvalid(f"the run folder {path.parent} has no {path.name}; {NEXT}") from None


def _decoded(path: Path, kind: type[Kind]) -> Kind:
    class Version(msgspec.Struct):
        schema: int

    text, what = _bytes(path), f"{path.name} of the run {path.parent}"
    schema = struct_from_json(text, Version, what, NEXT).schema
    if schema != SCHEMA:
        newer = "update edgecad" if schema > SCHEMA else "train again with this version"
        raise ModelInvalid(f"{what} has schema {schema}, and this version reads {SCHEMA}; {newer}")
    return struct_from_json(text, kind, what, NEXT)


def _partition(text: bytes, path: Path) -> SplitFile | FoldsFile:
    try:
        found: SplitFile | FoldsFile = msgspec.json.decode(text, type=PARTITIONS)
    except msgspec.DecodeError as error:
        raise ModelInvalid(f"{path.name} of the run {path.parent} cannot be used: {error}; {NEXT}") from error
    return found


def _predictions(path: Path) -> tuple[PatientLine, ...]:
    lines = csv.DictReader(_text(path).splitlines())
    missing = set(COLUMNS) - set(lines.fieldnames or ())
    if missing:
        raise ModelInvalid(f"{path} has no column {', '.join(sorted(missing))}; wanted: {','.join(COLUMNS)}; {NEXT}")
    try:
        return tuple(_line(line) for line in lines)
    except (ValueError, TypeError) as error:
        raise ModelInvalid(f"{path} cannot be used: line {lines.line_num}: {error}; {NEXT}") from error


def _text(path: Path) -> str:
    try:
        return _bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ModelInvalid(f"{path} is not UTF-8 text; {NEXT}") from error


def _line(line: dict[str, Any]) -> PatientLine:
    return PatientLine(
        patient=line["patient"],
        part=line["part"],
        label=line["label"],
        scans=int(line["scans"]),
        score=float(line["score_cad"]),
        log_odds=float(line["log_odds"]),
        above=line["above"].lower() in ("1", "true", "yes"),
    )


def _heatmaps(path: Path) -> HeatMaps | None:
    if not path.is_file():
        return None
    try:
        # Opened here, because numpy leaves a damaged file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return HeatMaps(*(arrays[name] for name in ("images", "score_maps", "log_odds", "patient")))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ModelInvalid(f"{path} cannot be used: {error}; {NEXT}") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
