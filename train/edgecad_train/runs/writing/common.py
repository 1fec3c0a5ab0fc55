"""What every run folder holds, whatever made the run: contract, parts, figures, scores, and heat maps if it has any."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.folding import map_on_disc
from edgecad.answer.heatmap import share_outside_disc
from edgecad.frozen import json_from_struct
from edgecad.system.cores import usable_threads
from edgecad_train.classes import CLASSES
from edgecad_train.data import DataFinding
from edgecad_train.data.labelled import refused_scans
from edgecad_train.data.table.columns import PatientColumns
from edgecad_train.evaluation.clinical.fusing import FusedOutcome
from edgecad_train.evaluation.localisation.cases import SaidOfScan, located_scans
from edgecad_train.evaluation.localisation.figures import localised
from edgecad_train.evaluation.statistics.metrics import Part
from edgecad_train.runs.characteristics import write_characteristics
from edgecad_train.runs.localised import LocatedLine, write_located
from edgecad_train.runs.names import (
    CLINICAL,
    CONTRACT,
    DECIDING,
    HEATMAPS,
    LOCALISATION,
    METRICS,
    PREDICTIONS,
    RUN,
    SPLIT,
)
from edgecad_train.runs.outcome import RunOutcome, by_patient
from edgecad_train.runs.partition import write_partition
from edgecad_train.runs.predictions import PatientLine, write_predictions
from edgecad_train.runs.record import Metrics, RunRecord, write_record
from edgecad_train.runs.scans import write_scans
from edgecad_train.splits.split import Folds, rows_of
from edgecad_train.training.strategies import Plan

MAX_SHOWN = 500
"""Most scans of a kind that are kept as pictures; figures are of all."""


@dataclass(frozen=True)
class Contents:
    """What a run folder holds beside its records.

    Attributes:
        model: the network, and the images that the exporter checks and calibrates it with.
        report: pictures and page; these are not written here.
    """

    model: bool = True
    report: bool = True


NO_COLUMNS = PatientColumns()
ALL, RECORDS = Contents(), Contents(model=False, report=False)


def write_common(
    outcome: RunOutcome, record: RunRecord, partial: Path, contents: Contents, columns: PatientColumns
) -> None:
    """Write what every run folder holds into `partial`."""
    (partial / CONTRACT).write_text(json_from_struct(outcome.contract), "utf-8")
    write_partition(outcome.partition, partial / SPLIT)
    write_record(record, partial / RUN)
    located = tuple(_located(outcome))
    write_record(_metrics(outcome, located), partial / METRICS)
    write_located(located, partial / LOCALISATION)
    write_scans(outcome.data, partial)
    write_characteristics(outcome, columns, partial)
    write_predictions(_lines(outcome, outcome.log_odds), partial / PREDICTIONS)
    if outcome.chosen_apart:
        deciding = (line for line in _lines(outcome, outcome.deciding_log_odds) if line.part != "test")
        write_predictions(deciding, partial / DECIDING)
    if outcome.clinical is not None:
        write_predictions(_fused_lines(outcome, outcome.clinical), partial / CLINICAL)
    if outcome.score_maps is not None:
        _write_heatmaps(outcome, outcome.score_maps, partial / HEATMAPS, contents)


def common_record(
    outcome: RunOutcome,
    plan: Plan,
    seconds: float,
    patient_rule: str,
    findings: Sequence[DataFinding],
    columns: PatientColumns,
) -> RunRecord:
    """What every run knows of itself.

    Args:
        plan: the strategy as it was carried out; without stages where nothing was trained by stages.
        seconds: that the run took, over all its sessions.
        columns: those that are kept, by patient.
    """
    labels = {case.patient: case.label for case in outcome.data.cases}
    parts = outcome.partition.parts()
    return RunRecord(
        settings=outcome.settings.spelt_out(),
        plan=plan,
        fine_tuned_from=None,
        unfrozen=None,
        patient_rule=patient_rule,
        kept=tuple(str(values.column) for values in columns.kept),
        clinical=tuple(str(cells.asked) for cells in columns.clinical),
        clinical_missing="refuse" if outcome.clinical is None else outcome.clinical.model.missing,
        scans=len(outcome.data.cases),
        patients={part: len(members) for part, members in parts.items()},
        patients_by_class={
            part: {name: sum(labels[patient] == name for patient in members) for name in CLASSES}
            for part, members in parts.items()
        },
        refused=refused_scans(outcome.data.refused),
        findings=tuple(findings),
        labels_to_read_again=outcome.labels_to_read_again,
        seconds=round(seconds, 1),
        seconds_by_step=outcome.seconds_by_step,
        threads=int(os.environ.get("TF_NUM_INTRAOP_THREADS") or usable_threads()),
        device=outcome.device,
        evidence_outside=_evidence_outside(outcome),
    )


def _metrics(outcome: RunOutcome, located: Sequence[LocatedLine]) -> Metrics:
    parts = {part: [line.located for line in located if line.part == part] for part in _judged_parts(outcome)}
    found = tuple(localised(scans, part) for part, scans in parts.items() if scans)
    return Metrics(
        origin=outcome.contract.origin,
        evaluations=outcome.evaluations,
        localisation=found,
        baseline=outcome.baseline,
    )


def _judged_parts(outcome: RunOutcome) -> dict[Part, tuple[str, ...]]:
    """Patients of the parts that did not train the network that answered for them."""
    return {outcome.partition.chosen_on: outcome.partition.held, "test": outcome.partition.test}


def _located(outcome: RunOutcome) -> Iterator[LocatedLine]:
    """Where the heat maps of all scans lie that chose or judged; with folds, those out of fold."""
    maps = outcome.score_maps
    if maps is None:
        return
    for part, patients in _judged_parts(outcome).items():
        rows = rows_of(outcome.data.cases, patients).tolist()
        shown = map_on_disc(maps[rows], outcome.contract)
        said = map(SaidOfScan, rows, outcome.log_odds[rows].tolist(), shown)
        yield from (LocatedLine(part, scan) for scan in located_scans(outcome.data, said, outcome.contract))


def _evidence_outside(outcome: RunOutcome) -> float | None:
    maps = outcome.score_maps
    if maps is None or not outcome.contract.black_counts:
        return None
    tested = maps[rows_of(outcome.data.cases, outcome.partition.test)]
    return float(np.mean([share_outside_disc(shown) for shown in tested]))


def _lines(outcome: RunOutcome, said: NDArray[np.float64]) -> Iterator[PatientLine]:
    decision = outcome.contract.decision
    folds = isinstance(outcome.partition, Folds)
    labels = {case.patient: case.label for case in outcome.data.cases}
    scans = Counter(case.patient for case in outcome.data.cases)
    for part, members in outcome.partition.parts().items():
        _, log_odds = by_patient(outcome.data, members, said)
        held = folds and part != "test"
        for patient, value in zip(sorted(members), log_odds, strict=True):
            yield PatientLine.judged(
                decision,
                float(value),
                patient=patient,
                part="out-of-fold" if held else part,
                label=labels[patient],
                scans=scans[patient],
                fold=part.removeprefix("fold ") if held else "",
            )


def _fused_lines(outcome: RunOutcome, clinical: FusedOutcome) -> Iterator[PatientLine]:
    """Fused scores of the patients who have one: cross-fitted, and of the test part; no value."""
    decision = clinical.model.decision
    scans = Counter(case.patient for case in outcome.data.cases)
    part_of = outcome.partition.part_of()
    for one in clinical.fused:
        for patient, truth, value in zip(one.scores.patients, one.scores.truth, one.scores.log_odds, strict=True):
            yield PatientLine.judged(
                decision,
                float(value),
                patient=patient,
                part=one.part,
                label=CLASSES[0] if truth else CLASSES[1],
                scans=scans[patient],
                fold=part_of[patient].removeprefix("fold ") if one.part == "out-of-fold" else "",
            )


def some_of(count: int, most: int = MAX_SHOWN) -> NDArray[np.intp]:
    """All of `count` positions, or as many as are kept, evenly apart: scans lie sorted by class."""
    return np.linspace(0, count - 1, min(count, most)).astype(np.intp)


def _write_heatmaps(outcome: RunOutcome, maps: NDArray[np.float32], path: Path, contents: Contents) -> None:
    tested_rows = rows_of(outcome.data.cases, outcome.partition.test)
    rows = np.concatenate([part[some_of(len(part))] for part in (outcome.development, tested_rows)])
    cases = [outcome.data.cases[row] for row in rows]
    tested = set(outcome.partition.test)
    arrays: dict[str, Any] = {
        **({"images": outcome.data.images[rows]} if contents.model or contents.report else {}),
        "score_maps": maps[rows],
        "log_odds": outcome.log_odds[rows],
        "patient": np.array([case.patient for case in cases], str),
        "part": np.array(["test" if case.patient in tested else outcome.partition.chosen_on for case in cases], str),
        "label": np.array([case.label for case in cases], str),
        "row": np.asarray(rows, np.int64),
    }
    np.savez_compressed(path, **arrays)
