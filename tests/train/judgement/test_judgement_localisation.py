"""`edgecad evaluate` tells whether heat maps show the defect: of phantoms, of CSV columns, of folders of masks."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing, HeatmapScale, Preparation
from edgecad.frozen import struct_from_json
from edgecad.polarmap import disc_mask
from edgecad_train.data import find_cases, prepare_cases
from edgecad_train.evaluation.localisation.defect import peak_on_defect
from edgecad_train.judgement.models import open_model
from edgecad_train.judgement.record import EvaluationRecord
from edgecad_train.judgement.words import lines_of

Run = Callable[..., Any]
DARKNESS = Preparation(
    size=64,
    input="uptake",
    tables=tuple(known_table(name) for name in ("warm", "iron", "rainbow", "grey")),
    drawing=Drawing(table="inverted-grey"),
)
DARK = {
    "preparation": DARKNESS,
    "heatmap": HeatmapScale(full_scale=6.0, region_threshold=3.0),
    "tilt": (1.0, 0.0, 0.0),
}
"""Of a run whose map of CAD is darkness, by which it scores."""


@pytest.fixture
def phantoms(phantom_folder: Path, tmp_path: Path) -> Path:
    """Five of each class, whole with their truth, as `edgecad phantom` leaves them."""
    folder = tmp_path / "data"
    shutil.copytree(phantom_folder, folder)
    for label in ("CAD", "nonCAD"):
        for path in sorted((folder / label).iterdir())[5:]:
            path.unlink()
    return folder


@pytest.fixture
def judge(edgecad_here: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `edgecad evaluate MODEL DATA OPTIONS --json`, without pictures; give what it printed."""
    monkeypatch.setattr("edgecad_train.judgement.report.page.draw_judgement", lambda _: ())

    def run(model: Path, data: Path, *options: object) -> dict[str, Any]:
        out = f"out-{len(list(Path().iterdir()))}"
        answer = edgecad_here("evaluate", model, data, "--json", "--out", out, *options)
        assert answer.code == 0, answer.stderr
        return {"stderr": answer.stderr, **json.loads(answer.stdout)}

    return run


def rows_of(told: dict[str, Any], name: str = "localisation.csv") -> list[dict[str, str]]:
    with (Path(told["folder"]) / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def figure(told: dict[str, Any], group: str, name: str) -> float:
    return float(next(one["value"] for one in told["localisation"][group]["figures"] if one["name"] == name))


def test_phantoms_tell_whether_the_map_shows_the_defect(judge: Run, make_run: Run, phantoms: Path) -> None:
    """The score of this run is the darkness of the map, so its map is darkness."""
    run = make_run(**DARK)
    told = judge(run, phantoms)
    rows, cases = rows_of(told), find_cases(phantoms).cases
    assert [int(row["scan"]) for row in rows] == list(range(len(cases)))
    assert [row["patient"] for row in rows] == [case.patient for case in cases]
    assert told["localisation"]["truths"] == {"mask": sum(case.defect is not None for case in cases)}
    judged = [row for row in rows if row["truth"] and float(row["deficit"]) >= 3.5 and float(row["score"]) >= 0.5]
    assert told["localisation"]["judged"]["scans"] == len(judged) > 0
    hits = np.mean([int(row["peak_on_defect"]) for row in judged])
    assert figure(told, "judged", "peak_on_defect") == pytest.approx(hits)
    assert figure(told, "judged", "map_auc") == pytest.approx(
        np.mean([float(row["map_auc"]) for row in judged]), abs=1e-5
    )
    above = [row for row in rows if row["above"] == "1"]
    assert told["localisation"]["above"]["scans"] == len(above)
    assert figure(told, "above", "map_and_uptake") < -0.9
    assert figure(told, "above", "region_not_colder") == 0


def test_a_map_of_the_warm_wall_is_found_out(judge: Run, make_run: Run, phantoms: Path) -> None:
    run = make_run(**DARK, classes=("nonCAD", "CAD"))
    told = judge(run, phantoms)
    found = [float(row["map_and_uptake"]) for row in rows_of(told)]
    assert min(found) > 0
    assert np.mean(found) > 0.8


def test_rows_are_what_the_runtimes_formula_gives(make_run: Run, judge: Run, phantoms: Path) -> None:
    run = make_run(**DARK)
    rows, model = rows_of(judge(run, phantoms)), open_model(run)
    cases = find_cases(phantoms).cases
    images = prepare_cases(cases, DARKNESS).images
    given = model.answers(np.asarray(images))
    logits, maps = given.logits, given.maps
    assert maps is not None
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), logits[:, 0] - logits[:, 1] - _bias(model), atol=1e-4)
    for row, case, shown in zip(rows, cases, maps, strict=True):
        assert (row["truth"] == "mask") == (case.defect is not None)
        if case.defect is not None:
            assert row["peak_on_defect"] == str(int(peak_on_defect(shown, case.defect.mask)))


def _bias(model: Any) -> float:
    """Log-odds of CAD of a black image: its map is nought."""
    logits = model.logits(np.zeros((1, 64, 64, 3), np.uint8))
    return float(logits[0, 0] - logits[0, 1])


def test_a_run_and_its_exported_model_have_the_same_maps(
    make_run: Run, model_folder: Path, phantoms: Path, judge: Run
) -> None:
    one, other = (judge(model, phantoms) for model in (make_run(), model_folder))
    for ours, theirs in zip(rows_of(one), rows_of(other), strict=True):
        assert ours["peak_on_defect"] == theirs["peak_on_defect"]
        if ours["map_auc"]:
            assert float(ours["map_auc"]) == pytest.approx(float(theirs["map_auc"]), abs=1e-3)
    assert one["localisation"]["truths"] == other["localisation"]["truths"]


def test_a_rival_has_lines_and_figures_of_its_own(
    make_run: Run, model_folder: Path, phantoms: Path, judge: Run
) -> None:
    told = judge(make_run(), phantoms, "--against", model_folder)
    assert len(rows_of(told, "localisation-against.csv")) == len(rows_of(told))
    assert told["against_localisation"]["truths"] == told["localisation"]["truths"]


def test_data_without_defects_say_so_and_compare_with_uptake(make_run: Run, few_phantoms: Path, judge: Run) -> None:
    told = judge(make_run(**DARK), few_phantoms)
    assert told["localisation"]["judged"] is None
    assert told["localisation"]["truths"] == {}
    record = struct_from_json((Path(told["folder"]) / "metrics.json").read_bytes(), EvaluationRecord, "it", "")
    words = "\n".join(lines_of(record))
    assert "heat maps: no scan comes with its defect (columns mask or segments, or --masks)" in words
    assert "map and uptake, correlation" in words
    assert "peak lies" not in words


def test_segments_and_a_folder_of_masks_come_with_any_data(
    make_run: Run, few_phantoms: Path, judge: Run, tmp_path: Path
) -> None:
    run = make_run(**DARK)
    table = tmp_path / "table.csv"
    cases = find_cases(few_phantoms).cases
    with table.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "label", "patient", "segments"])
        rows.writerows([case.path, case.label, case.patient, "1;2;7" if case.label == "CAD" else ""] for case in cases)
    told = judge(run, table)
    assert told["localisation"]["truths"] == {"segments": sum(case.label == "CAD" for case in cases)}
    masks = tmp_path / "read"
    masks.mkdir()
    upper = disc_mask(64) & (np.arange(64) < 32)[:, None]
    cv2.imwrite(str(masks / f"{cases[0].path.stem}.png"), upper.astype(np.uint8) * 255)
    told = judge(run, few_phantoms, "--masks", masks)
    assert told["localisation"]["truths"] == {"mask": 1}
    (row,) = (row for row in rows_of(told) if row["truth"])
    assert row["patient"] == cases[0].patient
    assert float(row["chance"]) == pytest.approx(0.5, abs=0.01)


def test_bad_segments_are_a_usage_error_of_one_line(edgecad_here: Run, make_run: Run, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("path,label,patient,segments\na.jpg,CAD,a,4;21\nb.jpg,nonCAD,b,\n")
    answer = edgecad_here("evaluate", make_run(), table)
    assert answer.code == 2
    assert "line 2: segments '4;21'; wanted: numbers from 1 to 17" in answer.stderr
    assert "Traceback" not in answer.stderr
