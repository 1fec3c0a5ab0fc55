"""Fill in a plan: every block of it from the formulas, for one study."""

from __future__ import annotations

import numpy as np

from edgecad.decision.rules import patients_to_show
from edgecad.decision.zone import least_patients
from edgecad_train.evaluation.claims.strategies import quantile_against, smallest_seen
from edgecad_train.evaluation.decision.zone import wrong_up_to
from edgecad_train.evaluation.statistics.auc import newcombe_bounds
from edgecad_train.planning.formulas import comparison, development, validation
from edgecad_train.planning.formulas.binormal import balanced_share, cox_snell_r2, largest_r2
from edgecad_train.planning.formulas.comparison import StudySketch, covariance_of
from edgecad_train.planning.formulas.proportions import expected_width, patients_for_width
from edgecad_train.planning.options import PlanOptions
from edgecad_train.planning.parts import PartCounts, PlannedParts, planned_parts
from edgecad_train.planning.record import (
    ClassWidths,
    ComparisonOutlook,
    ComparisonRow,
    DevelopmentOutlook,
    ExpectedAuc,
    ExpectedWidth,
    LearningCurve,
    ParameterOutlook,
    PlanRecord,
    RuleOutlook,
    ValidationOutlook,
    ValidationRow,
    ZoneOutlook,
)

SHARES = (0.8, 0.9, 0.95)
"""Sensitivities and specificities at which widths are told, beside that of the expected area."""
WIDTH, WIDTH_AT = 0.1, 0.9
PARAMETERS = (1, 5, 10, 30, 64)
"""64 are the units of the head's hidden layer."""
NEW_PATIENTS = (50, 100, 200, 400)
RUNS = (5, 10, 20)


def outlook_of(
    patients: int, prevalence: float, options: PlanOptions, curve: LearningCurve | None = None
) -> PlanRecord:
    """All blocks.

    Args:
        patients: in all; `prevalence` is the share of CAD, above 0 and below 1. Both count, not those of `options`.

    Raises:
        UsageError: a part would be left with fewer than two patients of a class.
    """
    parts = planned_parts(patients, prevalence, options)
    shares = (balanced_share(options.auc), *SHARES)
    return PlanRecord(
        prevalence=prevalence,
        auc=options.auc,
        balanced=balanced_share(options.auc),
        parts=parts,
        sensitivity=_widths(parts.test.cad, shares),
        specificity=_widths(parts.test.other, shares),
        width=WIDTH,
        patients_for_width=patients_for_width(WIDTH, WIDTH_AT),
        areas=_areas(parts, options.auc),
        rules=_rules(parts),
        zone=_zone(parts.held, options.uncertain) if options.uncertain else None,
        development=_development(parts, prevalence, options.auc),
        validation=_validation(prevalence, options.auc),
        comparison=_comparison(parts, options),
        curve=curve,
    )


def _widths(patients: int, shares: tuple[float, ...]) -> ClassWidths:
    found = tuple(ExpectedWidth(share=share, width=expected_width(patients, share)) for share in shares)
    return ClassWidths(patients=patients, widths=found)


def _areas(parts: PlannedParts, auc: float) -> tuple[ExpectedAuc, ...]:
    held = "out-of-fold" if parts.folds else "validation part"
    among = (("test part", parts.test), (held, parts.held), ("all, as new patients", parts.everybody))
    return tuple(
        ExpectedAuc(among=name, patients=counts, low=low, high=high)
        for name, counts in among
        for low, high in (_bounds(auc, counts),)
    )


def _bounds(auc: float, counts: PartCounts) -> tuple[float, float]:
    low, high = newcombe_bounds(np.array([auc]), counts.cad, counts.other)
    return float(low[0]), float(high[0])


def _rules(parts: PlannedParts) -> tuple[RuleOutlook, ...]:
    asked = [("sensitivity", share) for share in (0.95, 0.9, 0.8)] + [("specificity", share) for share in (0.9, 0.95)]
    balanced = RuleOutlook(rule="balanced", rests_on=parts.held.n, shown_from=None, tested=parts.test.n)
    return (balanced, *(_rule(parts, name, share) for name, share in asked))


def _rule(parts: PlannedParts, name: str, share: float) -> RuleOutlook:
    held, tested = (getattr(part, "cad" if name == "sensitivity" else "other") for part in (parts.held, parts.test))
    return RuleOutlook(
        rule=f"{name}>={share:g}",
        rests_on=int((1 - share) * held + 1e-9),
        shown_from=patients_to_show(share),
        tested=tested,
    )


def _zone(held: PartCounts, alpha: float) -> ZoneOutlook:
    least = least_patients(alpha)
    offered = min(held.cad, held.other) >= least
    wrong = max(wrong_up_to(alpha, n) for n in (held.cad, held.other)) if offered else None
    return ZoneOutlook(alpha=alpha, patients=held, least=least, wrong_up_to=wrong)


def _development(parts: PlannedParts, prevalence: float, auc: float) -> DevelopmentOutlook:
    r2, largest = cox_snell_r2(auc, prevalence), largest_r2(prevalence)
    rows = tuple(
        ParameterOutlook(
            parameters=p,
            shrinkage=development.patients_for_shrinkage(p, r2),
            optimism=development.patients_for_optimism(p, r2, largest),
            error=development.patients_for_error(p, prevalence),
        )
        for p in PARAMETERS
    )
    return DevelopmentOutlook(
        patients=parts.development.n,
        r2=r2,
        largest_r2=largest,
        carried=development.parameters_carried(parts.development.n, r2, largest),
        prevalence_from=development.patients_for_prevalence(prevalence),
        rows=rows,
    )


def _validation(prevalence: float, auc: float) -> ValidationOutlook:
    slope, ratio = validation.SLOPE_ERROR, validation.RATIO_ERROR
    return ValidationOutlook(
        rows=tuple(_new_patients(n, prevalence, auc) for n in NEW_PATIENTS),
        slope_error=slope,
        patients_for_slope=validation.patients_for_slope(slope, auc, prevalence),
        ratio_error=ratio,
        patients_for_ratio=validation.patients_for_ratio(ratio, prevalence),
    )


def _new_patients(n: int, prevalence: float, auc: float) -> ValidationRow:
    cad = min(max(round(n * prevalence), 1), n - 1)
    counts = PartCounts(cad, n - cad)
    low, high = _bounds(auc, counts)
    return ValidationRow(
        patients=counts,
        auc_low=low,
        auc_high=high,
        slope_error=validation.slope_error(n, auc, prevalence),
        ratio_error=validation.ratio_error(n, prevalence),
    )


def _comparison(parts: PlannedParts, options: PlanOptions) -> ComparisonOutlook:
    runs = sorted({*RUNS, options.seeds})
    rows = [_compared(_seeds(parts, options, number)) for number in runs]
    fewest = min(parts.everybody.cad, parts.everybody.other)
    if fewest >= 2 * 5:  # five folds of two patients of a class
        rows.append(_compared(_folds_of_all(parts, options)))
    return ComparisonOutlook(
        strategies=options.strategies,
        training_sd=options.training_sd,
        correlation_between=comparison.BETWEEN,
        correlation_within=comparison.WITHIN,
        rows=tuple(rows),
    )


def _seeds(parts: PlannedParts, options: PlanOptions, runs: int) -> StudySketch:
    everybody, tested = ((part.cad, part.other) for part in (parts.everybody, parts.test))
    return StudySketch(
        options.auc, everybody, tested, options.strategies, runs, training_sd=options.training_sd
    )  # fmt: skip


def _folds_of_all(parts: PlannedParts, options: PlanOptions) -> StudySketch:
    everybody = parts.everybody.cad, parts.everybody.other
    tested = everybody[0] // 5, everybody[1] // 5
    return StudySketch(options.auc, everybody, tested, options.strategies, 5, True, options.training_sd)


def _compared(sketch: StudySketch) -> ComparisonRow:
    covariance = covariance_of(sketch)
    error = float(np.sqrt(2 * (covariance[0, 0] - covariance[0, 1])))
    quantile = quantile_against(covariance, sketch.freedom)
    return ComparisonRow(
        runs=sketch.runs,
        folds=sketch.folds,
        standard_error=error,
        quantile=quantile,
        smallest=smallest_seen(quantile, error),
    )
