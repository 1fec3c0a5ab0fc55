"""A folder of phantoms: what is in it, and that nobody else's files are ever lost."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

import edgecad
from edgecad.colourtables.known import known_table
from edgecad.errors import UsageError
from edgecad.polarmap.segments import SEGMENTS, segment_map
from edgecad_train.phantoms import DatasetSummary, draw_patient, write_dataset
from edgecad_train.phantoms.dataset import COLUMNS
from edgecad_train.phantoms.uptake import loss_wall, outline_mask
from edgecad_train.phantoms.ventricle import disc_from_wall

COUNT, SEED = 16, 12
Row = dict[str, str]


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> DatasetSummary:
    return write_dataset(tmp_path_factory.mktemp("folder") / "new" / "phantoms", COUNT, SEED)


@pytest.fixture(scope="module")
def rows(summary: DatasetSummary) -> list[Row]:
    with (summary.out / "labels.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


# --- contents ----------------------------------------------------------------------------------------------


def test_the_list_names_every_screen_once_and_in_its_labels_folder(summary: DatasetSummary, rows: list[Row]) -> None:
    assert tuple(rows[0]) == COLUMNS
    paths = [row["path"] for row in rows]
    assert len(set(paths)) == COUNT
    masks = {row["mask"] for row in rows if row["mask"]}
    assert _files(summary.out) == {*paths, *masks, "labels.csv", "PHANTOMS.json"}
    for row in rows:
        assert row["path"] == f"{row['label']}/{row['patient']}.jpg"
        assert row["label"] in ("CAD", "nonCAD")


def test_the_truth_behind_each_screen_agrees_with_itself(rows: list[Row]) -> None:
    area = {s.number: (s.outer**2 - s.inner**2) * s.span / 360 for s in SEGMENTS}
    assert {bool(row["territories"]) for row in rows} == {True, False}
    for row in rows:
        deficit, extent, severity = (float(row[name]) for name in ("deficit_percent", "extent", "severity"))
        assert row["noiseless_label"] == ("CAD" if deficit >= 2.5 else "nonCAD")
        segments = [int(number) for number in row["segments"].split()]
        territories = row["territories"].split()
        assert segments == sorted(set(segments))
        assert set(segments) <= set(range(1, 18))
        assert set(territories) <= {"LAD", "RCA", "LCx"}
        assert bool(territories) == (deficit > 0) == (severity > 0)
        assert 0 <= extent < 1
        assert 0 <= severity < 1
        if segments:
            # Each is covered by a quarter at least. On the wall the base is smaller than on the disc.
            assert extent > 0.25 * 0.5 * min(area[number] for number in segments)
            assert 0 < deficit < 100 * severity


def test_the_summary_counts_what_the_list_says(summary: DatasetSummary, rows: list[Row]) -> None:
    cad = sum(row["label"] == "CAD" for row in rows)
    turned = sum(row["label"] != row["noiseless_label"] for row in rows)
    assert (summary.patients, summary.cad, summary.disagreeing) == (COUNT, cad, turned)
    assert summary.prevalence == pytest.approx(cad / COUNT)
    assert summary.disagreement == pytest.approx(turned / COUNT)


def test_each_screen_shows_its_disc_where_the_list_says(summary: DatasetSummary, rows: list[Row]) -> None:
    y, x = np.mgrid[0:1068, 0:1640]
    for row in rows[:6]:
        screen = cv2.imread(str(summary.out / row["path"]))
        assert screen.shape == (1068, 1640, 3)
        off = np.hypot(x - int(row["disc_x"]), y - int(row["disc_y"])) - int(row["disc_diameter"]) / 2
        brightest = screen.max(axis=2)
        assert (brightest[off < -4] > 40).mean() > 0.99
        assert (brightest[(off > 6) & (off < 16)] < 40).all()


def test_the_mark_tells_where_the_folder_comes_from(summary: DatasetSummary, rows: list[Row]) -> None:
    mark = json.loads((summary.out / "PHANTOMS.json").read_text("utf-8"))
    assert (mark["schema"], mark["origin"], mark["palette"]) == (1, "phantom", None)
    assert (mark["seed"], mark["patients"], mark["cad"]) == (SEED, COUNT, summary.cad)
    assert mark["versions"] == {"edgecad": edgecad.__version__, "numpy": np.__version__, "opencv": cv2.__version__}
    assert "no patients" in mark["note"]
    masks = [row["mask"] for row in rows if row["mask"]]
    assert mark["files"] == [*(row["path"] for row in rows), *masks, "labels.csv"]


def test_a_mask_shows_where_the_defects_are(summary: DatasetSummary, rows: list[Row]) -> None:
    numbers = segment_map(128)
    for row in rows:
        assert row["mask"] == (f"masks/{row['patient']}.png" if row["territories"] else "")
        if not row["mask"]:
            continue
        content = (summary.out / row["mask"]).read_bytes()
        assert b"PHANTOM" in content
        assert len(content) < 1500
        mask = cv2.imread(str(summary.out / row["mask"]), cv2.IMREAD_UNCHANGED) == 255
        assert mask.shape == (128, 128)
        assert not mask[numbers == 0].any()
        patient = draw_patient(SEED, int(row["patient"].removeprefix("phantom-")) - 1)
        loss = disc_from_wall(loss_wall(patient.defects, patient.uptake.rotation), 128)
        assert mask[(loss > 0.06) & (numbers > 0)].all()
        assert not mask[loss < 0.04].any()
        outline = outline_mask(patient, 128)
        if row["severity"] > "0.2":
            assert not (outline & ~mask).any()
            assert outline.sum() < mask.sum()


def test_progress_is_told_after_each_screen(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write_dataset(tmp_path, 3, 0, progress=lambda done, every: told.append((done, every)))
    assert told == [(1, 3), (2, 3), (3, 3)]


# --- wrong uses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("patients", "seed"), [(0, 0), (-1, 0), (2, -1)])
def test_numbers_out_of_range_are_refused_before_anything_is_written(tmp_path: Path, patients: int, seed: int) -> None:
    with pytest.raises(UsageError, match="1 or more patients and a seed from 0"):
        write_dataset(tmp_path / "new", patients, seed)
    assert not (tmp_path / "new").exists()


def test_an_unknown_palette_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--palette"):
        write_dataset(tmp_path / "new", 2, 0, "violet")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["jet", "inverted-grey", "pet-20-step"])
def test_a_folder_is_drawn_in_any_known_table(tmp_path: Path, name: str) -> None:
    summary = write_dataset(tmp_path / name, 1, 0, name)
    assert summary.palette == name
    (path,) = (tmp_path / name).rglob("*.jpg")
    screen = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB).reshape(-1, 3).astype(float)
    disc = screen[screen.max(axis=1) > 30]
    near = np.linalg.norm(disc[::50, None] - known_table(name).colours_at(np.linspace(0, 100, 256))[None], axis=2)
    assert np.median(near.min(axis=1)) < 6


def test_a_file_in_the_place_of_the_folder_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="is not a folder"):
        write_dataset(tmp_path / "file", 2, 0, force=True)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_of_others_is_left_as_it_is(tmp_path: Path, force: bool) -> None:
    (tmp_path / "CAD").mkdir()
    (tmp_path / "CAD" / "phantom-0001.jpg").write_text("mine")
    with pytest.raises(UsageError, match="not empty and holds no phantoms"):
        write_dataset(tmp_path, 2, 0, force=force)
    assert _files(tmp_path) == {"CAD/phantom-0001.jpg"}
    assert (tmp_path / "CAD" / "phantom-0001.jpg").read_text() == "mine"


def test_phantoms_are_replaced_by_force_alone_and_with_them_only_their_own_files(tmp_path: Path) -> None:
    write_dataset(tmp_path, 3, 0)
    before = (tmp_path / "labels.csv").read_bytes()
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "CAD" / "mine.jpg").write_text("mine")
    with pytest.raises(UsageError, match="--force"):
        write_dataset(tmp_path, 2, 1)
    assert (tmp_path / "labels.csv").read_bytes() == before
    write_dataset(tmp_path, 2, 1, force=True)
    ours = {path for path in _files(tmp_path) if path.endswith("jpg")} - {"CAD/mine.jpg"}
    assert len(ours) == 2
    assert (tmp_path / "labels.csv").read_bytes() != before
    assert (tmp_path / "notes.txt").read_text() == (tmp_path / "CAD" / "mine.jpg").read_text() == "mine"


def test_an_interrupted_run_leaves_a_folder_that_force_replaces(tmp_path: Path) -> None:
    def stop(done: int, _: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_dataset(tmp_path, 3, 0, progress=stop)
    assert not (tmp_path / "labels.csv").exists()
    write_dataset(tmp_path, 1, 1, force=True)
    assert len([path for path in _files(tmp_path) if path.endswith("jpg")]) == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": 3}', "\u00ff"])
def test_a_mark_that_cannot_be_read_deletes_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "PHANTOMS.json").write_bytes(text.encode("latin-1"))
    (tmp_path / "labels.csv").write_text("mine")
    with pytest.raises(UsageError, match="cannot be read as a list of phantoms"):
        write_dataset(tmp_path, 1, 0, force=True)
    assert (tmp_path / "labels.csv").read_text() == "mine"


@pytest.mark.parametrize("how", ["dots", "absolute", "link"])
def test_a_mark_that_names_files_elsewhere_deletes_nothing(tmp_path: Path, how: str) -> None:
    other, out = tmp_path / "other.jpg", tmp_path / "out"
    other.write_text("mine")
    out.mkdir()
    (out / "labels.csv").write_text("first")
    (tmp_path / "phantom-0001.jpg").write_text("mine too")
    (out / "CAD").symlink_to(tmp_path)
    name = {"dots": "../other.jpg", "absolute": str(other), "link": "CAD/phantom-0001.jpg"}[how]
    (out / "PHANTOMS.json").write_text(json.dumps({"files": ["labels.csv", name]}))
    with pytest.raises(UsageError, match="outside its folder"):
        write_dataset(out, 1, 0, force=True)
    assert other.read_text() == "mine"
    assert (tmp_path / "phantom-0001.jpg").read_text() == "mine too"
    assert (out / "labels.csv").read_text() == "first"


def test_force_never_overwrites_a_file_that_is_not_its_own(tmp_path: Path) -> None:
    write_dataset(tmp_path, 1, 0)
    for label in ("CAD", "nonCAD"):
        (tmp_path / label / "phantom-0002.jpg").write_text("mine")
    with pytest.raises(UsageError, match="would be lost"):
        write_dataset(tmp_path, 2, 0, force=True)
    assert (tmp_path / "CAD" / "phantom-0002.jpg").read_text() == "mine"
    assert (tmp_path / "PHANTOMS.json").is_file()
