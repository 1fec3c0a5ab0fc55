"""What came of a recalibration, for people: lines of the terminal, and rows of the report."""

from __future__ import annotations

from collections.abc import Iterator

from edgecad_train.classes import CLASSES
from edgecad_train.evaluation.recalibration.judging import RecalibratedFigure, RecalibrationJudged
from edgecad_train.evaluation.statistics.chance import chance_said
from edgecad_train.evaluation.statistics.intervals import Estimate

RECALIBRATED_HEADS = ("figure", "before", "after", "change")
NAMES = {
    "log_loss": "log loss",
    "brier": "Brier score",
    "calibration_slope": "calibration slope (1 wanted)",
    "calibration_intercept": "calibration intercept (0 wanted)",
    "ici": "mean distance of score and share (ICI)",
}
METHODS = {
    "penalised": "penalised intercept and slope",
    "maximum-likelihood": "intercept and slope by maximum likelihood",
}
STAYS = (
    "a recalibration changes no answer: the order of the patients, the AUC, and sensitivity and specificity at the "
    "model's threshold stay; only the probability moves, and the threshold with it"
)


def recalibration_lines(judged: RecalibrationJudged) -> Iterator[str]:
    """All that came of it, line by line."""
    first, *others = sentences_about_recalibration(judged)
    yield f"recalibration: {first}"
    for figure in judged.figures:
        name, before, after, change = _figure_row(figure)
        yield f"  {name}: {before} before, {after} after; change {change}"
    yield from (f"  {sentence}" for sentence in others)


def recalibration_rows(judged: RecalibrationJudged) -> tuple[tuple[str, str], ...]:
    """Name and value of what was done."""
    rows = [("patients", f"{judged.patients}, {judged.cad} of them {CLASSES[0]}"), ("recalibration", _done(judged))]
    if judged.method:
        rows.append(("how", f"{METHODS[judged.method]}, {_asked(judged)}"))
    if judged.p_value is not None:
        rows.append(("likelihood ratio against intercept 0, slope 1", chance_said(judged.p_value)))
    return (*rows, ("network", judged.network))


def recalibrated_figure_rows(judged: RecalibrationJudged) -> Iterator[tuple[str, str, str, str]]:
    """Figures of patients that it did not use, under `RECALIBRATED_HEADS`."""
    yield from map(_figure_row, judged.figures)


def sentences_about_recalibration(judged: RecalibrationJudged) -> tuple[str, ...]:
    """What was done, what it gains, and what it cannot do."""
    if judged.outcome != "fitted" or judged.method is None:
        return (_done(judged),)
    how = f"{_done(judged)}; {METHODS[judged.method]} of {judged.patients} patients, {_asked(judged)}"
    return how, gain_words(judged), STAYS


def gain_words(judged: RecalibrationJudged) -> str:
    """Whether it is shown to make the probabilities better, by the log loss of patients that it did not use."""
    found = judged.figure("log_loss")
    on = f"on patients that it did not use ({judged.folds} folds, the test and the fit inside each)"
    if found is None or found.change.value is None or found.change.low is None or found.change.high is None:
        return f"what it gains {on} cannot be given"
    seen = f"log loss {found.change.value:+.3f}, 95 % {found.change.low:+.3f} to {found.change.high:+.3f}"
    if found.change.high < 0:
        return f"it makes the probabilities better {on}: {seen}"
    verdict = "WORSE" if found.change.low > 0 else "not shown to make the probabilities better"
    return f"{verdict} {on}: {seen}"


def _done(judged: RecalibrationJudged) -> str:
    if judged.intercept is None or judged.slope is None:
        return f"{'refused' if judged.outcome in ('overlap', 'impossible') else 'none'}: {judged.reason}"
    return f"intercept {judged.intercept:+.3f} and slope {judged.slope:.3f} of the log-odds"


def _asked(judged: RecalibrationJudged) -> str:
    if judged.tested:
        return "where a likelihood-ratio test wants it (p < 0.05)"
    return "without a test: " + (
        "they are enough" if judged.method == "maximum-likelihood" else "prevalence is known to differ"
    )


def _figure_row(figure: RecalibratedFigure) -> tuple[str, str, str, str]:
    words = (_estimate(figure.before), _estimate(figure.after), _estimate(figure.change, "+"))
    return NAMES[figure.name], *words


def _estimate(estimate: Estimate, sign: str = "") -> str:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return f"not estimable: {estimate.reason}"
    low, high = f"{estimate.low:{sign}.3f}", f"{estimate.high:{sign}.3f}"
    return f"{estimate.value:{sign}.3f} (95 % {low} to {high})"
