"""Nothing on a screen but the uptake may know the label: a classifier that sees all the rest must guess."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("sklearn", reason="the leak test needs the extra edgecad[train]")

from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from edgecad_train.evaluation.statistics.auc import DELONG_NEWCOMBE, auc
from edgecad_train.evaluation.statistics.intervals import Interval
from edgecad_train.phantoms import PhantomPatient, draw_patient, population
from edgecad_train.phantoms.streams import Stream, stream

COUNT = 400
Features = npt.NDArray[np.float64]
Patients = tuple[PhantomPatient, ...]


@cache
def _patients(seed: int) -> Patients:
    return tuple(draw_patient(seed, index) for index in range(COUNT))


def _one_hot(values: list[list[str]], at_least: int = 8) -> Features:
    counted = Counter(word for words in values for word in set(words))
    known = sorted(word for word, times in counted.items() if at_least <= times < len(values))
    return np.array([[word in words for word in known] for words in values], np.float64)


def _surroundings(patients: Patients) -> Features:
    """Text, colour table, disc, colour bar: all that a screen shows beside the uptake."""
    layouts = [patient.layout for patient in patients]
    words = [[*p.layout.text.split(), p.layout.text_corner, p.palette] for p in patients]
    numbers = [
        (
            layout.diameter,
            layout.centre_x,
            layout.centre_y,
            layout.text_scale,
            layout.colour_bar,
            len(layout.text),
            sum(layout.text.count(sign) for sign in "0123456789"),
        )
        for layout in layouts
    ]
    return np.hstack([_one_hot(words), np.array(numbers, np.float64)])


def _health(patients: Patients) -> Features:
    """What varies in health and on the camera, and is no disease."""
    uptakes = [patient.uptake for patient in patients]
    return np.array(
        [
            (
                u.sex == "male",
                u.rotation,
                u.apical_thinning,
                u.basal_fall,
                u.septal_base,
                u.lateral_gain,
                u.attenuation,
                np.log(u.counts),
                u.system_fwhm,
                u.filter_fwhm,
                *u.waves,
            )
            for u in uptakes
        ],
        np.float64,
    )


def _with_deficit(patients: Patients) -> Features:
    return np.column_stack([_surroundings(patients), [patient.deficit for patient in patients]])


def _cross_validated(features: Features, patients: Patients) -> Interval:
    truth = np.array([patient.label == "CAD" for patient in patients])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    scores = cross_val_predict(model, features, truth, cv=folds, method="predict_proba")[:, 1]
    return auc(truth, scores)


@pytest.mark.parametrize("features", [_surroundings, _health], ids=["surroundings", "health"])
def test_what_is_not_disease_does_not_know_the_label(features: Callable[[Patients], Features]) -> None:
    patients = _patients(0)
    got = _cross_validated(features(patients), patients)
    assert got.method == DELONG_NEWCOMBE
    assert got.low <= 0.5 <= got.high, got


def test_the_same_classifier_finds_the_label_when_given_the_deficit() -> None:
    patients = _patients(0)
    assert _cross_validated(_with_deficit(patients), patients).low > 0.8


def _leaky(patient: PhantomPatient, leak: str) -> PhantomPatient:
    layout = patient.layout
    return {
        "colour bar": replace(patient, layout=replace(layout, colour_bar=True)),
        "machine": replace(patient, layout=replace(layout, text=layout.text.rsplit("  ", 1)[0] + "  CAMERA 2")),
        "palette": replace(patient, palette="warm"),
        "disc": replace(patient, layout=replace(layout, diameter=layout.diameter + 120)),
    }[leak]


@pytest.mark.parametrize("leak", ["colour bar", "machine", "palette", "disc"])
def test_the_leak_test_sees_a_leak_in_half_of_the_cad_screens(leak: str) -> None:
    patients = tuple(_leaky(p, leak) if p.label == "CAD" and p.index % 2 else p for p in _patients(0))
    assert _cross_validated(_surroundings(patients), patients).low > 0.5


@pytest.mark.parametrize(
    ("purpose", "may_change"),
    [
        (Stream.READER, {"label"}),
        (Stream.PALETTE, {"palette"}),
        (Stream.LAYOUT, {"layout"}),
        (Stream.TEXT, {"layout"}),
        # A turned axis moves defects on the wall's grid, and so their size by a hair.
        (Stream.UPTAKE, {"uptake", "deficit", "extent", "segments", "label"}),
        (Stream.DEFECTS, {"defects", "deficit", "extent", "segments", "label"}),
    ],
)
def test_other_random_numbers_change_what_they_are_for_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, purpose: Stream, may_change: set[str]
) -> None:
    before = _patients(0)[:60]

    def other(seed: int, index: int, asked: Stream) -> np.random.Generator:
        return stream(seed + 1000 if asked == purpose else seed, index, asked)

    monkeypatch.setattr(population, "stream", other)
    after = [draw_patient(0, index) for index in range(60)]
    changed = {
        name
        for one, two in zip(before, after, strict=True)
        for name in vars(one)
        if getattr(one, name) != getattr(two, name)
    }
    assert changed
    assert changed <= may_change
