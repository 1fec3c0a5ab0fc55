"""predictions.csv: a line a patient, of a run or of an evaluation."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy.special import expit

from edgecad.contract import Decision
from edgecad.errors import ModelInvalid

COLUMNS = ("patient", "part", "fold", "label", "scans", "score_cad", "log_odds", "above")
"""Of every predictions.csv; an evaluation's `part` is the patient's in the model's own training, `new` if in none."""


@dataclass(frozen=True)
class PatientLine:
    """A line of predictions.csv.

    Attributes:
        part: the patient's in the model's training; empty where it is not known.
        scans: of the patient.
        score: P(CAD), 0 to 1.
        log_odds: raw, before temperature.
        above: whether the score reaches the threshold.
        fold: number of the fold that held the patient out; empty where there is none.
    """

    patient: str
    part: str
    label: str
    scans: int
    score: float
    log_odds: float
    above: bool
    fold: str = ""

    @classmethod
    def judged(
        cls, decision: Decision, log_odds: float, patient: str, part: str, label: str, scans: int, fold: str = ""
    ) -> PatientLine:
        """A patient's line by a decision: score and side of its raw log-odds."""
        score = float(expit(log_odds / decision.temperature))
        return cls(patient, part, label, scans, score, float(log_odds), score >= decision.threshold, fold)

    @property
    def cells(self) -> tuple[object, ...]:
        """As `COLUMNS` has them."""
        figures = (f"{self.score:.6f}", f"{self.log_odds:.9f}")
        return (self.patient, self.part, self.fold, self.label, self.scans, *figures, int(self.above))


def write_predictions(lines: Iterable[PatientLine], path: Path) -> None:
    """Write a predictions.csv."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        table.writerows(line.cells for line in lines)


def predictions_from_csv(content: bytes, path: Path, next_step: str) -> tuple[PatientLine, ...]:
    """Read the lines of a predictions.csv.

    Raises:
        ModelInvalid: it is no text, a column is missing, or a line cannot be meant.
    """
    lines = csv.DictReader(_text(content, path, next_step).splitlines())
    missing = set(COLUMNS) - set(lines.fieldnames or ())
    if missing:
        raise ModelInvalid(
            f"{path} has no column {', '.join(sorted(missing))}; wanted: {','.join(COLUMNS)}; {next_step}"
        )
    try:
        return tuple(_line(line) for line in lines)
    except (ValueError, TypeError) as error:
        raise ModelInvalid(f"{path} cannot be used: line {lines.line_num}: {error}; {next_step}") from error


def _text(content: bytes, path: Path, next_step: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ModelInvalid(f"{path} is not UTF-8 text; {next_step}") from error


def _line(line: dict[str, Any]) -> PatientLine:
    if not math.isfinite(float(line["log_odds"])) or not 0 <= float(line["score_cad"]) <= 1:
        raise ValueError("log_odds or score_cad is no number of a score")
    return PatientLine(
        patient=line["patient"],
        part=line["part"],
        label=line["label"],
        scans=int(line["scans"]),
        score=float(line["score_cad"]),
        log_odds=float(line["log_odds"]),
        above=line["above"].lower() in ("1", "true", "yes"),
        fold=line["fold"],
    )
