"""One run on phantoms with columns that are drawn from the labels: what they gain, and that every answer adds up."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
from scipy.special import logit

import measures.command
from measures.clinical.drawing import TrueEffects, drawn_patients
from measures.clinical.options import ClinicalMeasured
from measures.command import SAID, run_command, weights_word

EFFECTS = TrueEffects(number=1.0, yes=1.2)
GAIN = ("n", "image_auc", "gain", "low", "high")
"""What is told of a gain."""
YEARS = (62.0, 8.0)
"""Mean and deviation of the age that the number becomes."""


class GainFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One run: areas of the image alone, gains of the columns, coefficients beside the true ones."""

    patients: int
    out_of_fold: dict[str, float]
    """Patients, area of the image alone, gain, and its 95 % interval (DeLong, paired)."""
    test: dict[str, float]
    coefficients: dict[str, dict[str, float]]
    """Of age (a year), diabetes and the image: estimate, interval, and for the first two the true value."""
    answers: int
    largest_miss: float
    """Log-odds by which the terms of an answer miss those of its score, the largest of all answers."""


def measure_gain(options: ClinicalMeasured) -> GainFigures:
    """Draw phantoms and columns, train, export and answer every scan."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        return _measured(folder, options)


def _measured(folder: Path, options: ClinicalMeasured) -> GainFigures:
    edgecad = measures.command.EDGECAD
    run_command([*edgecad, "phantom", "data", "--patients", options.patients, "--seed", options.seed, "-q"], folder)
    rows = _with_columns(folder / "data" / "labels.csv", options.seed)
    _write(folder / "data" / "clinical.csv", rows)
    _write(folder / "values.csv", [{"scan": Path(row["path"]).name, **_values(row)} for row in rows])
    train = ["train", "data/clinical.csv", "--clinical", "age,diabetes", "--backbone", "mobilenetv2", "--protocol",
             "folds", "--strategy", "warm-up", "--warmup-epochs", options.epochs,
             "--weights", weights_word(options.weights), "-q"]  # fmt: skip
    run_command([*edgecad, *train], folder)
    run_command([*edgecad, "export"], folder)
    # 3: a phantom may be unlike the training scans.
    infer = ["infer", *(f"data/{row['path']}" for row in rows), "--clinical-from", "values.csv", "--json"]
    run_command([*edgecad, *infer], folder, allowed=(0, 3))
    return _figures(folder, len(rows))


def _with_columns(labels: Path, seed: int) -> list[dict[str, str]]:
    """The table of the phantoms with an age and a diabetes that are drawn from the label that training sees."""
    with labels.open(newline="") as file:
        rows = list(csv.DictReader(file))
    draw, effects = np.random.default_rng((seed, 2)), replace(EFFECTS)
    found = []
    for row in rows:
        classes = (1, 0) if row["label"] == "CAD" else (0, 1)
        _, columns = drawn_patients(classes, effects, draw, "test")
        number, yes = (next(iter(column.values.values())) for column in columns[:2])
        age = YEARS[0] + YEARS[1] * float(number)
        found.append({"path": row["path"], "label": row["label"], "patient": row["patient"], "age": f"{age:.2f}",
                      "diabetes": "yes" if yes else "no"})  # fmt: skip
    return found


def _values(row: dict[str, str]) -> dict[str, str]:
    return {"age": row["age"], "diabetes": row["diabetes"]}


def _write(path: Path, rows: Sequence[dict[str, str]]) -> None:
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def _figures(folder: Path, patients: int) -> GainFigures:
    records = [json.loads(line) for line in (folder / SAID).read_text().splitlines() if line.startswith("{")]
    answered = [record for record in records if record["status"] == "answered"]
    misses = [abs(float(logit(record["probability"])) - _sum(record["clinical"])) for record in answered]
    (contract,) = (folder / "runs").glob("*-mobilenetv2/contract.json")
    model = json.loads(contract.read_text())["clinical"]
    gains = {gain["part"]: {name: gain[name] for name in GAIN} for gain in model["gains"]}
    columns = {column["name"]: column["coefficient"] for column in model["columns"]}
    return GainFigures(
        patients=patients,
        out_of_fold=gains["out-of-fold"],
        test=gains["test"],
        coefficients={
            "age": {**columns["age"], "true": EFFECTS.number / YEARS[1]},
            "diabetes": {**columns["diabetes"], "true": EFFECTS.yes},
            "image": model["image"]["coefficient"],
        },
        answers=len(answered),
        largest_miss=max(misses, default=np.inf),
    )


def _sum(clinical: dict[str, object]) -> float:
    columns = clinical["columns"]
    own = columns.values() if isinstance(columns, dict) else ()
    return float(np.sum([clinical["baseline"], clinical["image"], *own]))
