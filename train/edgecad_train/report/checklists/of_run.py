"""Facts that a training run knows of itself, each with the section of its report that tells it."""

from __future__ import annotations

from collections.abc import Iterator

from edgecad.contract import Decision, Labelling, Metric, Preparation
from edgecad_train.classes import CLASSES, POSITIVE
from edgecad_train.evaluation.evaluation import Evaluation
from edgecad_train.methods.table import method_named
from edgecad_train.report.checklists.item import Fact
from edgecad_train.report.flow import PartRow, flow_of
from edgecad_train.report.names import Names
from edgecad_train.report.proof import overlaps
from edgecad_train.report.tables import preparation_rows
from edgecad_train.report.wording import three
from edgecad_train.runs.reading import RunFiles
from edgecad_train.runs.record import MethodRecord
from edgecad_train.splits.split import Folds

UNNAMED = "unnamed readers"
"""What `--labelled-by` is where nobody said."""
Named = tuple[str, Fact]


def facts_of_run(run: RunFiles, names: Names) -> dict[str, Fact]:
    """Facts by the names that items ask for.

    Args:
        names: what must not be shown.
    """
    groups = (_data(run, names), _parts(run, names), _network(run), _decision(run), _figures(run), _rest(run))
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


def image_facts(how: Preparation, section: str) -> Iterator[Named]:
    """How an image becomes an input; told in that section of the report."""
    rows = dict(preparation_rows(how))
    yield "taken", Fact(section, taken_words(how))
    yield "preparation", Fact(section, f"{rows['crop']}; {rows['image']}")
    yield "input", Fact(section, f"the image alone; {rows['input'] if 'input' in rows else rows['image']}")
    yield "no_judgement", Fact(section, "the image is the only input, and nobody has to judge it")


def taken_words(how: Preparation) -> str:
    """Which scans are taken, for people."""
    if how.crop == "none":
        return "whole images are taken as they are; nothing checks what they show"
    return "a scan is taken where exactly one polar map is found on it, else it is refused with a reason"


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


def _network(run: RunFiles) -> Iterator[Named]:
    contract, record = run.contract, run.record
    settings, folds = record.settings, isinstance(run.partition, Folds)
    if record.method is not None:
        yield from _method(run, record.method)
        return
    yield "title", Fact("data", f"one training run and its test part: {contract.backbone}, deep learning")
    yield "model", Fact("model", f"{contract.backbone}, {contract.pooled_words}; head {contract.head}")
    yield "weights", Fact("model", f"first weights: {contract.weights}; seed {settings.seed}")
    stages = ", ".join(f"{stage.name} {stage.epochs} epochs" for stage in record.plan.stages)
    yield (
        "training",
        Fact(
            "model",
            f"strategy {settings.strategy} ({stages}), Adam, cross-entropy, batch {settings.batch_size}, augmentation "
            f"{settings.augment if settings.augment > 1 else 'off'}",
        ),
    )
    searched = f"a search of {record.search.trials} heads a training" if record.search else "no head was searched for"
    yield "search", Fact("model", searched)
    yield "selection", Fact("parts", _selection(folds))
    yield "ensemble", Fact("model", "none: one network answers")
    weighed = settings.class_weights != "none"
    weights = "class weights by the inverse of each class's share" if weighed else "no class weights"
    yield (
        "imbalance",
        Fact("model", f"{weights}; nothing was resampled; every part has about the same share of each class"),
    )


def _method(run: RunFiles, told: MethodRecord) -> Iterator[Named]:
    """The same of a method that trains no network by stages."""
    method = method_named(told.name)
    folds = isinstance(run.partition, Folds)
    yield "title", Fact("data", f"one fit of {method.name} and its test part, after {method.after}")
    yield "model", Fact("model", f"{method.name}. Theirs: {method.theirs} Ours: {method.ours}")
    if method.takes_network:
        yield (
            "weights",
            Fact("model", f"{run.contract.backbone}, first weights: {run.contract.weights}, not fine-tuned"),
        )
    chosen = ", ".join(sorted({name for own in told.chosen.values() for name in own})) or "nothing"
    yield "training", Fact("model", f"folds of the patients that may be learnt from chose {chosen}")
    yield "search", Fact("model", "no head was searched for")
    last = "the exported one is one fit to the whole development part" if folds else "it is fitted to the training part"
    yield "selection", Fact("parts", f"nothing of it is chosen by those who judge; {last}")
    yield "ensemble", Fact("model", "none: one model answers")
    yield (
        "imbalance",
        Fact("model", "no class weights; nothing was resampled; every part has about the same share of each class"),
    )


def _selection(folds: bool) -> str:
    if folds:
        return (
            "each fold at the epoch that the other folds chose; the exported network is one refit on the whole "
            "development part"
        )
    return "the epoch that is best on the validation part; the test part chose nothing"


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


def output_words(decision: Decision) -> str:
    """What a model says, and from which threshold on, for people."""
    zone = decision.zone
    unclear = "" if zone is None else f"; no clear answer from {zone.low:.4g} to {zone.high:.4g}"
    return f"P({POSITIVE}) and a class, from the threshold {decision.threshold:.4g} on; rule: {decision.rule}{unclear}"


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


def figure_words(figure: Metric) -> str:
    """A figure with its interval, for people."""
    return f"{three(figure.value)} ({three(figure.low)} to {three(figure.high)}, n = {figure.n})"


def diagnostic_words(evaluation: Evaluation) -> str:
    """Sensitivity and specificity with their intervals, for people; nothing where neither is known."""
    figures = (("sensitivity", "sensitivity_cad"), ("specificity", "specificity_cad"))
    known = ((name, evaluation.metric(key)) for name, key in figures)
    return ", ".join(f"{name} {figure_words(found)}" for name, found in known if found is not None)


def failure_words(evaluation: Evaluation) -> str:
    """How many answers differ from the labels, for people."""
    counts = evaluation.confusion
    return (
        f"{counts.false_negative} of {counts.positives} labelled {POSITIVE} were called {CLASSES[1]}, "
        f"{counts.false_positive} of {counts.negatives} labelled {CLASSES[1]} were called {POSITIVE}"
    )


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
