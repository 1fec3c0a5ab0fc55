"""Data whose maps are turned or mirrored, all or a part of them, are told; maps that lie right are not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from edgecad.contract import Drawing, Preparation
from edgecad.contract.orientation import LEAST_PATIENTS
from edgecad.polarmap import TableReading
from edgecad.polarmap.orientation import OTHERS, SERIES, UPRIGHT, Turn, judged_series, orientation_of
from edgecad.polarmap.uptake import RIM
from edgecad.polarmap.uptake.drawing import drawn, mirrored
from edgecad_train.data import Case, DataFinding, Found, PreparedData, findings_about
from edgecad_train.data.checkup import check_up, lines_of
from edgecad_train.data.orientation import patient_means, reference_of
from edgecad_train.data.prepared import ScreenFacts
from edgecad_train.phantoms import draw_patient, percent_map
from edgecad_train.phantoms.orientation import map_means

SIZE, COUNT = 96, 100
LEFT_TO_RIGHT = next(turn for turn in OTHERS if turn.words == "mirrored left to right")
HALF_A_TURN = next(turn for turn in OTHERS if turn.words == "turned by 180 degrees")
HOW = Preparation(size=SIZE, input="uptake", drawing=Drawing())
Series = Callable[..., PreparedData]


@cache
def percent(index: int) -> np.ndarray:
    return cv2.resize(percent_map(draw_patient(81, index)), (256, 256), interpolation=cv2.INTER_AREA)


def image(index: int, turn: Turn) -> np.ndarray:
    """As training gets it; the map is turned at 256 pixels."""
    own = percent(index)
    lies = np.rot90(np.fliplr(own) if turn.mirrored else own, turn.degrees // 90)
    return drawn(mirrored(np.ascontiguousarray(lies), RIM), SIZE, HOW.drawing or Drawing())


@pytest.fixture(scope="module")
def series() -> Series:
    """Prepared phantoms, one a patient: `series(turns)` has each lie by the turn of its place."""

    def make(turns: Sequence[Turn], **changes: object) -> PreparedData:
        labels = [draw_patient(81, index).label for index in range(len(turns))]
        data = PreparedData(
            cases=tuple(Case(Path("d") / label / f"p{n}.jpg", label, f"p{n}") for n, label in enumerate(labels)),
            images=np.stack([image(index, turn) for index, turn in enumerate(turns)]),
            screens=(ScreenFacts("jpeg", 800, 600),) * len(turns),
            origin="phantom", sha256="d" * 64, refused=(), clashes=(), preparation=HOW,
            readings=(TableReading("iron", "contract", None, 0.4, "0" * 64),) * len(turns),
        )  # fmt: skip
        return dataclasses.replace(data, **changes)  # type: ignore[arg-type]

    return make


def told(data: PreparedData) -> list[DataFinding]:
    return [finding for finding in findings_about(data, {}) if finding.code.startswith("orientation")]


def test_means_of_prepared_images_are_those_of_the_maps(series: Series) -> None:
    found = patient_means(series([UPRIGHT] * 5))
    assert found is not None
    assert found.patients == ("p0", "p1", "p2", "p3", "p4")
    np.testing.assert_allclose(found.means, [map_means(percent(index)) for index in range(5)], atol=3)


def test_a_patient_with_two_scans_counts_once(series: Series) -> None:
    data = series([UPRIGHT, HALF_A_TURN, UPRIGHT])
    cases = (data.cases[0], dataclasses.replace(data.cases[1], patient="p0"), data.cases[2])
    found, apart = patient_means(dataclasses.replace(data, cases=cases)), patient_means(data)
    assert found is not None
    assert apart is not None
    assert found.patients == ("p0", "p2")
    np.testing.assert_allclose(found.means, [apart.means[:2].mean(axis=0), apart.means[2]])


def test_scans_that_lie_right_give_no_finding_and_a_line(series: Series) -> None:
    data = series([UPRIGHT] * COUNT)
    assert not told(data)
    checkup = check_up(Found(data.cases, "r"), data, {})
    assert checkup.orientation == f"orientation: the mean of {COUNT} patients lies as phantoms do"
    assert checkup.orientation in lines_of(checkup)


@pytest.mark.parametrize("turn", [LEFT_TO_RIGHT, HALF_A_TURN], ids=lambda turn: turn.words)
def test_scans_that_all_lie_wrong_are_a_finding_and_do_not_stop_training(series: Series, turn: Turn) -> None:
    data = series([turn] * COUNT)
    (finding,) = told(data)
    assert finding.code == "orientation"
    assert f"the scans look {turn.words}, all or many of them, {COUNT} patients taken together" in finding.text
    assert "held against phantoms" in finding.text
    assert "contact sheet" in finding.text
    checkup = check_up(Found(data.cases, "r"), data, {})
    assert checkup.would_stop is None
    assert msgspec.json.decode(msgspec.json.encode(checkup), type=type(checkup)) == checkup


@pytest.mark.parametrize("by", ["size of screen", "kind of file", "folder", "class"])
def test_a_group_that_lies_otherwise_than_the_rest_is_named_by_what_tells_it(series: Series, by: str) -> None:
    odd = [index % 4 == 0 for index in range(COUNT)]
    data = series([LEFT_TO_RIGHT if one else UPRIGHT for one in odd])
    small, png = ScreenFacts("jpeg", 640, 480), ScreenFacts("png", 800, 600)
    if by in ("size of screen", "kind of file"):
        other = small if by == "size of screen" else png
        data = dataclasses.replace(
            data, screens=tuple(other if o else s for s, o in zip(data.screens, odd, strict=True))
        )
    elif by == "folder":
        moved = [Case(Path("other") / c.label / c.path.name if o else c.path, c.label, c.patient)
                 for c, o in zip(data.cases, odd, strict=True)]  # fmt: skip
        data = dataclasses.replace(data, cases=tuple(moved))
    else:
        labels = ["nonCAD" if o else "CAD" for o in odd]
        data = dataclasses.replace(data, cases=tuple(
            Case(Path(label) / c.path.name, label, c.patient) for c, label in zip(data.cases, labels, strict=True)
        ))  # fmt: skip
    (finding,) = told(data)
    assert finding.code == "orientation-mixed"
    assert f"scans of one {by}, 25 patients, for example p0.jpg, look mirrored left to right" in finding.text
    assert finding.files == tuple(f"p{index}.jpg" for index in range(0, 40, 4))


def test_classes_that_differ_by_their_disease_alone_give_no_finding(series: Series) -> None:
    """Labelled by one artery's territory, each class looks like the other one mirrored top to bottom."""
    data = series([UPRIGHT] * COUNT)
    hit = ["RCA" in draw_patient(81, index).territories for index in range(COUNT)]
    assert min(sum(hit), COUNT - sum(hit)) >= SERIES
    cases = tuple(
        dataclasses.replace(case, label="CAD" if one else "nonCAD") for case, one in zip(data.cases, hit, strict=True)
    )
    labelled = dataclasses.replace(data, cases=cases)
    own, rest = patient_means(labelled, np.flatnonzero(hit)), patient_means(labelled, np.flatnonzero(~np.array(hit)))
    assert own is not None
    assert rest is not None
    reference = orientation_of(rest.means)
    assert reference is not None
    judged = judged_series(reference, own.means)
    assert judged is not None
    assert judged.turn is not None  # what would be told by the rest alone
    assert judged.turn.words == "mirrored top to bottom"
    assert not told(labelled)


def test_groups_that_lie_alike_give_no_finding(series: Series) -> None:
    data = series([UPRIGHT] * COUNT)
    screens = tuple(ScreenFacts("jpeg", 800 + 10 * (index % 3), 600) for index in range(COUNT))
    assert not told(dataclasses.replace(data, screens=screens))


def test_few_patients_and_colours_are_said_not_to_be_checked(series: Series, coloured: PreparedData) -> None:
    few = series([LEFT_TO_RIGHT] * (SERIES - 1))
    assert not told(few)
    words = check_up(Found(few.cases, "r"), few, {}).orientation
    assert words == "orientation: not checked, because fewer than 20 patients do not tell it"
    words = check_up(Found(coloured.cases, "r"), coloured, {}).orientation
    assert words is not None
    assert words.startswith("orientation: not checked, because the network sees the screen's own colours")
    assert reference_of(coloured, range(len(coloured.cases))) is None


def test_a_contract_keeps_how_the_learnt_patients_lie_and_nothing_of_few(series: Series) -> None:
    data = series([UPRIGHT] * COUNT)
    reference = reference_of(data, range(60))
    assert reference is not None
    assert reference.patients == 60
    assert reference_of(data, range(LEAST_PATIENTS - 1)) is None
    other, wrong = patient_means(data, range(60, COUNT)), patient_means(series([HALF_A_TURN] * COUNT), range(60, COUNT))
    assert other is not None
    assert wrong is not None
    judged = [judged_series(reference, each.means) for each in (other, wrong)]
    assert [one and one.turn for one in judged] == [None, HALF_A_TURN]
