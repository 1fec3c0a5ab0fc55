"""What a study says last: the command that does one cell again; and which study a folder holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import msgspec
import pytest
from fake_study import fake_plan, fake_spec

from edgecad.errors import UsageError
from edgecad_train.cli.study.next import next_cell, next_command
from edgecad_train.cli.study.words import say_plan
from edgecad_train.data import find_cases
from edgecad_train.phantoms import write_dataset
from edgecad_train.runs.partition import write_partition
from edgecad_train.study.definition.kept import refuse_other, study_in
from edgecad_train.study.definition.request import StudyOptions, StudyRequest
from edgecad_train.study.folder import StudyFolder
from edgecad_train.training.settings import Settings


def _request(**options: Any) -> StudyRequest:
    return StudyRequest(Path("my data"), StudyOptions(**options))


def test_the_cell_is_the_first_of_two_stage_at_uniform_rates_and_else_the_first_asked_for() -> None:
    unit = next_cell(fake_plan().study)
    assert unit
    settings = unit.settings
    assert (settings.backbone, settings.strategy, settings.layerwise, settings.seed) == (
        "mobilenetv2", "two-stage", False, 0,
    )  # fmt: skip
    assert next_cell(fake_plan(strategies=("warm-up", "fine-tuning")).study).settings.strategy == "warm-up"


def test_without_strategies_it_is_the_first_method_that_train_takes() -> None:
    plan = fake_plan(strategies=(), methods=("segments-svm", "segments-logistic"), reference="segments-svm")
    assert next_cell(plan.study).method == "segments-logistic"
    told = next_command(_request(), plan, Path("study"))
    assert told == "edgecad train 'my data' --method segments-logistic --protocol holdout"
    assert next_cell(fake_plan(strategies=(), methods=("segments-svm",), reference="segments-svm").study) is None


def test_the_command_names_all_that_is_not_a_default() -> None:
    settings = Settings(lr_exponent=3.25, warmup_epochs=7, finetune_epochs=3, units=8, dropout=0.1, batch_size=4,
                        class_weights="balanced", decide="costs=4")  # fmt: skip
    plan = fake_plan(strategies=("warm-up",), settings=settings)
    told = next_command(_request(patient_from="^p"), plan, Path("study"))
    assert told == (
        "edgecad train 'my data' --backbone mobilenetv2 --weights none --strategy warm-up --lr-exponent 3.25 "
        "--warmup-epochs 7 --finetune-epochs 3 --units 8 --dropout 0.1 --batch-size 4 "
        "--class-weights balanced --decide costs=4 --patient-from '^p' --protocol holdout"
    )


def test_with_folds_it_takes_the_folds_own_split(tmp_path: Path) -> None:
    kept = tmp_path / "my study" / "splits" / "fold-1.json"
    kept.parent.mkdir(parents=True)
    plan = fake_plan(seeds=1, folds=3)
    write_partition(plan.partitions[next_cell(plan.study).part_name], kept)
    told = next_command(_request(folds=3), plan, tmp_path / "my study")
    assert told.endswith(f"--weights none --split '{kept}'")


def test_layerwise_rates_and_inner_folds_are_kept() -> None:
    plan = fake_plan(strategies=("two-stage",), rates="layer-wise", protocol="folds", inner_folds=3)
    told = next_command(_request(rates="layer-wise", inner_folds=3), plan, Path("study"))
    assert told == "edgecad train 'my data' --backbone mobilenetv2 --weights none --layerwise --folds 3"


def test_the_file_of_first_weights_is_named(tmp_path: Path) -> None:
    file = tmp_path / "w.h5"
    with h5py.File(file, "w") as weights:
        weights.create_group("layer")
    plan = fake_plan(strategies=("two-stage",))
    units = tuple(
        msgspec.structs.replace(unit, settings=replace(unit.settings, weights="w.h5"), weights_sha256="a" * 64)
        for unit in plan.study.units
    )
    plan = replace(plan, study=msgspec.structs.replace(plan.study, units=units), weights_files={"mobilenetv2": file})
    assert f"--weights {file}" in next_command(_request(), plan, Path("study"))


def test_another_study_is_refused_with_what_differs(tmp_path: Path) -> None:
    plan = fake_plan()
    assert study_in(tmp_path) is None
    StudyFolder(tmp_path / "study").open(plan.study)
    before = study_in(tmp_path / "study")
    assert before == plan.study
    refuse_other(tmp_path / "study", plan.study.spec, plan.study.spec)
    with pytest.raises(
        UsageError, match=r"holds another study \(protocol holdout there, folds here; inner_folds none there, 3 here\)"
    ):
        refuse_other(tmp_path / "study", plan.study.spec, fake_spec(protocol="folds", inner_folds=3))


def test_the_reference_cannot_be_named_after_a_look_at_the_table(tmp_path: Path) -> None:
    plan = fake_plan()
    StudyFolder(tmp_path / "study").open(plan.study)
    with pytest.raises(UsageError, match=r"holds another study \(reference two-stage there, scratch here\)"):
        refuse_other(tmp_path / "study", plan.study.spec, fake_spec(reference="scratch"))


def test_a_study_from_before_the_option_has_two_stage_for_its_reference() -> None:
    import json

    from edgecad.frozen import json_from_struct
    from edgecad_train.study.definition.kept import study_from_json

    study = fake_plan().study
    told = json.loads(json_from_struct(study))
    del told["spec"]["reference"]
    assert study_from_json(json.dumps(told).encode()) == study


def test_what_is_no_scan_is_said_before_the_study_begins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    write_dataset(data, 12, seed=3)
    (data / "CAD" / "old.bmp").write_bytes(b"BM of another kind")
    say_plan(replace(fake_plan(), passed=find_cases(data).passed))
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("passed over: ")]
    assert any("old.bmp" in line for line in told)


def test_what_of_the_maps_is_seen_goes_into_the_command() -> None:
    told = next_command(_request(input="uptake", table=["jet", "pet"], map="1/2"), fake_plan(), Path("study"))
    assert "--input uptake --table jet --table pet --map 1/2" in told
