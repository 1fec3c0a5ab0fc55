"""A fused model in words, the same on a terminal, in a report and on a model card."""

from __future__ import annotations

from collections.abc import Iterator

from edgecad.clinical.values import wanted_of
from edgecad.contract import CategoryColumn, ClinicalColumn, ClinicalGain, ClinicalModel, Coefficient, NumberColumn
from edgecad.decision.zone_words import zone_rows

MISSING = {
    "refuse": "a scan without all of them, or out of range, is refused",
    "image-alone": "without all of them, or out of range, the image's own score answers, and says so",
}
TURNED = "below 0, so the score falls where the image's own rises, and what the heat map raises lowers the score"


def clinical_rows(model: ClinicalModel, positive: str) -> Iterator[tuple[str, str]]:
    """Name and value of all that is known of a fused model."""
    yield "fitted to", patients_words(model)
    turned = f"; {TURNED}" if model.turns_image else ""
    yield "image", f"{coefficient_words(model.image.coefficient)} for each unit of its log-odds{turned}"
    for column in model.columns:
        yield column.name, f"{effect_words(column)}; takes {wanted_of(column)}"
    yield "missing", MISSING[model.missing]
    for gain in model.gains:
        yield f"gain, {gain.part}", gain_words(gain)
    decision = model.decision
    yield "threshold", f"{decision.threshold:.6g} on the fused P({positive}); rule: {decision.rule}"
    yield "temperature", f"{decision.temperature:.6g}"
    yield from zone_rows(decision.zone, decision.zone_words, decision.threshold, positive)
    yield "method", model.method


def patients_words(model: ClinicalModel) -> str:
    """To whom it was fitted, for people."""
    left = f"; {model.left_out} without a value in every column were left out" if model.left_out else ""
    return f"{model.patients} out-of-fold patients{left}"


def coefficient_words(coefficient: Coefficient) -> str:
    """A coefficient with its interval, for people."""
    return f"{coefficient.log_odds:+.3g} ({coefficient.low:+.3g} to {coefficient.high:+.3g}) log-odds"


def effect_words(column: ClinicalColumn) -> str:
    """What a column adds to the log-odds, for people."""
    if isinstance(column, CategoryColumn):
        told = (f"{each.name} {coefficient_words(each.coefficient)}, n = {each.patients}" for each in column.categories)
        return f"against the mean patient {'; '.join(told)}"
    if isinstance(column, NumberColumn):
        return f"{coefficient_words(column.coefficient)} a unit, from the mean {column.mean:.4g}"
    return f"{coefficient_words(column.coefficient)} for yes, which {column.mean:.0%} had"


def gain_words(gain: ClinicalGain) -> str:
    """What the columns add to the area under the ROC curve, for people."""
    interval = f"({gain.low:+.3f} to {gain.high:+.3f})"
    shown = "" if gain.low > 0 else "; no gain is shown"
    return f"AUC {gain.gain:+.3f} {interval} beside {gain.image_auc:.3f} of the image alone; {gain.n} patients{shown}"
