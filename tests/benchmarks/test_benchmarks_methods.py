"""The benchmark of other systems pairs what it compares, says the worst first, goes on after a kill, and adds up."""

from __future__ import annotations

import csv
import importlib
import json
from pathlib import Path
from types import ModuleType, SimpleNamespace

import cv2
import msgspec
import numpy as np
import pytest

from edgecad_train.study.results.unit_run import UnitScores

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "methods.py"
SMALL = (
    "--weights", "none", "--runs", "2", "--folds", "2", "--patients", "24", "--rules", "deficit",
    "--train-options", "warmup-epochs", "1", "finetune-epochs", "1",
)  # fmt: skip


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    names = ("maps", "options", "studies", "tabling", "times", "words")
    return SimpleNamespace(**{name: importlib.import_module(f"measures.methods.{name}") for name in names})


def _answers(seed: int, better: float, names: str = "p") -> list[tuple[SimpleNamespace, ...]]:
    """Two seeds of two folds of 40 patients each, whose scores part the classes by `better`; without heat maps."""
    draw, runs = np.random.default_rng(seed), []
    truth = np.arange(40) % 2 == 0
    for fold in range(4):
        log_odds = (
            np.random.default_rng(100 + fold).normal(size=40) + truth + better * truth + 0.1 * draw.normal(size=40)
        )
        patients = tuple(f"{names}{fold % 2}-{number}" for number in range(40))
        scores = UnitScores(patients, truth, 1 / (1 + np.exp(-log_odds)), 0.5)
        runs.append(SimpleNamespace(tested=scores, located=()))
    return [tuple(runs[:2]), tuple(runs[2:])]


def test_seeds_are_other_patients_and_folds_share_theirs_out(room: SimpleNamespace) -> None:
    seeds = [[room.tabling._shared([run]) for run in runs] for runs in _answers(0, 0.5)]
    areas, one = room.tabling._areas(seeds), room.tabling._areas(seeds[:1])
    assert areas.each.shape == (1, 2)
    assert (areas.positives, areas.negatives, one.positives) == (80, 80, 40)
    assert areas.each[0, 0] == pytest.approx(one.means[0])
    twice = room.tabling._areas([seeds[0], seeds[0]])
    assert twice.patients[0, 0] == pytest.approx(one.patients[0, 0] / 2)
    # What is not patients' is training's: two seeds that are the same show none of it.
    assert np.trace(twice.within) == pytest.approx(one.patients[0, 0])


def test_differences_are_paired_and_other_test_parts_are_not_compared(room: SimpleNamespace) -> None:
    done = {
        "two-stage": _answers(1, 0.0),
        "normal-limits": _answers(2, 3.0),
        "segments-svm": _answers(1, 0.0),
        "vgg16-maps": _answers(3, 0.0, names="other"),
    }
    rows = {row.system: row for row in room.tabling._rows(done)}
    above = rows["normal-limits"].less["two-stage"]
    assert above.value == pytest.approx(rows["normal-limits"].auc.value - rows["two-stage"].auc.value)
    assert 0 < above.low < above.value < above.high
    assert rows["segments-svm"].less["two-stage"].value == 0
    assert (rows["two-stage"].may_be_best, rows["normal-limits"].may_be_best) == (False, True)
    assert (rows["vgg16-maps"].less, rows["vgg16-maps"].may_be_best) == ({}, None)
    said = rows["two-stage"]
    own = [run.tested for runs in done["two-stage"] for run in runs]
    assert said.sensitivity.value == np.mean([scores.scores[scores.truth] >= 0.5 for scores in own])
    assert said.specificity.value == np.mean([scores.scores[~scores.truth] < 0.5 for scores in own])
    assert len(said.by_seed) == 2


def test_the_worst_is_said_first(room: SimpleNamespace) -> None:
    interval = room.tabling.Interval
    done = {"normal-limits": _answers(2, 3.0), "segments-svm": _answers(1, 0.1), "two-stage": _answers(1, 0.0)}
    first, second, last = sorted(room.tabling._rows(done), key=lambda row: -row.auc.value)
    maps = {"peak_on_defect": interval(0.5, 0.4, 0.6, 80, "")}
    rows = (first, second, msgspec.structs.replace(last, maps=maps, maps_of=80))
    table = room.tabling.SystemsTable("deficit", 160, 80, interval(0.96, 0.95, 0.97, 160, ""), rows, ("rgb-cnn",))
    found = room.tabling.SystemsFound("mobilenetv2", "none", 80, 2, 2, (table,), None)
    time = room.times.SystemTime("segments-svm", 2, 70.0, 0.0, 90.0, 100.0)
    allowed = room.times.SystemTime("rgb-cnn", 1, 700.0, 0.0, 710.0, 900.0)
    first, *others = room.words.section(found, room.times.TimesFound("mobilenetv2", 80, 0.5, (time, allowed)))
    lines = [" ".join(line.split()) for line in first.split("\n- ")]
    assert "two-stage is 3 of 3:** it is shown to be below normal-limits by +." in lines[0]
    assert "two-stage .50" in lines[1]
    assert "rgb-cnn" in lines[2]
    assert "segments-svm took 70 s (60 wanted)" in lines[3]
    assert len(lines) == 4
    assert "Phantoms cannot rank systems" in others[0]
    assert "| rgb-cnn (one fit) |" in others[-1]


def test_quick_methods_come_first_and_slow_ones_are_a_study_each(room: SimpleNamespace) -> None:
    options = room.options.MethodOptions(what="table", methods=("vgg16-maps", "segments-svm"), weights="none")
    quick, maps = room.studies.asked_studies(options)
    assert quick.systems[:2] == ("two-stage", "normal-limits")
    assert maps.words(options)[:4] == ["--backbones", "vgg16", "--weights", "none"]
    assert (quick.several_maps, maps.several_maps) == (False, True)
    assert set(room.studies.SYSTEMS) == {"two-stage", *room.options.METHODS}


def test_a_map_at_rest_is_drawn_once_beside_each_phantom(room: SimpleNamespace, tmp_path: Path) -> None:
    listed = room.maps.draw_maps(tmp_path, "data", 4, 3, "--label-rule", "LAD")
    with listed.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["map:rest"] for row in rows] == [f"rest/phantom-{number:04}.jpg" for number in range(1, 5)]
    for row in rows:
        stress, rest = (cv2.imread(str(listed.parent / row[name])).astype(float) for name in ("path", "map:rest"))
        lost = np.abs(stress - rest).mean()
        assert lost > 0
        if not float(row["deficit_percent"]):
            assert lost < 5  # counts alone
    times = _times(listed.parent, "*")
    assert room.maps.draw_maps(tmp_path, "data", 4, 3, "--label-rule", "LAD") == listed
    assert _times(listed.parent, "*") == times


def _times(folder: Path, pattern: str) -> dict[Path, int]:
    """When each of these files was written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob(pattern)}


@pytest.mark.slow
def test_a_table_is_made_kept_and_added_to(
    room: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program: ModuleType = importlib.import_module("methods")
    # Two studies of methods that need no network in place of those that take minutes.
    kinds = (("quick", ("normal-limits", "segments-logistic")), ("polar-cnn", ("segments-svm",)))
    monkeypatch.setattr(room.studies, "STUDIES", tuple(room.studies.SystemsStudy(name, (), own) for name, own in kinds))
    folders = ["--kept", str(tmp_path / "kept"), "--results", str(tmp_path), "--pictures", str(tmp_path)]

    def run(*words: str) -> str:
        monkeypatch.setattr("sys.argv", ["methods.py", *words, *SMALL, *folders])
        assert program.main() == 0
        return str(capsys.readouterr().out)

    run("table", "--methods", "normal-limits")
    made = _times(tmp_path / "kept", "run.json")
    assert len(made) == 2 * 2 * 2
    run("table", "--methods", "normal-limits", "segments-svm")
    assert made.items() < _times(tmp_path / "kept", "run.json").items()
    (table,) = json.loads((tmp_path / "methods_table.json").read_text())["tables"]
    rows = {row["system"]: row for row in table["rows"]}
    assert rows.keys() == {"normal-limits", "segments-logistic", "segments-svm"}
    assert "two-stage" in table["lacking"]
    assert rows["segments-svm"]["less"].keys() == {"normal-limits"}
    assert (table["patients"], rows["segments-svm"]["auc"]["n"]) == (48, 48)
    assert (tmp_path / "systems.png").is_file()
    run("times", "--methods", "segments-logistic")
    (time,) = json.loads((tmp_path / "methods_times.json").read_text())["rows"]
    assert (time["system"], time["fits"]) == ("segments-logistic", 2)
    assert 0 < time["fit"] < time["command"]
    assert time["fit"] < time["processor"]
    said = run("words")
    assert said.index("not measured") < said.index("| segments-svm |")


def test_one_draw_is_refused(room: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    program: ModuleType = importlib.import_module("methods")
    monkeypatch.setattr("sys.argv", ["methods.py", "table", "--runs", "1"])
    with pytest.raises(SystemExit, match="at least 2"):
        program.main()
