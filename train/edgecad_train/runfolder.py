"""The run folder: everything a run leaves behind, in files that other programs can read.

model.keras       the trained network; no Lambda layer, no pickle
contract.json     what the runtime must know; export completes it and puts it into the ONNX file
run.json          settings, refused scans, time
history.json      figures of every epoch of every stage
metrics.json      validation and test figures with intervals
predictions.csv   one line a scan: part, label, score
split.json        patients of each part; `edgecad train --split` takes it
validation.npz    prepared validation images and their logits, for the exporter's parity check
curves.png        accuracy and loss of each stage
"""

from __future__ import annotations

import csv
from dataclasses import asdict
from pathlib import Path

import msgspec
import numpy as np

from edgecad.contract import json_from_struct
from edgecad_train.report.curves import draw_curves
from edgecad_train.run import Outcome
from edgecad_train.splits.split import PARTS

SCHEMA = 1


def write_run(outcome: Outcome, partial: Path, seconds: float, patient_rule: str) -> None:
    """Write all files of a run into `partial`, a folder from `edgecad.folders.new_folder`."""
    outcome.network.model.save(partial / "model.keras")
    (partial / "contract.json").write_text(json_from_struct(outcome.contract))
    (partial / "split.json").write_text(json_from_struct(outcome.split))
    _write_json(partial / "run.json", _run_record(outcome, seconds, patient_rule))
    _write_json(partial / "history.json", {"schema": SCHEMA, "stages": [asdict(h) for h in outcome.histories]})
    metrics = [msgspec.to_builtins(metric) for metric in outcome.contract.metrics]
    origin = outcome.contract.origin
    _write_json(partial / "metrics.json", {"schema": SCHEMA, "origin": origin, "metrics": metrics})
    _write_predictions(outcome, partial / "predictions.csv")
    rows = outcome.split.rows(outcome.data.cases, "validation")
    np.savez_compressed(
        partial / "validation.npz",
        images=outcome.data.images[rows],
        labels=outcome.data.labels[rows],
        logits=outcome.logits[rows],
    )
    draw_curves(outcome.histories, origin, partial / "curves.png")


def _write_json(path: Path, value: object) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=1))


def _run_record(outcome: Outcome, seconds: float, patient_rule: str) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "settings": asdict(outcome.settings),
        "fine_tuned_from": outcome.network.fine_tuned_from,
        "patient_rule": patient_rule,
        "scans": len(outcome.data.cases),
        "patients": {part: len(getattr(outcome.split, part)) for part in PARTS},
        "refused": [
            {"file": entry.path.name, "reason": entry.reason, "message": entry.message}
            for entry in outcome.data.refused
        ],
        "seconds": round(seconds, 1),
    }


def _write_predictions(outcome: Outcome, path: Path) -> None:
    part_of = {name: part for part in PARTS for name in getattr(outcome.split, part)}
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["patient", "file", "part", "label", "score_cad"])
        for case, score in zip(outcome.data.cases, outcome.scores, strict=True):
            table.writerow([case.patient, case.path.name, part_of[case.patient], case.label, f"{score:.6f}"])
