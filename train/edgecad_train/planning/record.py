"""All that can be said of a planned study before a scan is read."""

from __future__ import annotations

from edgecad.contract import Origin
from edgecad.frozen import Frozen
from edgecad_train.planning.parts import PartCounts, PlannedParts


class ExpectedWidth(Frozen, frozen=True, kw_only=True):
    """Expected width of the 95 % interval of a sensitivity or specificity, at a true share."""

    share: float
    width: float


class ClassWidths(Frozen, frozen=True, kw_only=True):
    """The same of one class's patients at several shares."""

    patients: int
    widths: tuple[ExpectedWidth, ...]


class ExpectedAuc(Frozen, frozen=True, kw_only=True):
    """The 95 % interval of the expected area among so many patients (Newcombe 2006, method 5)."""

    among: str
    patients: PartCounts
    low: float
    high: float


class RuleOutlook(Frozen, frozen=True, kw_only=True):
    """What a rule of the threshold would rest on."""

    rule: str
    rests_on: int
    """Patients that choose, beyond the threshold in the tail that the rule allows; all of them for `balanced`."""
    shown_from: int | None
    """Patients of the class, all answered right, from whom on the share is shown; None for `balanced`."""
    tested: int
    """Patients of the class in the test part; of both for `balanced`."""


class ZoneOutlook(Frozen, frozen=True, kw_only=True):
    """The uncertain zone."""

    alpha: float
    patients: PartCounts
    least: int
    """Patients of each class without whom there is none."""
    wrong_up_to: float | None
    """Share of a class on the wrong side that 19 of 20 zones stay below; None where there is no zone."""


class ParameterOutlook(Frozen, frozen=True, kw_only=True):
    """Patients that a logistic regression of so many parameters wants, one figure a criterion."""

    parameters: int
    shrinkage: int
    optimism: int
    error: int | None


class DevelopmentOutlook(Frozen, frozen=True, kw_only=True):
    """Training: what formulas for regression say."""

    patients: int
    r2: float
    """Cox and Snell's, that the expected area implies."""
    largest_r2: float
    carried: int
    """Parameters that so many patients carry."""
    prevalence_from: int
    """Patients for a prevalence within 0.05."""
    rows: tuple[ParameterOutlook, ...]


class ValidationRow(Frozen, frozen=True, kw_only=True):
    """External validation on so many new patients."""

    patients: PartCounts
    auc_low: float
    auc_high: float
    slope_error: float
    """Standard error of the calibration slope."""
    ratio_error: float
    """Standard error of the log of observed over expected."""


class ValidationOutlook(Frozen, frozen=True, kw_only=True):
    """External validation: several sizes, and the sizes for wanted standard errors."""

    rows: tuple[ValidationRow, ...]
    slope_error: float
    patients_for_slope: int
    ratio_error: float
    patients_for_ratio: int


class ComparisonRow(Frozen, frozen=True, kw_only=True):
    """A study of strategies."""

    runs: int
    folds: bool
    standard_error: float
    """Of the difference of two strategies' mean areas."""
    quantile: float
    """Standard errors from which on a strategy is claimed to differ from the reference."""
    smallest: float
    """Difference of areas that is claimed 8 times in 10."""


class ComparisonOutlook(Frozen, frozen=True, kw_only=True):
    """What a study of strategies can show, and on which assumptions."""

    strategies: int
    training_sd: float
    correlation_between: float
    correlation_within: float
    rows: tuple[ComparisonRow, ...]


class CurvePoint(Frozen, frozen=True, kw_only=True):
    """One size of a learning curve: areas under the ROC curve, one a draw, on patients who did not teach."""

    share: float
    """Of those who may teach."""
    taught: int
    """Patients who taught each network."""
    areas: tuple[float, ...]


class LearningCurve(Frozen, frozen=True, kw_only=True):
    """What more patients taught a head on frozen features."""

    backbone: str
    features: str
    origin: Origin
    patients: PartCounts
    folds: int
    points: tuple[CurvePoint, ...]


class PlanRecord(Frozen, frozen=True, kw_only=True):
    """A plan, block by block; nothing in it passes or fails."""

    schema: int = 1
    prevalence: float
    auc: float
    balanced: float
    """Sensitivity and specificity where they are equal, if scores are normal and equally wide in both classes."""
    parts: PlannedParts
    sensitivity: ClassWidths
    specificity: ClassWidths
    width: float
    """That patients of the class are counted for, at a share of 0.9."""
    patients_for_width: int
    areas: tuple[ExpectedAuc, ...]
    rules: tuple[RuleOutlook, ...]
    zone: ZoneOutlook | None
    """None where none is wanted."""
    development: DevelopmentOutlook
    validation: ValidationOutlook
    comparison: ComparisonOutlook
    curve: LearningCurve | None = None
