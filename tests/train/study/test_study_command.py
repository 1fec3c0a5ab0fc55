"""`edgecad study`: wrong uses in one line, and one small study for real."""

from __future__ import annotations

import csv
import hashlib
import shlex
from pathlib import Path
from typing import Any

import h5py
import pytest
from small_study import MAKER, in_this_process
from typer.testing import CliRunner, Result

from edgecad.cli.program import app
from edgecad.errors import UsageError
from edgecad_train.phantoms import write_dataset
from edgecad_train.study.definition.first_weights import weights_files
from edgecad_train.study.definition.planning import plan_study
from edgecad_train.study.definition.request import StudyOptions, StudyRequest
from edgecad_train.study.folder import StudyFolder
from edgecad_train.study.results.unit_run import UnitRun
from edgecad_train.study.workers import pool
from edgecad_train.study.workers.pool import with_workers

FORMATS = Path(__file__).parents[2] / "formats"
"""What earlier versions wrote, by their commits."""


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
        (("--rates", "fast"), "'uniform', 'layer-wise', 'both'"),
        (("--decide", "costs=0"), "--decide 'costs=0' is no rule for the threshold"),
        (("--lr-exponent", "5"), "3 to 4"),
        (("--seeds", "2", "--folds", "2"), "both given"),
        (("--reference", "s7"), "no strategy is called 's7'"),
        (("--reference", "scratch", "--strategies", "warm-up,two-stage"), "none of the strategies warm-up, two-stage"),
        (("--protocol", "holdout", "--inner-folds", "3"), "--protocol holdout has no folds"),
        (("--protocol", "chance"), "holdout"),
        (("--units", "0", "--search"), "--units 0 wants none"),
        (("--crop", "1,2"), "x,y,width,height"),
        (("--weights", "no/such.h5"), "no weights file at no/such.h5"),
        (("--backbones", "vgg16,vgg19", "--weights", "some.h5"), "vgg16, vgg19"),
        (("--backbones", "vgg16,vgg19", "--weights", "vgg16=none"), "no --weights for vgg19"),
        (("--weights", "none", "--weights", "imagenet"), "both none and imagenet"),
        (("--backbones", "vgg16", "--weights", "vgg16=a.h5", "--weights", "vgg16=b.h5"), "both a.h5 and b.h5"),
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


def options_of(**changes: Any) -> StudyOptions:
    given: dict[str, Any] = {
        "backbones": "mobilenetv2",
        "strategies": "warm-up,two-stage",
        "rates": "uniform",
        "seeds": 1,
        "first_weights": ["none"],
        "without_normal_limits": True,
    }
    return StudyOptions(**(given | changes))


def test_weights_are_for_all_or_for_one_network(tmp_path: Path) -> None:
    for name in ("a.h5", "b.h5"):
        weights_file(tmp_path / name)
    two = "mobilenetv2,vgg16"
    pairs = [f"mobilenetv2={tmp_path}/a.h5", f"vgg16={tmp_path}/b.h5"]
    assert weights_files(options_of(backbones=two, first_weights=pairs)) == {
        "mobilenetv2": tmp_path / "a.h5",
        "vgg16": tmp_path / "b.h5",
    }
    mixed = [pairs[1], "none"]
    assert weights_files(options_of(backbones=two, first_weights=mixed)) == {"vgg16": tmp_path / "b.h5"}
    assert weights_files(options_of(first_weights=["no.h5"], strategies="scratch")) == {}
    assert weights_files(options_of(first_weights=[str(tmp_path / "a.h5")])) == {"mobilenetv2": tmp_path / "a.h5"}


def test_a_plan_hashes_weights_and_knows_the_phantoms(data: Path, tmp_path: Path) -> None:
    first = weights_file(tmp_path / "a.h5", 1.0).read_bytes()
    request = StudyRequest(data, options_of(first_weights=[str(tmp_path / "a.h5")]))
    plan = plan_study(request, lambda done, of: None)
    unit = plan.study.units[0]
    assert (unit.settings.weights, unit.weights_sha256) == ("a.h5", hashlib.sha256(first).hexdigest())
    assert plan.study.origin == "phantom"
    assert unit.split_sha256 == plan.partitions["seed 0"].sha256
    weights_file(tmp_path / "a.h5", 2.0)
    other = plan_study(request, lambda done, of: None)
    assert {u.name for u in other.study.units}.isdisjoint({u.name for u in plan.study.units})


def test_a_study_holds_the_tables_that_its_scans_told_and_the_same_command_finds_them_again(
    data: Path, tmp_path: Path
) -> None:
    request, out = StudyRequest(data, options_of(first_weights=["none"])), tmp_path / "study"
    study = plan_study(request, lambda done, of: None).study
    how = study.spec.backbones[0].preparation
    assert how.input == "uptake"
    assert how.tables
    assert {table.name for table in how.tables} <= {"warm", "iron", "rainbow", "grey"}
    assert {unit.preparation for unit in study.units} == {how}
    StudyFolder(out).open(study)
    assert plan_study(request, lambda done, of: None, out).study == study
    other = StudyRequest(data, options_of(first_weights=["none"], input="rgb"))
    with pytest.raises(UsageError, match="backbones mobilenetv2 preparation input uptake there, rgb here"):
        plan_study(other, lambda done, of: pytest.fail("a scan was read"), out)
    named = StudyRequest(data, options_of(first_weights=["none"], table=["jet"]))
    with pytest.raises(UsageError, match="holds another study"):
        plan_study(named, lambda done, of: pytest.fail("a scan was read"), out)


def test_an_unfit_fold_count_says_how_many_there_can_be(data: Path) -> None:
    with pytest.raises(UsageError, match="at most 9 folds"):
        plan_study(StudyRequest(data, options_of(seeds=None, folds=10)), lambda done, of: None)


def test_a_small_study_for_real(data: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two strategies on random weights; a unit that is lost is done again, with the same figures."""
    monkeypatch.setattr(pool, "with_workers", lambda workers: with_workers(workers, MAKER))
    words = (data, "--backbones", "mobilenetv2", "--strategies", "warm-up,two-stage", "--rates", "uniform",
             "--seeds", 1, "--weights", "none", "--time-plain", "--warmup-epochs", 1,
             "--finetune-epochs", 1)  # fmt: skip
    answer = study(*words)
    assert answer.exit_code == 0, answer.output
    assert answer.stdout.count("PHANTOM DATA: says nothing about patients") == 2
    assert "warning: mobilenetv2 starts from random weights" in answer.stderr
    assert "protocol holdout: one validation part chose" in answer.stdout
    assert answer.stdout.splitlines()[-1] == (
        f"next: edgecad train {shlex.quote(str(data))} --backbone mobilenetv2 --weights none "
        "--warmup-epochs 1 --finetune-epochs 1 --protocol holdout"
    )
    assert "strategies: nothing is claimed" in answer.stdout
    assert "better" not in answer.stdout
    first = _runs(here / "study")
    assert len(first) == 3
    for run in first.values():
        assert {evaluation.part for evaluation in run.records.evaluations} == {"validation", "test"}
        assert run.test.metrics
        outside = run.records.record.evidence_outside
        if run.records.contract.black_counts:
            assert 0 <= (outside or -1) <= 1
        else:
            assert outside is None
        assert run.seconds > 0
    assert not (here / "study" / "cache").exists()
    for name in ("table.md", "table.csv", "pairs.csv", "table.png", "maps-mobilenetv2.png"):
        assert (here / "study" / name).stat().st_size > 0
    with (here / "study" / "table.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["method"] for line in lines] == ["transfer-learning", "transfer-learning", "normal-limits"]
    assert all(float(line["seconds_plain_keras"]) > 0 for line in lines[:2])
    assert lines[2]["seconds_plain_keras"] == "not measured"
    assert 0.5 < float(lines[2]["true_deficit_auc_value"]) <= 1
    assert "Phantoms cannot rank systems" in answer.stdout

    lost = StudyFolder(here / "study").study().units[1].name
    (here / "study" / "units" / lost / "metrics.json").unlink()
    monkeypatch.setattr(pool, "with_workers", lambda workers: in_this_process)
    assert study(*words).exit_code == 0
    again = _runs(here / "study")
    assert {name: run.records.predictions for name, run in again.items()} == {
        name: run.records.predictions for name, run in first.items()
    }

    answer = study(*words[:-1], 2)
    assert answer.exit_code == 2
    assert "settings finetune_epochs 1 there, 2 here" in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert answer.stdout == ""


def _runs(path: Path) -> dict[str, UnitRun]:
    folder = StudyFolder(path)
    return {unit.name: run for unit in folder.study().units if (run := folder.run(unit)) is not None}


@pytest.mark.parametrize("version", ["f477da6", "bb81c68"])
def test_a_study_of_an_earlier_edgecad_is_refused_with_what_to_do_and_left_as_it_is(
    version: str, data: Path, here: Path
) -> None:
    (here / "study").mkdir()
    old = (FORMATS / version / "study" / "study.json").read_bytes()
    (here / "study" / "study.json").write_bytes(old)
    answer = study(data, "--backbones", "mobilenetv2", "--weights", "none")
    assert answer.exit_code == 2
    assert answer.stderr == (
        "edgecad: study holds a study of an earlier edgecad, whose runs this version cannot read; finish it with that "
        "version, or begin a new study with another --out\n"
    )
    assert [path.name for path in (here / "study").iterdir()] == ["study.json"]
    assert (here / "study" / "study.json").read_bytes() == old


def test_a_study_of_a_newer_edgecad_is_refused(data: Path, here: Path) -> None:
    (here / "study").mkdir()
    (here / "study" / "study.json").write_text('{"schema": 99}')
    answer = study(data, "--weights", "none")
    assert answer.exit_code == 2
    assert "update edgecad" in answer.stderr
