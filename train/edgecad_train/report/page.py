"""report.html: one file that opens offline, with what a reviewer asks for, made from a run folder's files alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgecad.answer.findings import doubts_about
from edgecad.contract import Contract, Metric, openings_sentence
from edgecad.decision.evidence import LOCAL_PREVALENCES
from edgecad.decision.evidence_table import NOTES, prevalence_words
from edgecad.system.folders import write_whole
from edgecad_train.data.input.seen import black_around, seen_words
from edgecad_train.evaluation.doubts import doubts_about_scores
from edgecad_train.evaluation.localisation.words import FIGURES
from edgecad_train.evaluation.subgroups.words import sentences_about_groups
from edgecad_train.report.checklists.of_run import facts_of_run
from edgecad_train.report.checklists.page import write_checklist
from edgecad_train.report.flow import Flow, flow_of
from edgecad_train.report.groups import characteristic_tables, group_tables
from edgecad_train.report.html import NAME, Section, html_of
from edgecad_train.report.limits import limits_of
from edgecad_train.report.localisation import localisation_tables
from edgecad_train.report.names import Names
from edgecad_train.report.outside import BOUNDS, OutsideEvidence, outside_warnings
from edgecad_train.report.parts import PARTS
from edgecad_train.report.pictures.illustrate import draw_run, outside_of
from edgecad_train.report.points import CHOSE_HEADS, chose_and_tested, predictive_rows
from edgecad_train.report.proof import Check, checks_of
from edgecad_train.report.tables import (
    chosen_words,
    decision_rows,
    fused_rows,
    hash_rows,
    model_rows,
    opened_brief,
    optimism_rows,
    preparation_rows,
    search_rows,
    time_rows,
    version_rows,
)
from edgecad_train.runs.reading import RunFiles, read_run
from edgecad_train.runs.request import command_of

SECTIONS: tuple[Section, ...] = (
    ("data", "Data", "Data"),
    ("parts", "Parts and proof", "Parts, and the proof that they are apart"),
    ("model", "Model and training", "Model and training"),
    ("decision", "Decision", "From logits to an answer"),
    ("figures", "Figures", "Figures"),
    ("maps", "Heat maps", "Heat maps"),
    ("limits", "Limits", "Limits"),
    ("provenance", "Provenance", "Provenance"),
    ("again", "Reproduce", "Reproduce"),
)


def write_report(folder: Path) -> Path:
    """Draw the run's pictures and write its page and its checklists, all into its folder.

    Raises:
        ModelInvalid: a file of the run is missing, damaged or of another version.
    """
    run = read_run(folder)
    pictures = draw_run(run, folder)
    write_whole(folder / NAME, page_of(run, pictures).encode())
    facts = facts_of_run(run, names_of(run))
    write_checklist(folder, run.contract.name, "run", run.contract.origin, facts, SECTIONS)
    return folder / NAME


def page_of(run: RunFiles, pictures: tuple[Path, ...]) -> str:
    """The page's HTML, with these pictures of the run."""
    return html_of("run", SECTIONS, run.contract.origin, _content(run), pictures)


def _content(run: RunFiles) -> dict[str, Any]:
    contract, record = run.contract, run.record
    names = names_of(run)
    checks = checks_of(run)
    flow = flow_of(run, names)
    outside = outside_of(run)
    last_first = tuple(sorted(run.evaluations, key=lambda evaluation: evaluation.part != "test"))
    return {
        "contract": contract,
        "record": record,
        "title": contract.name,
        "warnings": _warnings(run, checks, flow, outside),
        "whole_image": contract.preparation.crop == "none",
        "seen": seen_words(contract.preparation),
        "over_disc": contract.pooled_over == "disc",
        "mirrored": contract.preparation.crop == "polar-map" and not black_around(contract.preparation),
        "test": next((evaluation for evaluation in run.evaluations if evaluation.part == "test"), None),
        "baseline": run.baseline,
        "evaluations": last_first,
        "characteristics": characteristic_tables(run.characteristics),
        "by_group": _by_group(run),
        "trainings": run.trainings,
        "words": PARTS,
        "reference": contract.labelling.reference,
        "flow": flow,
        "checks": checks,
        "preparation": preparation_rows(contract.preparation),
        "model": model_rows(run),
        "decision": decision_rows(run),
        "thresholds": _thresholds(run),
        "clinical": () if contract.clinical is None else fused_rows(contract.clinical, contract.positive),
        "fused_area": _fused_area(contract),
        "opened": {"brief": opened_brief(contract.test_openings), "words": openings_sentence(contract.test_openings)},
        "search": search_rows(record.search),
        "chosen_by": chosen_words(record),
        "times": time_rows(record),
        "optimism": optimism_rows(record.optimism),
        "hashes": hash_rows(run),
        "versions": version_rows(run),
        "limits": limits_of(run),
        "shown": localisation_tables(sorted(run.localisation, key=lambda one: one.part != "test"), PARTS),
        "names": FIGURES,
        "outside": tuple((part, one.words) for part, one in outside.items()),
        "bounds": BOUNDS,
        "command": command_of(record, contract.preparation),
    }


def _fused_area(contract: Contract) -> Metric | None:
    """The area under the ROC curve of a fused score on the test part; None without one."""
    metrics = () if contract.clinical is None else contract.clinical.metrics
    return next((metric for metric in metrics if (metric.name, metric.part) == ("auc", "test")), None)


def _by_group(run: RunFiles) -> dict[str, Any]:
    """Tables of figures by group, by part, and what may be read from those of the test part."""
    found = {one.part: one.columns for one in (run.characteristics.figures if run.characteristics else ())}
    tables = {part: tuple(map(group_tables, columns)) for part, columns in found.items()}
    return {"tables": tables, "sentences": sentences_about_groups(found.get("test", ()))}


def _thresholds(run: RunFiles) -> dict[str, Any] | None:
    """The table of thresholds; None where a run of an earlier version has none."""
    evidence, prevalence = run.contract.decision.evidence, run.contract.labelling.prevalence
    if evidence is None:
        return None
    rows = chose_and_tested(evidence, prevalence)
    noted = {note for row in rows for note in row.notes}
    shares = (*(() if prevalence is None else (prevalence,)), *LOCAL_PREVALENCES)
    trained = [] if prevalence is None else [f"at {prevalence_words(prevalence)} (training)"]
    return {
        "part": PARTS[evidence.part],
        "point": evidence.point,
        "heads": CHOSE_HEADS,
        "rows": rows,
        "notes": [(note, words) for note, words in NOTES.items() if note in noted],
        "predictive": predictive_rows(evidence, prevalence, shares),
        "predictive_heads": (
            *("rule", "score from", "value"),
            *trained,
            *(f"at {prevalence_words(one)}" for one in LOCAL_PREVALENCES),
        ),
    }


def names_of(run: RunFiles) -> Names:
    """What must not be shown of this run."""
    patients = {patient for part in run.partition.parts().values() for patient in part}
    patients |= {line.patient for line in run.predictions}
    files = [entry.file for entry in run.record.refused]
    files += [file for finding in run.record.findings for file in finding.files]
    return Names(patients, files)


def _warnings(
    run: RunFiles, checks: tuple[Check, ...], flow: Flow, outside: dict[str, OutsideEvidence]
) -> tuple[str, ...]:
    found = [f"DOES NOT HOLD: {check.what} {check.counted}" for check in checks if not check.holds]
    found += [f"{count.n} \N{MULTIPLICATION SIGN} {count.what}: {count.text}" for count in flow.findings if count.grave]
    if run.record.optimism is not None:
        found.append(
            "The epochs were chosen on the test part as well, to show how much better that looks. Those figures are "
            "optimistic and are not results; the figures below, the model and its contract do not come from them."
        )
    if run.contract.test_openings is not None and not run.contract.test_openings.untouched:
        found.append(openings_sentence(run.contract.test_openings))
    found += [f"{words[0].upper()}{words[1:]}." for words in doubts_about_scores(run.evaluations)]
    found += [doubt.text for doubt in doubts_about(run.contract.fused)]
    if again := len(run.record.labels_to_read_again):
        found.append(
            f"Read {again} labels again: so many patients labelled {run.contract.positive} have held-out scores below "
            f"the median of {run.contract.negative}. Some are lesions that the model misses, some may be labels that "
            "are wrong. They are named in run.json."
        )
    return (*found, *outside_warnings(outside))
