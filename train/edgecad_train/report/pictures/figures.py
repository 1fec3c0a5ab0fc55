"""One part of the data in four pictures: ROC, calibration, confusion and decision curve."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from edgecad.contract import Metric, Origin
from edgecad_train.classes import CLASSES, POSITIVE
from edgecad_train.evaluation.decision.points import Patients
from edgecad_train.evaluation.evaluation import Evaluation
from edgecad_train.evaluation.statistics.bands import Band
from edgecad_train.evaluation.statistics.calibration import Calibration, CalibrationBin
from edgecad_train.evaluation.statistics.confusion import Confusion
from edgecad_train.evaluation.statistics.intervals import proportion
from edgecad_train.evaluation.statistics.smooth import SmoothCalibration
from edgecad_train.report.parts import PARTS
from edgecad_train.report.pictures.drawing import ABOVE, BELOW, GREY, INK, new_figure, save, tidy, unit_square
from edgecad_train.report.wording import true_minus

NEGATIVE = next(name for name in CLASSES if name != POSITIVE)
SIZE = (4.6, 5.2)
"""Width and height of each picture, inches."""


def draw_evaluation(
    evaluation: Evaluation, origin: Origin, folder: Path, patients: Patients | None = None, whose: str = ""
) -> tuple[Path, ...]:
    """Write roc-, calibration-, confusion- and decision-curve-PART.png into `folder`.

    Args:
        patients: adds the histogram of their scores to the calibration.
        whose: what the titles call the patients; the part of the data by default.

    Returns:
        The four files, in this order.
    """
    figures = {
        "roc": _roc(evaluation),
        "calibration": _calibration(evaluation, patients),
        "confusion": _confusion(evaluation),
        "decision-curve": _decision_curve(evaluation),
    }
    for name, figure in figures.items():
        _title(figure.axes[0], evaluation, _TITLES[name].format(evaluation), whose or PARTS[evaluation.part])
    return tuple(save(figure, folder / f"{name}-{evaluation.part}.png", origin) for name, figure in figures.items())


_TITLES = {
    "roc": "ROC",
    "calibration": "calibration",
    "confusion": "answers at threshold {0.threshold:.3g}",
    "decision-curve": "decision curve",
}


def _title(axes: Axes, evaluation: Evaluation, what: str, whose: str) -> None:
    counts = evaluation.confusion
    words = f"{what}, {whose}\n{counts.positives} {POSITIVE}, {counts.negatives} {NEGATIVE}"
    axes.set_title(words, fontsize=10, color=INK)


def _roc(evaluation: Evaluation) -> Figure:
    figure = new_figure(*SIZE)
    axes = figure.subplots()
    unit_square(axes, "1 \N{MINUS SIGN} specificity", "sensitivity")
    axes.plot([0, 1], [0, 1], color=GREY, lw=1, ls="--", label="chance")
    curve = evaluation.roc
    if not curve.thresholds:
        axes.text(0.5, 0.5, "one class only: no curve", ha="center", color=INK)
        return figure
    _band(axes, curve.band, INK, "95 % at each point", "mid")
    axes.plot(curve.false_positive_rate, curve.true_positive_rate, color=INK, lw=1.8, label=_auc_words(evaluation))
    sensitivity, specificity = evaluation.metric("sensitivity_cad"), evaluation.metric("specificity_cad")
    if sensitivity and specificity:
        _operating_point(axes, sensitivity, specificity, evaluation.threshold)
    axes.legend(loc="lower right", fontsize=8.5, framealpha=0.9)
    return figure


def _auc_words(evaluation: Evaluation) -> str:
    auc = evaluation.metric("auc")
    return f"AUC {auc.value:.3f}\n95 % {auc.low:.3f} to {auc.high:.3f}" if auc else "model"


def _operating_point(axes: Axes, sensitivity: Metric, specificity: Metric, threshold: float) -> None:
    axes.errorbar(
        1 - specificity.value,
        sensitivity.value,
        xerr=[[specificity.high - specificity.value], [specificity.value - specificity.low]],
        yerr=[[sensitivity.value - sensitivity.low], [sensitivity.high - sensitivity.value]],
        fmt="D",
        color=INK,
        markerfacecolor="white",
        markersize=7,
        elinewidth=1.1,
        capsize=3,
        label=f"threshold {threshold:.3g}\nwith 95 % intervals",
    )


def _calibration(evaluation: Evaluation, patients: Patients | None) -> Figure:
    figure = new_figure(*SIZE)
    rows = figure.subplots(2, 1, height_ratios=[4, 1], sharex=True) if patients else [figure.subplots()]
    axes = rows[0]
    unit_square(axes, f"score, P({POSITIVE})", f"share labelled {POSITIVE}")
    axes.set_aspect("auto")  # or the histogram below would not stand under its scores
    axes.plot([0, 1], [0, 1], color=GREY, lw=1, ls="--", label="perfect")
    _smooth(axes, evaluation.calibration.smooth)
    _bins(axes, evaluation.calibration.bins)
    words = _slope_words(evaluation.calibration)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=2,
        fontsize=8.5,
        frameon=False,
        title=words,
        title_fontsize=8.5,
    )
    if patients:
        axes.set_xlabel("")
        _histogram(rows[1], patients)
    return figure


def _band(
    axes: Axes, band: Band | None, colour: str, label: str | None = None, step: Literal["mid"] | None = None
) -> None:
    """A band behind its curve; none of older runs, and where there is none."""
    if band is not None:
        axes.fill_between(
            band.at, band.low, band.high, step=step, color=colour, alpha=0.16, lw=0, label=label, zorder=1
        )


def _smooth(axes: Axes, smooth: SmoothCalibration | None) -> None:
    if smooth is not None and smooth.band is not None:
        _band(axes, smooth.band, INK)
        axes.plot(smooth.at, smooth.observed, color=INK, lw=1.8, label="smooth, 95 % at each point")


def _bins(axes: Axes, bins: tuple[CalibrationBin, ...]) -> None:
    scores, shares = [one.mean_score for one in bins], [one.observed for one in bins]
    bars = [[one.observed - one.low for one in bins], [one.high - one.observed for one in bins]]
    sizes = " to ".join(str(size) for size in sorted({min(one.n for one in bins), max(one.n for one in bins)}))
    label = f"{len(bins)} bin{'s' * (len(bins) > 1)} of {sizes} patients"
    look: dict[str, Any] = {"color": INK, "markerfacecolor": "white", "ms": 6, "elinewidth": 1.1, "capsize": 3}
    axes.errorbar(scores, shares, yerr=bars, fmt="o", label=label, **look)


def _slope_words(calibration: Calibration) -> str:
    def words(value: float | None, low: float | None, high: float | None) -> str:
        if value is None or low is None or high is None:
            return "not estimable"
        return true_minus(f"{value:.2f} ({low:.2f} to {high:.2f})")

    slope, intercept, smooth = calibration.slope, calibration.intercept, calibration.smooth
    distance = ""
    if smooth is not None:
        mean = f"mean distance (ICI) {words(smooth.ici.value, smooth.ici.low, smooth.ici.high)}"
        distance = f"\nno smooth curve: {smooth.reason}" if smooth.reason else f"\n{mean}"
    return (
        f"slope {words(slope.value, slope.low, slope.high)}\n"
        f"intercept {words(intercept.value, intercept.low, intercept.high)}{distance}"
    )


def _histogram(axes: Axes, patients: Patients) -> None:
    """Scores of both classes, back to back."""
    tidy(axes)
    edges = np.linspace(0, 1, 21)
    largest = 1
    for positive, sign, colour, name in ((True, 1, ABOVE, POSITIVE), (False, -1, BELOW, NEGATIVE)):
        counts, _ = np.histogram(patients.scores[patients.truth == positive], edges)
        axes.bar(edges[:-1], sign * counts, 0.046, align="edge", color=colour, edgecolor=INK, lw=0.5, label=name)
        largest = max(largest, int(counts.max()))
    axes.axhline(0, color=INK, lw=0.7)
    axes.set_ylim(-1.1 * largest, 1.1 * largest)
    axes.set_yticks([-largest, 0, largest], labels=[str(largest), "0", str(largest)])
    axes.set_ylabel("patients")
    axes.set_xlabel(f"score, P({POSITIVE})")
    axes.legend(fontsize=8, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 0.98), frameon=False)


def _confusion(evaluation: Evaluation) -> Figure:
    figure = new_figure(*SIZE)
    axes = figure.subplots()
    table = _counts(evaluation.confusion)
    for row, column in np.ndindex(2, 2):
        count, of = int(table[row, column]), int(table[row].sum())
        share = count / of if of else 0.0
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor=_mixed(INK, share), edgecolor="white", lw=3))
        ink = "white" if share > 0.45 else INK
        axes.text(column + 0.5, row + 0.17, "right" if row == column else "wrong", ha="center", fontsize=9.5, color=ink)
        axes.text(column + 0.5, row + 0.47, str(count), ha="center", fontsize=22, color=ink)
        words = f"{share:.1%} of {of}\n{_interval(count, of)}" if of else "no patients"
        axes.text(column + 0.5, row + 0.76, words, ha="center", fontsize=9.5, color=ink)
    axes.set_xlim(0, 2)
    axes.set_ylim(2, 0)
    axes.set_aspect("equal")
    axes.set_xticks([0.5, 1.5], labels=[f"above threshold:\n{POSITIVE}", f"below threshold:\n{NEGATIVE}"])
    axes.set_yticks([0.5, 1.5], labels=[f"labelled\n{POSITIVE}", f"labelled\n{NEGATIVE}"])
    axes.tick_params(length=0, colors=INK)
    axes.spines[:].set_visible(False)
    return figure


def _interval(count: int, of: int) -> str:
    found = proportion(count, of)
    return f"95 % {found.low:.1%} to {found.high:.1%}"


def _mixed(colour: str, share: float) -> tuple[float, float, float]:
    """The colour, the paler the smaller the share."""
    strength = 0.08 + 0.87 * share
    red, green, blue = (1 - strength * (1 - channel) for channel in to_rgb(colour))
    return red, green, blue


def _counts(counts: Confusion) -> NDArray[np.int64]:
    """Rows by label, columns by answer, both CAD first: `(2, 2)`."""
    return np.array(
        [[counts.true_positive, counts.false_negative], [counts.false_positive, counts.true_negative]], np.int64
    )


def _decision_curve(evaluation: Evaluation) -> Figure:
    figure = new_figure(*SIZE)
    axes = figure.subplots()
    tidy(axes)
    curve = evaluation.decision_curve
    _band(axes, curve.treat_all_band, GREY)
    _band(axes, curve.model_band, INK, "95 % at each threshold")
    axes.plot(curve.thresholds, curve.treat_all, color=GREY, lw=1.6, ls="--", label=f"call everybody {POSITIVE}")
    axes.axhline(0, color=GREY, lw=1.3, label=f"call nobody {POSITIVE}")
    axes.plot(curve.thresholds, curve.model, color=INK, lw=1.8, label="call by the score")
    own = f"the model's threshold {evaluation.threshold:.3g}"
    axes.axvline(evaluation.threshold, color=INK, lw=1.3, ls=":", label=own)
    highest = () if curve.model_band is None else curve.model_band.high
    top = max(*curve.model, *curve.treat_all, *highest, 0.05)
    axes.set_ylim(-0.25 * top, 1.08 * top)
    axes.set_xlim(0, 1)
    axes.set_xlabel(f"threshold on P({POSITIVE})")
    axes.set_ylabel("net benefit (true positives a patient)")
    figure.legend(fontsize=8.5, loc="outside lower center", ncols=2, frameon=False)
    return figure
