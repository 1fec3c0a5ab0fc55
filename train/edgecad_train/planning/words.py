"""A plan as lines of a terminal of 80 columns: block by block, and no verdict."""

from __future__ import annotations

import math
from collections.abc import Iterator

from edgecad.cli.table import table_lines
from edgecad.decision.zone import share_words
from edgecad_train.classes import CLASSES, POSITIVE
from edgecad_train.origin import origin_words
from edgecad_train.planning.curve_words import lines_of_curve
from edgecad_train.planning.paragraphs import paragraph, wrapped
from edgecad_train.planning.record import ClassWidths, ComparisonRow, ParameterOutlook, PlanRecord, ValidationRow

RULE_OF_THUMB = (
    "A rule of thumb wants 100 patients of each class; it is disputed (Snell et al. 2021). Formulas: Riley et al. "
    "2021; they take the scores to be calibrated."
)


def lines_of(plan: PlanRecord) -> Iterator[str]:
    """The whole plan, line by line."""
    if plan.curve is not None and (stamp := origin_words(plan.curve.origin)):
        yield stamp
    yield from wrapped(
        f"a plan, not a verdict: what {plan.parts.everybody.n} patients ({plan.parts.everybody}) can show, if the "
        f"area under the ROC curve (AUC) is {_short(plan.auc)}"
    )
    blocks = (_test_part, _area, _resting, _training, _validation, _comparison)
    for number, block in enumerate(blocks, 1):
        yield ""
        first, *others = block(plan)
        yield from wrapped(f"{number} {first}")
        yield from others
    if plan.curve is not None:
        yield ""
        yield from lines_of_curve(plan.curve, len(blocks) + 1)


def _test_part(plan: PlanRecord) -> Iterator[str]:
    test = plan.parts.test
    yield f"Test part: {test.n} patients, {test}"
    yield "  expected width of the 95 % interval, at a true share of:"
    shares = [_short(one.share) for one in plan.sensitivity.widths]
    rows = (_width_row("sensitivity", plan.sensitivity), _width_row("specificity", plan.specificity))
    yield from table_lines(("", "patients", *shares), rows, "lr" + "r" * len(shares))
    yield from paragraph(
        f"{_short(plan.balanced)} is where sensitivity and specificity are equal at that AUC, if scores are normal and "
        f"equally wide in both classes. A width of {_short(plan.width)} at 0.90 takes {plan.patients_for_width} "
        "patients of the class. Intervals: Clopper-Pearson."
    )


def _width_row(figure: str, found: ClassWidths) -> tuple[str, ...]:
    return (figure, str(found.patients), *(_short(one.width) for one in found.widths))


def _area(plan: PlanRecord) -> Iterator[str]:
    yield f"AUC: the 95 % interval where {_short(plan.auc)} is found"
    rows = (
        (one.among, str(one.patients.cad), str(one.patients.other), f"{one.low:.2f} to {one.high:.2f}")
        for one in plan.areas
    )
    yield from table_lines(("among", POSITIVE, CLASSES[1], "interval"), rows, "lrrl")
    yield from paragraph("Bounds: Newcombe 2006, method 5; the interval of real scores may be wider.")


def _resting(plan: PlanRecord) -> Iterator[str]:
    parts = plan.parts
    whose = f"{parts.folds} folds, out-of-fold" if parts.folds else "one validation part"
    yield f"Threshold and zone: they rest on {parts.held.n} patients, {parts.held} ({whose})"
    rows = (
        (
            one.rule, str(one.rests_on), str(one.tested),
            "\N{EN DASH}" if one.shown_from is None else f"from {one.shown_from} patients",
        )
        for one in plan.rules
    )  # fmt: skip
    yield from table_lines(("rule", "rests on", "tested", "shown"), rows, "lrrl")
    yield from paragraph(
        "Rests on: patients beyond the threshold, in the tail that the rule allows. Tested: patients of the class in "
        "the test part. Shown: so many of the class are needed there, all answered right, before the share is more "
        "than a guess (one-sided, 95 %)."
    )
    yield from paragraph(_zone_words(plan))


def _zone_words(plan: PlanRecord) -> str:
    zone = plan.zone
    if zone is None:
        return "Uncertain zone: none is wanted."
    if zone.wrong_up_to is None:
        return (
            f"Uncertain zone: none. At alpha {zone.alpha:g} it takes {zone.least} patients of each class, and these "
            f"are {zone.patients}."
        )
    return (
        f"Uncertain zone: at alpha {zone.alpha:g} about {share_words(zone.alpha)} of each class is expected on its "
        f"wrong side; with {zone.patients} it may be {100 * zone.wrong_up_to:.0f} in 100 (19 of 20 zones stay below)."
    )


def _training(plan: PlanRecord) -> Iterator[str]:
    found = plan.development
    yield f"Training: {found.patients} patients outside the test part"
    yield "  patients that logistic regression wants (Riley et al. 2019, 2020):"
    heads = ("parameters", "slope 0.9", "optimism 0.05", "error 0.05")
    yield from table_lines(heads, map(_parameter_row, found.rows), "rrrr")
    yield from paragraph(
        "Slope: of the calibration on new patients. Optimism: of Nagelkerke's R2. Error: mean, of a patient's "
        f"probability. {found.prevalence_from} patients give the prevalence within 0.05. From an AUC of 0.85 on the "
        "first column is too small by half or more (Pavlou et al. 2024)."
    )
    yield from paragraph(
        "These formulas are for logistic regression; a network has no such number of parameters. By the first two "
        f"columns {found.patients} patients carry {_about(found.carried)} at AUC {_short(plan.auc)}."
        + ("" if plan.curve else " What more patients would teach, --curve DATA measures on your scans.")
    )


def _about(parameters: int) -> str:
    few = ("not one free number", "about one free number")
    return few[parameters] if parameters < len(few) else f"about {parameters} free numbers"


def _parameter_row(row: ParameterOutlook) -> tuple[str, ...]:
    error = "\N{EN DASH}" if row.error is None else f"{row.error:,}"
    return f"{row.parameters}", f"{row.shrinkage:,}", f"{row.optimism:,}", error


def _validation(plan: PlanRecord) -> Iterator[str]:
    found = plan.validation
    yield "External validation: what new patients would show, at that prevalence"
    heads = ("patients", POSITIVE, CLASSES[1], "AUC", "calibration slope 1", "observed/expected 1")
    yield from table_lines(heads, map(_validation_row, found.rows), "rrrlll")
    yield from paragraph(
        f"{found.patients_for_slope} patients give the slope with a standard error of {found.slope_error:g}, "
        f"{found.patients_for_ratio} give observed over expected with one of {found.ratio_error:g} (of its log). "
        + RULE_OF_THUMB
    )


def _validation_row(row: ValidationRow) -> tuple[str, ...]:
    counts, slope, ratio = row.patients, 1.96 * row.slope_error, 1.96 * row.ratio_error
    low, high = math.exp(-ratio), math.exp(ratio)
    return (
        str(counts.n), str(counts.cad), str(counts.other), f"{row.auc_low:.2f} to {row.auc_high:.2f}",
        f"{1 - slope:.2f} to {1 + slope:.2f}".replace("-", "\N{MINUS SIGN}"), f"{low:.2f} to {high:.2f}",
    )  # fmt: skip


def _comparison(plan: PlanRecord) -> Iterator[str]:
    found = plan.comparison
    yield (
        f"Study of {found.strategies} strategies: the smallest difference of AUC to a reference named before that is "
        "shown 8 times in 10"
    )
    heads = ("runs of each", "standard error", "smallest difference", "")
    yield from table_lines(heads, (_comparison_row(row, 1 - plan.auc) for row in found.rows), "lrrl")
    yield from paragraph(
        f"Assumed: another training moves the AUC by {found.training_sd:g} (one standard deviation, --training-sd); "
        f"the scores of a patient correlate {found.correlation_between:g} between strategies and "
        f"{found.correlation_within:g} between trainings of one. A study's own table measures both."
    )


def _comparison_row(row: ComparisonRow, room: float) -> tuple[str, ...]:
    runs = f"{row.runs} folds" if row.folds else f"{row.runs} seeds"
    beyond = "more than is left to AUC 1" if row.smallest > room else ""
    return runs, f"{row.standard_error:.3f}", f"{row.smallest:.2f}", beyond


def _short(value: float) -> str:
    return f"{value:.2f}"
