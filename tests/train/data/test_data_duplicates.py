"""One map under two patients is found although its files differ; two maps are not taken for one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgecad.colourtables.known import known_table
from edgecad.contract import Crop
from edgecad.polarmap import TableCandidates, prepare
from edgecad_train.data import Case, PreparedData
from edgecad_train.data.duplicates import NearDuplicate, across_parts, near_duplicates
from edgecad_train.phantoms import draw_patient, render_screen

Pixels = np.ndarray


def _as_jpeg(quality: int) -> Callable[[Pixels], Pixels]:
    def saved(screen: Pixels) -> Pixels:
        _, content = cv2.imencode(".jpg", screen, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR))

    return saved


def _resized(factor: float) -> Callable[[Pixels], Pixels]:
    return lambda screen: cv2.resize(screen, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def _written_on(screen: Pixels) -> Pixels:
    return cv2.putText(screen.copy(), "COPY 2", (30, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (255, 255, 255), 2)


AGAIN: dict[str, Callable[[Pixels], Pixels]] = {
    "PNG": lambda screen: screen,
    "good JPEG": _as_jpeg(90),
    "poor JPEG": _as_jpeg(30),
    "half as large": _resized(0.5),
    "larger": _resized(1.3),
    "moved": lambda screen: np.roll(screen, (9, -14), (0, 1)),
    "other text": _written_on,
}


@pytest.fixture(scope="module", params=["phantoms", "coloured"])
def with_copies(request: pytest.FixtureRequest) -> tuple[np.ndarray, tuple[Case, ...]]:
    """The phantoms as uptake and in their colours, and each way of saving one of them again under another patient."""
    data: PreparedData = request.getfixturevalue(request.param)
    images, cases = list(data.images), list(data.cases)
    for number, (way, saved) in enumerate(AGAIN.items()):
        screen = render_screen(draw_patient(3, number))
        images.append(prepare(np.ascontiguousarray(saved(screen)), data.preparation).image)
        cases.append(Case(Path(f"{way}.png"), "CAD", way))
    return np.stack(images), tuple(cases)


@pytest.mark.parametrize("name", ["phantoms", "coloured"])
def test_distinct_phantoms_are_no_duplicates(name: str, request: pytest.FixtureRequest) -> None:
    data: PreparedData = request.getfixturevalue(name)
    assert near_duplicates(data.images, data.cases) == ()


@pytest.mark.parametrize("steps", [None, 32, 20])
def test_a_map_in_another_colour_table_is_the_same_uptake(phantoms: PreparedData, steps: int | None) -> None:
    patient = draw_patient(3, 5)
    table = known_table(next(name for name in ("warm", "rainbow") if name != patient.palette))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            "edgecad_train.phantoms.screen.palette_named", lambda _: table.in_steps(steps) if steps else table
        )
        screen = render_screen(replace(patient, layout=replace(patient.layout, colour_bar=False)))
    again = prepare(screen, phantoms.preparation, candidates=TableCandidates(user=(table,)))
    images = np.concatenate([phantoms.images, again.image[None]])
    (pair,) = near_duplicates(images, (*phantoms.cases, Case(Path("again.png"), "CAD", "again")))
    assert pair.first.patient == "phantom-0006"


def test_every_way_of_saving_a_map_again_is_found_and_nothing_else(
    with_copies: tuple[np.ndarray, tuple[Case, ...]],
) -> None:
    pairs = near_duplicates(*with_copies)
    found = {(pair.first.patient, pair.second.patient) for pair in pairs}
    assert found == {(f"phantom-{number + 1:04d}", way) for number, way in enumerate(AGAIN)}
    assert min(pair.similarity for pair in pairs) > 0.99
    assert [pair.similarity for pair in pairs] == sorted((pair.similarity for pair in pairs), reverse=True)


def test_blocks_change_nothing(with_copies: tuple[np.ndarray, tuple[Case, ...]]) -> None:
    whole = near_duplicates(*with_copies)
    for block in (1, 7, 36):
        parts = near_duplicates(*with_copies, block=block)
        assert {(p.first, p.second) for p in parts} == {(p.first, p.second) for p in whole}


@pytest.mark.parametrize("crop", ["polar-map", "none"])
def test_similarity_is_numpys_correlation_of_what_maps_do_not_share(crop: Crop, phantoms: PreparedData) -> None:
    """Every pair, against `np.corrcoef` of thumbnails that were made another way."""
    images = phantoms.images[:12]
    grey = images.astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    small = grey.reshape(12, 32, 7, 32, 7).mean(axis=(2, 4))
    axis = np.arange(32) - 15.5
    within = np.hypot(*np.meshgrid(axis, axis)) <= (15 if crop == "polar-map" else 99)
    wanted = np.corrcoef(small[:, within] - small[:, within].mean(axis=0))
    pairs = near_duplicates(images, phantoms.cases[:12], crop, min_similarity=-1.1)
    assert len(pairs) == 66
    row = {case: number for number, case in enumerate(phantoms.cases[:12])}
    for pair in pairs:
        assert pair.similarity == pytest.approx(wanted[row[pair.first], row[pair.second]], abs=0.01)


def test_scans_of_one_patient_may_look_the_same(phantoms: PreparedData) -> None:
    images = np.concatenate([phantoms.images, phantoms.images[:1]])
    first = phantoms.cases[0]
    own = Case(Path("rest.jpg"), first.label, first.patient)
    assert near_duplicates(images, (*phantoms.cases, own)) == ()
    assert len(near_duplicates(images, (*phantoms.cases, Case(own.path, own.label, "other")))) == 1


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_scans_have_no_pairs(phantoms: PreparedData, count: int) -> None:
    assert near_duplicates(phantoms.images[:count], phantoms.cases[:count]) == ()


def test_pairs_within_one_part_or_outside_of_all_are_not_across() -> None:
    cases = {name: Case(Path(f"{name}.jpg"), "CAD", name) for name in "abcd"}
    pairs = tuple(NearDuplicate(cases[one], cases[other], 0.99) for one, other in ("ab", "ac", "ad"))
    assert across_parts(pairs, {"a": "train", "b": "train", "c": "test"}) == pairs[1:2]


def test_one_image_under_two_labels_is_called_so() -> None:
    one, other = Case(Path("x/a.jpg"), "CAD", "a"), Case(Path("x/b.jpg"), "nonCAD", "b")
    assert str(NearDuplicate(one, other, 0.991)).startswith("one image under two labels: a.jpg (CAD) and b.jpg")
    assert "two labels" not in str(NearDuplicate(one, Case(other.path, "CAD", "b"), 0.991))
