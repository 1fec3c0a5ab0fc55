"""Draw every picture of an evaluation into its folder, from the files that lie there."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgecad_train.classes import POSITIVE
from edgecad_train.evaluation.decision.points import Patients
from edgecad_train.judgement.reading import EvaluationFiles
from edgecad_train.report.pictures import figures
from edgecad_train.report.pictures.cases import HeatStyle, draw_cases, draw_nearest
from edgecad_train.report.pictures.illustrate import shown_cases, style_of

THESE = {"test": "these patients"}
"""An evaluation has one part, whoever its patients are."""


def draw_judgement(files: EvaluationFiles) -> tuple[Path, ...]:
    """Write four pictures of the figures and, where there are maps, three pages of cases."""
    record, lines = files.record, files.predictions
    truth = np.array([line.label == POSITIVE for line in lines], bool)
    patients = Patients(truth, np.array([line.score for line in lines], np.float64))
    paths = [*figures.draw_evaluation(record.evaluation, record.origin, files.folder, patients, THESE["test"])]
    if files.heatmaps is not None:
        cases = tuple(shown_cases(files, files.heatmaps, by_patient=bool(files.clinical)))
        style = _style(files)
        paths += draw_cases(cases, style, record.origin, files.folder)
        paths.append(draw_nearest(cases, style, record.origin, files.folder))
    return tuple(paths)


def _style(files: EvaluationFiles) -> HeatStyle:
    """As the contract wants it; groups are counted over all scans, of which a few alone have pictures."""
    maps: Counter[tuple[str, str, bool]] = Counter()
    for line in files.predictions:
        maps[line.part, line.label, line.above == (line.label == POSITIVE)] += line.scans
    return replace(style_of(files), parts=THESE, maps=dict(maps))
