"""Facts that a training run knows of its model: a network that was fine-tuned, or a method."""

from __future__ import annotations

from collections.abc import Iterator

from edgecad_train.methods.table import method_named
from edgecad_train.report.checklists.item import Fact
from edgecad_train.report.checklists.shared import Named
from edgecad_train.runs.reading import RunFiles
from edgecad_train.runs.record import MethodRecord
from edgecad_train.splits.split import Folds


def model_facts(run: RunFiles) -> Iterator[Named]:
    """What the model is, what it began as, how it was trained, and who chose."""
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
    yield "model", Fact("model", method.words)
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
