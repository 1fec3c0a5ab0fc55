"""Facts that a training run knows of itself, each with the section of its report that tells it."""

from __future__ import annotations

from collections.abc import Iterator

from edgecad.contract import Labelling
from edgecad_train.classes import CLASSES, POSITIVE
from edgecad_train.report.checklists.item import Fact
from edgecad_train.report.checklists.of_model import model_facts
from edgecad_train.report.checklists.shared import (
    Named,
    diagnostic_words,
    failure_words,
    figure_words,
    image_facts,
    output_words,
    taken_words,
)
from edgecad_train.report.flow import PartRow, flow_of
from edgecad_train.report.names import Names
from edgecad_train.report.proof import overlaps
from edgecad_train.runs.reading import RunFiles

UNNAMED = "unnamed readers"
"""What `--labelled-by` is where nobody said."""


def facts_of_run(run: RunFiles, names: Names) -> dict[str, Fact]:
    """Facts by the names that items ask for.

    Args:
        names: what must not be shown.
    """
    groups = (_data(run, names), _parts(run, names), model_facts(run), _decision(run), _figures(run), _rest(run))
    return dict(fact for group in groups for fact in group)


def _data(run: RunFiles, names: Names) -> Iterator[Named]:
    flow, how = flow_of(run, names), run.contract.preparation
    refused = sum(count.n for count in flow.refused)
    yield (
        "counts",
        Fact(
            "data",
            f"{flow.found} labelled scans found, {refused} refused, {flow.prepared} prepared, of {flow.total.patients} "
            f"patients: {_classes(flow.total)}",
        ),
    )
    reasons = ", ".join(f"{count.n} {count.what}" for count in flow.refused)
    yield "refused", Fact("data", f"left out: {reasons}" if reasons else "no scan was left out")
    yield from image_facts(how, "data")
    yield "poor_input", Fact("data", f"in use as in training: {taken_words(how)}")
    found = "; ".join(f"{count.n} {count.what.replace('-', ' ')}" for count in flow.findings)
    yield "findings", Fact("data", f"looked for duplicates, leaks and odd colours; noted: {found or 'nothing'}")
    yield from _labels(run.contract.labelling)


def _labels(labelling: Labelling) -> Iterator[Named]:
    if labelling.reference != UNNAMED:
        yield "labels", Fact("limits", f"labelled by {labelling.reference}")


def _parts(run: RunFiles, names: Names) -> Iterator[Named]:
    flow, partition = flow_of(run, names), run.partition
    rows = (*flow.folds, *flow.parts[1:]) if flow.folds else flow.parts
    yield (
        "parts",
        Fact(
            "parts",
            f"by patient, at random within each class, seed {partition.seed}: "
            + ", ".join(f"{row.name}: {row.patients}" for row in rows),
        ),
    )
    yield "events", Fact("parts", "; ".join(f"{row.name}: {_classes(row)}" for row in rows))
    shares = ", ".join(
        f"{row.name} {row.positives / row.patients:.0%}" for row in (*flow.parts, flow.total) if row.patients
    )
    yield "compared_parts", Fact("parts", f"share of {POSITIVE}: {shares}; all parts are of the same data")
    if not any(pair.patients for pair in overlaps(partition.parts())):
        yield "disjoint", Fact("parts", "the patient: nobody is in two parts, recounted from the run's files")
    tested = next((row.patients for row in flow.parts if row.name == "test"), 0)
    openings = run.contract.test_openings
    opened = "" if openings is None else f"; {openings.words()}"
    yield "internal", Fact("figures", f"a test part of {tested} patients of the same data, who chose nothing{opened}")
    if run.characteristics is not None:
        columns = ", ".join(one.column for one in run.characteristics.columns if one.groups)
        if columns:
            yield "characteristics", Fact("parts", f"patients of each part by {columns}")
            yield "subgroups", Fact("figures", f"figures by {columns}, with n and intervals")
    if openings is not None:
        yield "openings", Fact("parts", openings.words())


def _classes(row: PartRow) -> str:
    return f"{row.positives} {POSITIVE}, {row.negatives} {CLASSES[1]}"


def _decision(run: RunFiles) -> Iterator[Named]:
    decision = run.contract.decision
    yield "output", Fact("decision", output_words(decision))
    yield (
        "predictions",
        Fact(
            "decision",
            f"the mean log-odds of a patient's scans, over the temperature {decision.temperature:.4g}; "
            "contract.json says how",
        ),
    )
    yield "updating", Fact("decision", "none: the model is as it was before its test part was judged")


def _figures(run: RunFiles) -> Iterator[Named]:
    yield (
        "measures",
        Fact(
            "figures", "ROC curve, sensitivity, specificity, predictive values, calibration, decision curve, and more"
        ),
    )
    yield "uncertainty", Fact("figures", "95 % intervals, the method of each beside it; the patient is the unit")
    test = next((evaluation for evaluation in run.evaluations if evaluation.part == "test"), None)
    if test is None:
        return
    area = test.metric("auc")
    if area is not None:
        yield "performance", Fact("figures", f"test part: area under the ROC curve {figure_words(area)}")
    if told := diagnostic_words(test):
        yield "diagnostic", Fact("figures", f"test part: {told}")
    yield "failures", Fact("maps", f"test part: {failure_words(test)}")


def _rest(run: RunFiles) -> Iterator[Named]:
    contract = run.contract
    if run.heatmaps is not None:
        yield "maps", Fact("maps", "heat maps of what raised and lowered the score, of right and of wrong answers")
    if run.localisation:
        yield "localisation", Fact("maps", "held against defects that are known, and against uptake, with intervals")
    yield "purpose", Fact("limits", f"intended use, from the contract: {contract.intended_use}".rstrip("."))
    yield "limits", Fact("limits", "what must not be concluded, in the report's own list")
    versions = ", ".join(f"{name} {version}" for name, version in sorted(contract.versions.items()))
    yield "software", Fact("provenance", versions)
    yield (
        "data_hash",
        Fact("provenance", f"the data by their hash, sha256 {contract.data_sha256[:16]}\N{HORIZONTAL ELLIPSIS}"),
    )
    if run.model_sha256:
        yield "model_hash", Fact("provenance", f"model.keras, sha256 {run.model_sha256[:16]}\N{HORIZONTAL ELLIPSIS}")
    yield "command", Fact("again", "the command that makes the run again, with its seeds and settings")
