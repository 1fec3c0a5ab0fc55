"""What is found about the data before training: duplicates, colour tables, leaks; as findings, lines and a page."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from scipy.stats import binomtest

from edgecad.contract import Preparation, Region
from edgecad_train.data import Case, Found, PreparedData, Refusal, findings_about, read_cases
from edgecad_train.data.checkup import Checkup, check_up, lines_of, run_check
from edgecad_train.data.findings import tables_of
from edgecad_train.data.input.seen import seen_words
from edgecad_train.data.prepared import Clash, ScreenFacts
from edgecad_train.data.sheet import SHOWN, chosen_rows
from edgecad_train.data.truth import DefectTruth

PARTS = ("train", "train", "validation", "test")


def part_of(data: PreparedData) -> dict[str, str]:
    return {case.patient: PARTS[number % 4] for number, case in enumerate(data.cases)}


def with_copy(data: PreparedData, patient: str, label: str) -> PreparedData:
    """The first scan once more, a little brighter, as somebody else's."""
    brighter = cv2.add(data.images[:1], 2 * (data.images[:1] > 20).astype(np.uint8))
    return dataclasses.replace(
        data,
        cases=(*data.cases, Case(Path("copy.png"), label, patient)),
        images=np.concatenate([data.images, brighter]),
        screens=(*data.screens, data.screens[0]),
        readings=(*data.readings, data.readings[0]),
    )


def codes(data: PreparedData, parts: dict[str, str] | None = None) -> list[str]:
    return [finding.code for finding in findings_about(data, parts or {})]


# --- findings ----------------------------------------------------------------------------------------------


def test_phantoms_as_they_are_drawn_give_no_finding_of_duplicates_or_leaks(phantoms: PreparedData) -> None:
    expected = {"rare-colour-table", "small-test-part"}  # of 30 phantoms a fourth is not much
    assert not [code for code in codes(phantoms, part_of(phantoms)) if code not in expected]


def _tested(data: PreparedData, cad: int, other: int) -> list[str]:
    """Findings about a test part of so many patients; all have the first scan's picture, which is not looked at."""
    labels = ["CAD"] * (cad + 5) + ["nonCAD"] * (other + 5)
    cases = tuple(Case(Path(f"{n}.jpg"), label, str(n)) for n, label in enumerate(labels))
    rows = np.arange(len(cases)) % len(data.cases)
    several = dataclasses.replace(
        data,
        cases=cases,
        images=data.images[rows],
        screens=tuple(data.screens[row] for row in rows),
        readings=tuple(data.readings[row] for row in rows),
    )
    tested = {case.patient for label, count in (("CAD", cad), ("nonCAD", other)) for case in
              [case for case in cases if case.label == label][:count]}  # fmt: skip
    parts = {case.patient: "test" if case.patient in tested else "train" for case in cases}
    return [finding.text for finding in findings_about(several, parts) if finding.code == "small-test-part"]


def test_a_test_part_is_small_where_even_a_faultless_class_could_not_be_shown_to_be_good(
    phantoms: PreparedData,
) -> None:
    (told,) = _tested(phantoms, 26, 16)
    low = binomtest(16, 16).proportion_ci(0.95, "exact").low
    assert low < 0.8 <= binomtest(17, 17).proportion_ci(0.95, "exact").low
    assert told.startswith("the test part is small, 26 CAD and 16 nonCAD: with all nonCAD right")
    assert f"begin at {low:.0%}" in told
    assert not _tested(phantoms, 26, 17)
    (told,) = _tested(phantoms, 3, 0)
    assert "begin at 0%" in told


def test_a_copy_in_another_part_is_said_with_both_parts(phantoms: PreparedData) -> None:
    label = phantoms.cases[0].label
    data = with_copy(phantoms, "copy", label)
    first = data.cases[0].path.name
    found = {f.code: f for f in findings_about(data, {**part_of(phantoms), "copy": "test"})}
    finding = found["near-duplicate-across-parts"]
    assert "in train and test" in finding.text
    assert finding.files == (first, "copy.png")
    assert "near-duplicate" in codes(data, {**part_of(phantoms), "copy": "train"})
    assert "near-duplicate" in codes(data)


def test_one_image_under_two_labels_is_said_as_such(phantoms: PreparedData) -> None:
    other = "nonCAD" if phantoms.cases[0].label == "CAD" else "CAD"
    data = with_copy(phantoms, "copy", other)
    finding = next(f for f in findings_about(data, {}) if f.code == "one-image-two-labels")
    assert "one image under two labels" in finding.text


@pytest.mark.parametrize("name", ["phantoms", "coloured"])
def test_a_colour_table_of_few_scans_is_named_with_them(name: str, request: pytest.FixtureRequest) -> None:
    phantoms: PreparedData = request.getfixturevalue(name)
    tables = tables_of(phantoms)
    rows = np.flatnonzero(tables.group == 0)[:12]
    odd = int(tables.rows(1)[0])
    many = np.concatenate([np.tile(rows, 4), [odd]])
    data = dataclasses.replace(
        phantoms,
        cases=tuple(Case(Path(f"{n}.jpg"), phantoms.cases[row].label, str(row)) for n, row in enumerate(many)),
        images=phantoms.images[many],
        screens=tuple(phantoms.screens[row] for row in many),
        readings=tuple(phantoms.readings[row] for row in many if phantoms.readings),
    )
    finding = next(f for f in findings_about(data, {}) if f.code == "rare-colour-table")
    assert finding.files == (f"{len(many) - 1}.jpg",)
    assert f"has 1 scan of {len(many)}" in finding.text


@pytest.mark.parametrize("name", ["phantoms", "coloured"])
def test_a_colour_table_that_is_the_label_is_a_leak(name: str, request: pytest.FixtureRequest) -> None:
    phantoms: PreparedData = request.getfixturevalue(name)
    table = tables_of(phantoms).group
    cases = tuple(
        Case(case.path, "CAD" if table[row] == 0 else "nonCAD", case.patient) for row, case in enumerate(phantoms.cases)
    )
    found = {f.code: f.text for f in findings_about(dataclasses.replace(phantoms, cases=cases), {})}
    assert "the colour table goes together with the label (Cramer's V 1.00" in found["leak-colour-table"]


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        ("leak-kind-of-file", (ScreenFacts("png", 1640, 1068), ScreenFacts("jpeg", 1640, 1068))),
        ("leak-size-of-screen", (ScreenFacts("jpeg", 1280, 1024), ScreenFacts("jpeg", 1640, 1068))),
    ],
)
def test_files_that_tell_the_label_are_a_leak(
    code: str, facts: tuple[ScreenFacts, ScreenFacts], phantoms: PreparedData
) -> None:
    screens = tuple(facts[case.label == "CAD"] for case in phantoms.cases)
    assert [c for c in codes(dataclasses.replace(phantoms, screens=screens)) if c.startswith("leak")] == [code]


def test_left_out_duplicates_and_clashes_are_findings(phantoms: PreparedData) -> None:
    data = dataclasses.replace(
        phantoms,
        refused=(Refusal(Path("again.jpg"), "duplicate", "the same scan"), Refusal(Path("x.jpg"), "missing", "gone")),
        clashes=(Clash(phantoms.cases[0], phantoms.cases[1], same_file=True),),
    )
    found = {f.code: f for f in findings_about(data, {})}
    assert found["duplicates"].files == ("again.jpg",)
    assert phantoms.cases[1].path.name in found["clash"].files


# --- the checkup -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def spoilt(phantoms: PreparedData, tmp_path_factory: pytest.TempPathFactory) -> tuple[Found, PreparedData]:
    """Copies of the phantoms, of which one is gone, one is blank and one was saved again as another patient's."""
    folder = tmp_path_factory.mktemp("spoilt")
    cases = []
    for case in phantoms.cases:
        path = folder / case.path.name
        path.write_bytes(case.path.read_bytes())
        cases.append(Case(path, case.label, case.patient))
    cases[3].path.unlink()
    cv2.imwrite(str(cases[4].path), np.zeros((300, 400, 3), np.uint8))
    cv2.imwrite(str(folder / "again.jpg"), cv2.imread(str(cases[0].path)), [cv2.IMWRITE_JPEG_QUALITY, 50])
    cases.append(Case(folder / "again.jpg", cases[0].label, "again"))
    found = Found(tuple(cases), "the file's stem")
    return found, read_cases(found.cases, Preparation(size=64))


@pytest.fixture(scope="module")
def checkup(spoilt: tuple[Found, PreparedData], tmp_path_factory: pytest.TempPathFactory) -> tuple[Checkup, Path]:
    found, data = spoilt
    out = tmp_path_factory.mktemp("out") / "data-check"
    return run_check(found, data, part_of(data), out), out


def test_the_checkup_counts_patients_scans_and_parts(
    spoilt: tuple[Found, PreparedData], checkup: tuple[Checkup, Path]
) -> None:
    found, data = spoilt
    told, _ = checkup
    assert (told.found, sum(told.kept.scans.values()), told.origin) == (31, 29, "mixed")
    for label in ("CAD", "nonCAD"):
        own = {case.patient for case in data.cases if case.label == label}
        assert told.kept.patients[label] == len(own)
        assert sum(part.patients[label] for part in told.parts.values()) == len(own)
        assert sum(table.counted.scans[label] for table in told.colour_tables) == told.kept.scans[label]
    assert list(told.parts) == ["train", "validation", "test"]
    assert [(entry.file, entry.reason) for entry in told.refused] == [
        (found.cases[3].path.name, "missing"),
        (found.cases[4].path.name, "blank"),
    ]
    assert "2 of 31 scans were refused" in str(told.would_stop)
    assert {"near-duplicate", "near-duplicate-across-parts"} & {finding.code for finding in told.findings}


def test_the_file_holds_the_checkup(checkup: tuple[Checkup, Path], spoilt: tuple[Found, PreparedData]) -> None:
    told, out = checkup
    assert msgspec.json.decode((out / "checkup.json").read_bytes(), type=Checkup) == told
    assert check_up(*spoilt, part_of(spoilt[1])) == told
    assert sorted(path.name for path in out.iterdir()) == ["checkup.json", "contact-sheet.png"]


def test_the_lines_say_what_would_happen(checkup: tuple[Checkup, Path]) -> None:
    text = "\n".join(lines_of(checkup[0]))
    for words in (
        "31 scans found, 29 kept; origin: mixed  (PHANTOM AND PATIENT DATA MIXED: no result)",
        "patient: the file's stem",
        "left out: 2 (missing 1, blank 1)",
        "there is no such file",
        "table 1",
        "finding: ",
        "look the same",
        "training would stop: 2 of 31 scans were refused",
    ):
        assert words in text
    assert all(len(part.split()) == 4 for part in lines_of(checkup[0]) if part.strip().startswith(("train ", "test")))


def test_good_data_have_short_lines(phantoms: PreparedData) -> None:
    found = Found(phantoms.cases, "the file's stem")
    told = check_up(found, phantoms, {})
    assert told.would_stop is None
    assert told.parts == {}
    text = "\n".join(lines_of(told))
    assert "left out: none" in text
    assert "would stop" not in text


def test_a_checkup_says_of_how_many_scans_the_defect_is_known(phantoms: PreparedData) -> None:
    told = [
        case if number < 3 else dataclasses.replace(case, defect=None) for number, case in enumerate(phantoms.cases)
    ]
    told[:3] = [dataclasses.replace(case, defect=DefectTruth.of_segments([4])) for case in told[:3]]
    for cases, known in ((told, 3), ([dataclasses.replace(case, defect=None) for case in told], 0)):
        data = dataclasses.replace(phantoms, cases=tuple(cases))
        checkup = check_up(Found(data.cases, "the file's stem"), data, {})
        assert checkup.defects_known == known
        assert ("the defect is known of 3 scans" in lines_of(checkup)) == (known == 3)


def test_data_of_which_nothing_is_left_are_checked_as_well(tmp_path: Path) -> None:
    cases = tuple(Case(tmp_path / f"{n}.jpg", "CAD" if n % 2 else "nonCAD", str(n)) for n in range(12))
    data = read_cases(cases, Preparation(size=64))
    told = run_check(Found(cases, "the file's stem"), data, {}, tmp_path / "out")
    assert sum(told.kept.scans.values()) == 0
    assert "12 of 12" in str(told.would_stop)
    assert cv2.imread(str(tmp_path / "out" / "contact-sheet.png")) is not None


# --- the page ----------------------------------------------------------------------------------------------


def test_the_page_is_a_picture_with_screens_on_it(checkup: tuple[Checkup, Path]) -> None:
    page = cv2.imread(str(checkup[1] / "contact-sheet.png"))
    assert page.shape[1] == 1500
    assert 1000 < page.shape[0] < 3000
    colourful = np.ptp(page.astype(int), axis=2) > 60
    assert 0.02 < colourful.mean() < 0.5


def test_the_page_shows_every_colour_table_and_class(phantoms: PreparedData) -> None:
    tables = tables_of(phantoms)
    rows = chosen_rows(phantoms, tables)
    assert len(rows) == len(set(rows)) == SHOWN
    present = {(int(tables.group[row]), case.label) for row, case in enumerate(phantoms.cases)}
    assert {(int(tables.group[row]), phantoms.cases[row].label) for row in rows} == present


def test_who_may_see_the_page_is_written_on_it(phantoms: PreparedData, tmp_path: Path, words: list[str]) -> None:
    found = Found(phantoms.cases, "the file's stem")
    for origin, warning in (("patients", "contains patient screens: do not share"), ("phantom", "PHANTOM screens")):
        words.clear()
        run_check(found, dataclasses.replace(phantoms, origin=origin), {}, tmp_path)
        assert words[0] == warning
    (tmp_path / "unread.jpg").write_bytes(b"who knows whose")
    refused = (Refusal(tmp_path / "unread.jpg", "not-an-image", "no picture"),)
    words.clear()
    run_check(found, dataclasses.replace(phantoms, refused=refused), {}, tmp_path)
    assert words[0] == "contains patient screens: do not share"
    seen = seen_words(phantoms.preparation)
    assert words[1] == f"kept: the screen, and what the network would see: {seen} (12 of 30)"


def test_the_region_is_framed_on_the_page(phantoms: PreparedData, tmp_path: Path) -> None:
    region = Region(x=20, y=20, width=1600, height=1000, screen_width=1640, screen_height=1068)
    found = Found(phantoms.cases, "the file's stem")
    frame = (59, 176, 255)  # BGR
    framed = []
    for preparation in (Preparation(size=224), Preparation(size=224, region=region)):
        run_check(found, dataclasses.replace(phantoms, preparation=preparation), {}, tmp_path)
        page = cv2.imread(str(tmp_path / "contact-sheet.png"))
        framed.append(int((np.abs(page.astype(int) - frame).max(axis=2) < 8).sum()))
    assert framed[1] > framed[0] + 12 * 2 * (200 + 120)
