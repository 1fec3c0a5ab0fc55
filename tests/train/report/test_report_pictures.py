"""ROC, calibration, confusion and decision curve: what is drawn is what scikit-learn and arithmetic give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib import image as mpimg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from msgspec.structs import replace
from scipy.special import expit
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

from edgecad.contract import Decision
from edgecad_train.evaluation.decision.points import Patients
from edgecad_train.evaluation.evaluation import Evaluation, evaluate_part
from edgecad_train.evaluation.statistics.calibration import SLOPE
from edgecad_train.report.pictures import drawing
from edgecad_train.report.pictures import figures as pictures
from edgecad_train.report.pictures.figures import draw_evaluation

DECISION = Decision(threshold=0.4, rule="any", temperature=1.5)
NAMES = ("roc", "calibration", "confusion", "decision-curve")


def _patients(n: int = 60, apart: float = 1.2) -> tuple[np.ndarray, np.ndarray]:
    truth = np.arange(n) < 0.6 * n
    return truth, np.random.default_rng(2).normal(0, 1.5, n) + np.where(truth, apart, -apart)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[dict[str, Figure], Evaluation, Patients]:
    """The figures of one evaluation, before they become files."""
    figures: dict[str, Figure] = {}

    def keep(figure: Figure, path: Path, _: str) -> Path:
        figures[path.stem] = figure
        return path

    monkeypatch.setattr(pictures, "save", keep)
    truth, log_odds = _patients()
    evaluation = evaluate_part(truth, log_odds, DECISION, "test")
    patients = Patients(truth, expit(log_odds / DECISION.temperature))
    draw_evaluation(evaluation, "phantom", tmp_path, patients)
    return figures, evaluation, patients


def _texts(figure: Figure) -> str:
    axes = figure.axes
    keys = [*figure.legends, *(one.get_legend() for one in axes if one.get_legend())]
    legends = [text.get_text() for key in keys for text in key.get_texts()]
    titles = [key.get_title().get_text() for key in keys]
    return "\n".join([*(text.get_text() for one in axes for text in one.texts), *legends, *titles])


def test_the_roc_curve_has_the_area_of_scikit_learn_and_the_dot_of_the_threshold(
    drawn: tuple[dict[str, Figure], Evaluation, Patients],
) -> None:
    figures, evaluation, patients = drawn
    axes = figures["roc-test"].axes[0]
    x, y = (np.asarray(values) for values in axes.lines[1].get_data())
    assert np.trapezoid(y, x) == pytest.approx(roc_auc_score(patients.truth, patients.scores), abs=1e-12)
    said = patients.scores >= DECISION.threshold
    dot = (said[~patients.truth].mean(), said[patients.truth].mean())
    assert (float(axes.lines[2].get_xdata()[0]), float(axes.lines[2].get_ydata()[0])) == pytest.approx(dot)
    auc = evaluation.metric("auc")
    assert auc is not None
    assert f"AUC {auc.value:.3f}\n95 % {auc.low:.3f} to {auc.high:.3f}" in _texts(figures["roc-test"])


@pytest.mark.parametrize("right", [True, False])
def test_a_dot_in_a_corner_of_the_roc_curve_is_not_cut(
    right: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    figures: dict[str, Figure] = {}
    monkeypatch.setattr(pictures, "save", lambda figure, path, _: figures.setdefault(path.stem, figure) and path)
    truth = np.arange(12) < 6
    draw_evaluation(evaluate_part(truth, np.where(truth == right, 3.0, -3.0), DECISION, "test"), "phantom", tmp_path)
    figure = figures["roc-test"]
    figure.draw_without_rendering()
    axes = figure.axes[0]
    dot = axes.transData.transform((axes.lines[2].get_xdata()[0], axes.lines[2].get_ydata()[0]))
    radius = axes.lines[2].get_markersize() / 2 * figure.dpi / 72
    assert (dot - radius > axes.bbox.min).all()
    assert (dot + radius < axes.bbox.max).all()


def test_minus_signs_are_minus_signs() -> None:
    truth, log_odds = _patients()
    words = pictures._slope_words(evaluate_part(truth, -log_odds, DECISION, "test").calibration)
    assert "slope \N{MINUS SIGN}" in words
    assert "-" not in words


def test_the_histogram_under_the_calibration_counts_every_patient_once(
    drawn: tuple[dict[str, Figure], Evaluation, Patients],
) -> None:
    figures, evaluation, patients = drawn
    curve, histogram = figures["calibration-test"].axes
    heights = np.array([bar.get_height() for bar in histogram.patches])
    assert heights[heights > 0].sum() == patients.truth.sum()
    assert -heights[heights < 0].sum() == (~patients.truth).sum()
    (bins,) = (container for container in curve.containers if "bins" in container.get_label())
    x, y = (np.asarray(values) for values in bins.lines[0].get_data())
    sizes = [one.n for one in evaluation.calibration.bins]
    assert np.average(y, weights=sizes) == pytest.approx(patients.truth.mean())
    assert np.average(x, weights=sizes) == pytest.approx(patients.scores.mean())
    assert f"slope {evaluation.calibration.slope.value:.2f}" in _texts(figures["calibration-test"])


def test_bands_are_drawn_behind_their_curves_as_the_evaluation_has_them(
    drawn: tuple[dict[str, Figure], Evaluation, Patients],
) -> None:
    figures, evaluation, _ = drawn
    smooth, curve = evaluation.calibration.smooth, evaluation.decision_curve
    assert smooth is not None
    for name, bands in {
        "roc": [evaluation.roc.band],
        "calibration": [smooth.band],
        "decision-curve": [curve.treat_all_band, curve.model_band],
    }.items():
        shaded = figures[f"{name}-test"].axes[0].collections
        areas = [one for one in shaded if isinstance(one, PolyCollection)]
        assert len(areas) == len(bands)
        for area, band in zip(areas, bands, strict=True):
            assert band is not None
            heights = area.get_paths()[0].vertices[:, 1]
            assert (heights.min(), heights.max()) == pytest.approx((min(band.low), max(band.high)))
    line = next(one for one in figures["calibration-test"].axes[0].lines if "smooth" in str(one.get_label()))
    assert tuple(np.asarray(line.get_ydata())) == smooth.observed
    assert "mean distance (ICI)" in _texts(figures["calibration-test"])


def test_evaluations_from_before_the_bands_are_drawn_without(tmp_path: Path) -> None:
    truth, log_odds = _patients()
    now = evaluate_part(truth, log_odds, DECISION, "test")
    old = replace(
        now,
        roc=replace(now.roc, band=None),
        calibration=replace(now.calibration, smooth=None),
        decision_curve=replace(now.decision_curve, model_band=None, treat_all_band=None),
    )
    paths = draw_evaluation(old, "phantom", tmp_path)
    assert all(path.stat().st_size > 2000 for path in paths)
    assert [method for name, _, method in old.calibration.estimates if "intercept" in name] == [SLOPE]


def test_the_confusion_shows_counts_and_shares_of_each_row(
    drawn: tuple[dict[str, Figure], Evaluation, Patients],
) -> None:
    figures, _, patients = drawn
    said = patients.scores >= DECISION.threshold
    texts = [text.get_text() for text in figures["confusion-test"].axes[0].texts]
    wanted = []
    for label in (True, False):
        of = int((patients.truth == label).sum())
        for answer in (True, False):
            count = int(((patients.truth == label) & (said == answer)).sum())
            share = binomtest(count, of).proportion_ci(method="exact")
            interval = f"95 % {100 * share.low:.1f}% to {100 * share.high:.1f}%"
            wanted += [
                "right" if label == answer else "wrong",
                str(count),
                f"{100 * count / of:.1f}% of {of}\n{interval}",
            ]
    assert texts == wanted


def test_the_decision_curve_is_net_benefit_as_vickers_and_elkin_define_it(
    drawn: tuple[dict[str, Figure], Evaluation, Patients],
) -> None:
    figures, _, patients = drawn
    lines = {line.get_label(): line for line in figures["decision-curve-test"].axes[0].lines}
    x, y = (np.asarray(values) for values in lines["call by the score"].get_data())
    for threshold in (0.2, 0.5, 0.8):
        said = patients.scores >= threshold
        hits, alarms = (said & patients.truth).sum(), (said & ~patients.truth).sum()
        benefit = (hits - alarms * threshold / (1 - threshold)) / len(said)
        assert float(y[np.isclose(x, threshold)][0]) == pytest.approx(benefit)


@pytest.mark.parametrize("origin", ["phantom", "mixed", "patients"])
def test_four_pngs_that_are_not_blank_and_say_phantom_where_they_must(origin: str, tmp_path: Path) -> None:
    truth, log_odds = _patients()
    paths = draw_evaluation(evaluate_part(truth, log_odds, DECISION, "out-of-fold"), origin, tmp_path)
    assert [path.name for path in paths] == [f"{name}-out-of-fold.png" for name in NAMES]
    for path in paths:
        picture = mpimg.imread(path)
        assert min(picture.shape[:2]) > 500
        assert picture[..., :3].std() > 0.03
        red = (np.abs(picture[:45, :, :3] - np.array([0x8A, 0x1C, 0x1C]) / 255) < 0.02).all(axis=2)
        assert red.any() == (origin != "patients"), "the phantom line stands on top, in red"


@pytest.mark.parametrize(
    ("truth", "log_odds"),
    [
        (np.ones(6, bool), np.linspace(-2, 2, 6)),
        (np.arange(12) < 6, np.where(np.arange(12) < 6, 8.0, -8.0)),
        (np.arange(12) < 6, np.zeros(12)),
        (np.array([True, False]), np.array([1.0, -1.0])),
    ],
    ids=["one class", "classes apart", "all scores equal", "two patients"],
)
def test_degenerate_parts_are_drawn_and_not_estimable_is_said(
    truth: np.ndarray, log_odds: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures: dict[str, Figure] = {}
    save = pictures.save

    def keep(figure: Figure, path: Path, origin: str) -> Path:
        figures[path.stem] = figure
        return save(figure, path, origin)

    monkeypatch.setattr(pictures, "save", keep)
    monkeypatch.setattr(drawing, "DPI", 50)
    patients = Patients(truth, expit(log_odds))
    paths = draw_evaluation(evaluate_part(truth, log_odds, DECISION, "test"), "phantom", tmp_path, patients)
    assert all(path.stat().st_size > 2000 for path in paths)
    assert "slope not estimable" in _texts(figures["calibration-test"])
    assert "no smooth curve: " in _texts(figures["calibration-test"])
    assert ("one class only" in _texts(figures["roc-test"])) == bool(truth.all())


def test_the_same_evaluation_gives_the_same_bytes(tmp_path: Path) -> None:
    truth, log_odds = _patients(20)
    evaluation = evaluate_part(truth, log_odds, DECISION, "test")
    contents = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        contents.append([path.read_bytes() for path in draw_evaluation(evaluation, "phantom", tmp_path / name)])
    assert contents[0] == contents[1]
