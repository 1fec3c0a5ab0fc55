"""Facts and words that the report of a run and that of an evaluation tell alike."""

from __future__ import annotations

from collections.abc import Iterator

from edgecad.contract import Decision, Metric, Preparation
from edgecad_train.classes import CLASSES, POSITIVE
from edgecad_train.evaluation.evaluation import Evaluation
from edgecad_train.report.checklists.item import Fact
from edgecad_train.report.tables import preparation_rows
from edgecad_train.report.wording import three

Named = tuple[str, Fact]


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


def output_words(decision: Decision) -> str:
    """What a model says, and from which threshold on, for people."""
    zone = decision.zone
    unclear = "" if zone is None else f"; no clear answer from {zone.low:.4g} to {zone.high:.4g}"
    return f"P({POSITIVE}) and a class, from the threshold {decision.threshold:.4g} on; rule: {decision.rule}{unclear}"


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
