"""report.html of an evaluation: one file that opens offline, made from the files of the evaluation's folder alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgecad.system.folders import write_whole
from edgecad_train.data.input.seen import black_around, seen_words
from edgecad_train.evaluation.localisation.words import FIGURES
from edgecad_train.evaluation.prevalences import LOCAL_HEADS, RATIO_HEADS, local_rows, ratio_rows
from edgecad_train.evaluation.subgroups.words import sentences_about_groups
from edgecad_train.judgement.openings import evaluation_opening_words
from edgecad_train.judgement.reading import EvaluationFiles, read_evaluation
from edgecad_train.judgement.report import tables
from edgecad_train.judgement.report.checklist import facts_of_evaluation
from edgecad_train.judgement.report.drawing import THESE, draw_judgement
from edgecad_train.judgement.report.limits import limits_of
from edgecad_train.judgement.report.people import reader_tables, recalibration_table
from edgecad_train.report.checklists.page import write_checklist
from edgecad_train.report.flow import counted_findings
from edgecad_train.report.groups import group_tables
from edgecad_train.report.html import NAME, Section, html_of
from edgecad_train.report.localisation import localisation_tables
from edgecad_train.report.names import Names
from edgecad_train.report.outside import BOUNDS, outside_warnings
from edgecad_train.report.tables import preparation_rows


def write_report(folder: Path) -> Path:
    """Draw the evaluation's pictures and write its page and its checklists, all into its folder.

    Raises:
        ModelInvalid: a file of the evaluation is missing, damaged or of another version.
    """
    files = read_evaluation(folder)
    pictures = draw_judgement(files)
    write_whole(folder / NAME, page_of(files, pictures).encode())
    sections = tuple(_sections(files))
    facts = facts_of_evaluation(files, names_of(files), sections)
    write_checklist(
        folder, f"evaluation of {files.record.model.name}", "evaluation", files.record.origin, facts, sections
    )
    return folder / NAME


def page_of(files: EvaluationFiles, pictures: tuple[Path, ...]) -> str:
    """The page's HTML, with these pictures of the evaluation."""
    return html_of("evaluation", tuple(_sections(files)), files.record.origin, _content(files), pictures)


def names_of(files: EvaluationFiles) -> Names:
    """What must not be shown of this evaluation."""
    files_named = [one.file for one in files.record.refused]
    files_named += [file for finding in files.record.findings for file in finding.files]
    return Names({line.patient for line in files.predictions}, files_named)


def _sections(files: EvaluationFiles) -> Iterator[Section]:
    """Those that the record has something for."""
    record = files.record
    yield "judged", "What was judged", "What was judged, and against whom"
    yield "patients", "Patients", "Patients and scans"
    yield "figures", "Figures", "Figures"
    yield "thresholds", "Thresholds", "The model's thresholds on these patients"
    yield "maps", "Heat maps", "Heat maps"
    if files.contract.decision.zone is not None:
        yield "zone", "Uncertain zone", "Answers that are no clear ones"
    if record.groups:
        yield "groups", "Groups", "Groups of patients"
    if record.readers is not None:
        yield "readers", "Readers", "Readers beside the model"
    if record.recalibration is not None:
        yield "recalibration", "Recalibration", "Recalibration to these patients"
    if record.comparison is not None:
        yield "against", "Comparison", "Against another model"
    yield "limits", "Limits", "Limits"
    yield "provenance", "Provenance", "Provenance"
    yield "again", "Do it again", "Do it again"


def _content(files: EvaluationFiles) -> dict[str, Any]:
    contract, record = files.contract, files.record
    return {
        "title": f"Evaluation of {record.model.name}",
        "contract": contract,
        "record": record,
        "evaluation": record.evaluation,
        "reference": record.reference or "readers who are not named",
        "warnings": _warnings(files),
        "words": THESE,
        "whole_image": contract.preparation.crop == "none",
        "seen": seen_words(contract.preparation),
        "over_disc": contract.pooled_over == "disc",
        "mirrored": contract.preparation.crop == "polar-map" and not black_around(contract.preparation),
        "judged": tables.judged_rows(files),
        "demands": tables.demand_rows(record),
        "demand_heads": tables.DEMAND_HEADS,
        "preparation": preparation_rows(contract.preparation),
        "findings": counted_findings(record.findings, names_of(files), "metrics.json"),
        "opened": _opened(files),
        "training": (*tables.training_rows(record), tables.unfamiliar_row(files)),
        "prevalences": tables.prevalence_rows(files),
        "prevalence_heads": tables.PREVALENCE_HEADS,
        "points": tables.point_rows(files),
        "point_heads": tables.POINT_HEADS,
        "shown": localisation_tables([record.localisation] if record.localisation else [], THESE),
        "names": FIGURES,
        "outside": () if record.outside is None else ((THESE["test"], record.outside.words),),
        "bounds": BOUNDS,
        "sides": tables.side_rows(record),
        "side_heads": tables.SIDE_HEADS,
        "differences": tables.difference_rows(record),
        "difference_heads": tables.DIFFERENCE_HEADS,
        "zone": tables.zone_rows_of(files),
        "local": tuple(local_rows(record.local)),
        "local_heads": LOCAL_HEADS,
        "ratios": tuple(ratio_rows(record.local)),
        "ratio_heads": RATIO_HEADS,
        "groups": tuple(map(group_tables, record.groups)),
        "about_groups": sentences_about_groups(record.groups),
        "readers": None if record.readers is None else reader_tables(record.readers),
        "recalibration": None if record.recalibration is None else recalibration_table(record.recalibration),
        "limits": limits_of(files),
        "hashes": tables.hash_rows(record),
        "versions": tables.version_rows(files),
    }


def _opened(files: EvaluationFiles) -> str:
    """How often these patients were looked at before; empty where nobody counted."""
    if files.record.openings is None:
        return ""
    words = evaluation_opening_words(files.record.openings)
    return f"{words[0].upper()}{words[1:]}"


def _warnings(files: EvaluationFiles) -> tuple[str, ...]:
    """The record's own, but none that names somebody; then what the maps say."""
    record, names = files.record, names_of(files)
    told = [
        "A warning names patients or files; it stands in metrics.json." if names.names_somebody(words) else words
        for words in record.warnings
    ]
    outside = {} if record.outside is None else {THESE["test"]: record.outside}
    missed = [f"DEMAND MISSED: {demand}" for demand in record.demands if not demand.met]
    return tuple(f"{words[0].upper()}{words[1:]}" for words in (*missed, *told, *outside_warnings(outside)))
