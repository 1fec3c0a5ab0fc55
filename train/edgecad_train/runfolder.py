"""The run folder: everything a run leaves behind, in files that other programs can read.

model.keras       the trained network; no Lambda layer, no pickle
contract.json     what the runtime must know; export completes it and puts it into the ONNX file
run.json          settings, refused scans, findings about the data, where the time went
history.json      figures of every epoch of every stage of every training
metrics.json      figures with intervals of what chose (validation or out-of-fold), and of the test part
predictions.csv   one line a patient: part, label, score
split.json        patients of each part or fold; `edgecad train --split` takes it
validation.npz    prepared images, labels and logits, for the exporter's parity check
calibration.npz   prepared images of the training part, for the exporter's quantisation
scans.json        hash of each scan and its patient, so that `edgecad evaluate` knows scans that it was trained on
heatmaps.npz      prepared images and heat maps of the scans that chose or judged
*.png             curves, ROC, calibration, confusion, decision curve, pages of heat maps
report.html       one page that opens offline
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from edgecad.contract import json_from_struct
from edgecad_train.classes import CLASSES
from edgecad_train.data import DataFinding
from edgecad_train.data.labelled import refused_scans
from edgecad_train.evaluation.external.record import COLUMNS
from edgecad_train.outcome import TrainingOutcome, by_patient
from edgecad_train.report.page import write_report
from edgecad_train.splits.split import Folds, rows_of

SCHEMA = 2
MAX_SHOWN = 500
"""Most scans of a kind that are kept as pictures; figures are of all."""
MAX_CALIBRATION = 128
"""Most training scans that a quantiser is shown."""


def write_run(
    outcome: TrainingOutcome, partial: Path, seconds: float, patient_rule: str, findings: Sequence[DataFinding] = ()
) -> None:
    """Write all files of a run into `partial`, a folder from `edgecad.system.folders.new_folder`."""
    outcome.network.model.save(partial / "model.keras")
    (partial / "contract.json").write_text(json_from_struct(outcome.contract), "utf-8")
    (partial / "split.json").write_text(json_from_struct(outcome.partition), "utf-8")
    _write_json(partial / "run.json", _run_record(outcome, seconds, patient_rule, findings))
    _write_json(partial / "history.json", {"schema": SCHEMA, "trainings": [asdict(h) for h in outcome.histories]})
    metrics = {"schema": SCHEMA, "origin": outcome.contract.origin, "evaluations": outcome.evaluations}
    _write_json(partial / "metrics.json", metrics)
    _write_predictions(outcome, partial / "predictions.csv")
    _write_validation(outcome, partial / "validation.npz")
    np.savez_compressed(partial / "calibration.npz", images=outcome.data.images[_calibration_rows(outcome)])
    _write_heatmaps(outcome, partial / "heatmaps.npz")
    write_report(partial)


def _write_json(path: Path, value: object) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=1))


def _run_record(
    outcome: TrainingOutcome, seconds: float, patient_rule: str, findings: Sequence[DataFinding]
) -> dict[str, object]:
    labels = {case.patient: case.label for case in outcome.data.cases}
    parts = outcome.partition.parts()
    trains_top = any(stage.part == "top" for stage in outcome.settings.plan.stages)
    return {
        "schema": SCHEMA,
        "settings": asdict(outcome.settings),
        "fine_tuned_from": outcome.network.fine_tuned_from if trains_top else None,
        "unfrozen": asdict(outcome.network.unfrozen()) if trains_top else None,
        "patient_rule": patient_rule,
        "scans": len(outcome.data.cases),
        "patients": {part: len(members) for part, members in parts.items()},
        "patients_by_class": {
            part: {name: sum(labels[patient] == name for patient in members) for name in CLASSES}
            for part, members in parts.items()
        },
        "refused": refused_scans(outcome.data.refused),
        "findings": list(findings),
        "optimism": outcome.optimism,
        "labels_to_read_again": outcome.labels_to_read_again,
        "search": _search_record(outcome),
        "seconds": round(seconds, 1),
        "seconds_by_step": outcome.seconds_by_step,
    }


def _search_record(outcome: TrainingOutcome) -> dict[str, object] | None:
    if not outcome.settings.search_trials:
        return None
    named = zip(outcome.histories, outcome.choices, strict=True)
    return {
        "trials": outcome.settings.search_trials,
        "found": [{"training": history.name, **asdict(choice)} for history, choice in named],
    }


def _write_predictions(outcome: TrainingOutcome, path: Path) -> None:
    decision = outcome.contract.decision
    folds = isinstance(outcome.partition, Folds)
    labels = {case.patient: case.label for case in outcome.data.cases}
    scans = Counter(case.patient for case in outcome.data.cases)
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for part, members in outcome.partition.parts().items():
            _, log_odds = by_patient(outcome.data, members, outcome.log_odds)
            held = folds and part != "test"
            for patient, value in zip(sorted(members), log_odds, strict=True):
                score = float(expit(value / decision.temperature))
                table.writerow([
                    patient, "out-of-fold" if held else part, part.removeprefix("fold ") if held else "",
                    labels[patient], scans[patient], f"{score:.6f}", f"{value:.6f}",
                    int(score >= decision.threshold),
                ])  # fmt: skip


def _write_validation(outcome: TrainingOutcome, path: Path) -> None:
    chosen = _some(len(outcome.development))
    rows = outcome.development[chosen]
    np.savez_compressed(
        path,
        images=outcome.data.images[rows],
        labels=outcome.data.labels[rows],
        logits=outcome.network_logits[chosen],
    )


def _calibration_rows(outcome: TrainingOutcome) -> NDArray[np.intp]:
    """Scans of the training part. With folds the whole development part trains: a third, so that the rest judges."""
    partition = outcome.partition
    patients = partition.development[::3] if isinstance(partition, Folds) else partition.train
    rows = rows_of(outcome.data.cases, patients)
    return rows[_some(len(rows), MAX_CALIBRATION)]


def _some(count: int, most: int = MAX_SHOWN) -> NDArray[np.intp]:
    """All of `count` positions, or as many as are kept, evenly apart: scans lie sorted by class."""
    return np.linspace(0, count - 1, min(count, most)).astype(np.intp)


def _write_heatmaps(outcome: TrainingOutcome, path: Path) -> None:
    tested_rows = rows_of(outcome.data.cases, outcome.partition.test)
    rows = np.concatenate([part[_some(len(part))] for part in (outcome.development, tested_rows)])
    cases = [outcome.data.cases[row] for row in rows]
    tested = set(outcome.partition.test)
    arrays: dict[str, Any] = {
        "images": outcome.data.images[rows],
        "score_maps": outcome.score_maps[rows],
        "log_odds": outcome.log_odds[rows],
        "patient": np.array([case.patient for case in cases], str),
        "part": np.array(["test" if case.patient in tested else outcome.partition.chosen_on for case in cases], str),
        "label": np.array([case.label for case in cases], str),
    }
    np.savez_compressed(path, **arrays)
