"""`edgecad study`: wrong uses in one line, and one small study for real."""

from __future__ import annotations

import csv
import hashlib
import shlex
from pathlib import Path

import h5py
import pytest
from typer.testing import CliRunner, Result

from edgecad.cli.program import app
from edgecad.errors import UsageError
from edgecad_train.phantoms import write_dataset
from edgecad_train.study.definition.first_weights import weights_files
from edgecad_train.study.definition.planning import StudyRequest, plan_study
from edgecad_train.study.definition.units import Training
from edgecad_train.study.folder import StudyFolder


def weights_file(path: Path, value: float = 0.0) -> Path:
    """A whole file of weights, though of no network."""
    with h5py.File(path, "w") as file:
        file.create_dataset("kernel", data=[value])
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantoms") / "data"
    write_dataset(folder, 24, seed=3)
    return folder


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def study(*words: object) -> Result:
    return CliRunner().invoke(app, ["study", *map(str, words)])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--backbones", "vgg99"), "'vgg99'"),
        (("--strategies", "s7"), "'s7'"),
        (("--rates", "fast"), "uniform, layer-wise, both"),
        (("--decide", "costs=0"), "--decide 'costs=0' is no rule for the threshold"),
        (("--lr-exponent", "5"), "3 to 4"),
        (("--seeds", "2", "--folds", "2"), "both given"),
        (("--crop", "1,2"), "x,y,width,height"),
        (("--weights", "no/such.h5"), "no weights file at no/such.h5"),
        (("--backbones", "vgg16,vgg19", "--weights", "some.h5"), "vgg16, vgg19"),
        (("--backbones", "vgg16,vgg19", "--weights", "vgg16=none"), "no --weights for vgg19"),
        (("--weights", "none"), "no data at data"),
        (("--ray", "127.0.0.1:1", "--time-plain"), "leave it or --ray out"),
    ],
)
def test_what_cannot_be_meant_is_one_line_and_leaves_nothing(words: tuple[str, ...], told: str, here: Path) -> None:
    answer = study("data", *words)
    assert answer.exit_code == 2, answer.output
    assert told in answer.stderr
    assert answer.stderr.startswith("edgecad: ")
    assert answer.stderr.count("\n") == 1
    assert not list(here.iterdir())


def wanted(data: Path, **changes: object) -> StudyRequest:
    given: dict[str, object] = {
        "data": data,
        "backbones": ("mobilenetv2",),
        "strategies": ("warm-up", "two-stage"),
        "rates": "uniform",
        "training": Training(warmup_epochs=1, finetune_epochs=1),
        "seeds": 1,
        "folds": None,
        "inner_folds": 0,
        "time_plain": False,
        "weights": ("none",),
        "patient_from": None,
        "crop": "polar-map",
    }
    return StudyRequest(**(given | changes))  # type: ignore[arg-type]


def test_weights_are_for_all_or_for_one_network(tmp_path: Path) -> None:
    for name in ("a.h5", "b.h5"):
        weights_file(tmp_path / name)
    two = ("mobilenetv2", "vgg16")
    pairs = (f"mobilenetv2={tmp_path}/a.h5", f"vgg16={tmp_path}/b.h5")
    assert weights_files(wanted(tmp_path, backbones=two, weights=pairs)) == {
        "mobilenetv2": tmp_path / "a.h5",
        "vgg16": tmp_path / "b.h5",
    }
    mixed = (pairs[1], "none")
    assert weights_files(wanted(tmp_path, backbones=two, weights=mixed)) == {"vgg16": tmp_path / "b.h5"}
    assert weights_files(wanted(tmp_path, weights=("no.h5",), strategies=("scratch",))) == {}
    assert weights_files(wanted(tmp_path, weights=(str(tmp_path / "a.h5"),))) == {"mobilenetv2": tmp_path / "a.h5"}


def test_a_plan_hashes_weights_and_knows_the_phantoms(data: Path, tmp_path: Path) -> None:
    first = weights_file(tmp_path / "a.h5", 1.0).read_bytes()
    plan = plan_study(wanted(data, weights=(str(tmp_path / "a.h5"),)), lambda done, of: None)
    unit = plan.study.units[0]
    assert (unit.weights.name, unit.weights.sha256) == ("a.h5", hashlib.sha256(first).hexdigest())
    assert plan.study.origin == "phantom"
    assert unit.split_sha256 == plan.partitions["seed 0"].sha256
    weights_file(tmp_path / "a.h5", 2.0)
    other = plan_study(wanted(data, weights=(str(tmp_path / "a.h5"),)), lambda done, of: None)
    assert {u.name for u in other.study.units}.isdisjoint({u.name for u in plan.study.units})


def test_an_unfit_fold_count_says_how_many_there_can_be(data: Path) -> None:
    with pytest.raises(UsageError, match="at most 9 folds"):
        plan_study(wanted(data, seeds=None, folds=10), lambda done, of: None)


def test_a_small_study_for_real(data: Path, here: Path) -> None:
    """Two strategies on random weights; a unit that is lost is done again, with the same figures."""
    words = (data, "--backbones", "mobilenetv2", "--strategies", "warm-up,two-stage", "--rates", "uniform",
             "--weights", "none", "--seeds", 1, "--warmup-epochs", 1, "--finetune-epochs", 1)  # fmt: skip
    answer = study(*words)
    assert answer.exit_code == 0, answer.output
    assert answer.stdout.count("PHANTOM DATA: says nothing about patients") == 2
    assert "warning: mobilenetv2 starts from random weights" in answer.stderr
    assert answer.stdout.splitlines()[-1] == (
        f"next: edgecad train {data} --backbone mobilenetv2 --weights none "
        "--warmup-epochs 1 --finetune-epochs 1 --folds 0"
    )
    assert "no row is shown to be better than another" in answer.stdout
    folder = StudyFolder(here / "study")
    first = folder.results()
    assert len(first) == 2
    for result in first.values():
        assert {evaluation.part for evaluation in result.evaluations} == {"validation", "test"}
        assert result.test.metrics
        assert result.evidence_outside is not None
        assert 0 <= result.evidence_outside <= 1
        assert result.seconds > 0
    assert not (here / "study" / "cache").exists()
    for name in ("table.md", "table.csv", "table.png", "maps-mobilenetv2.png"):
        assert (here / "study" / name).stat().st_size > 0

    lost = folder.study().units[1].name
    (here / "study" / "units" / lost / "result.json").unlink()
    assert study(*words).exit_code == 0
    again = StudyFolder(here / "study").results()
    assert {name: r.predictions for name, r in again.items()} == {name: r.predictions for name, r in first.items()}

    _trains_the_cell_again(StudyFolder(here / "study"), shlex.split(answer.stdout.splitlines()[-1])[2:])

    answer = study(*words[:-1], 2)
    assert answer.exit_code == 2
    assert "training finetune_epochs 1 there, 2 asked for" in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert answer.stdout == ""


def _trains_the_cell_again(folder: StudyFolder, words: list[str]) -> None:
    """The command that a study ends with gives the figures of the cell that it names."""
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    (unit,) = (unit for unit in folder.study().units if unit.strategy == "two-stage")
    cell = folder.results()[unit.name].predictions
    with (Path("runs") / Path("runs/latest").read_text().strip() / "predictions.csv").open(newline="") as file:
        tested = {row["patient"]: float(row["score_cad"]) for row in csv.DictReader(file) if row["part"] == "test"}
    assert tuple(tested) == cell.patients
    assert list(tested.values()) == pytest.approx(list(cell.scores), abs=2e-6)
