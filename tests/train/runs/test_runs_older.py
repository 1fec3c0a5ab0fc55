"""Runs of earlier versions are read as they were meant: what they did not name was then fixed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import msgspec
import pytest

from edgecad.errors import ModelInvalid, UsageError
from edgecad_train.runs.older import LATER_SETTINGS, settings_from_schema_2, with_later_settings
from edgecad_train.runs.reading import read_run
from edgecad_train.runs.record import RunRecord, record_from_json, write_record
from edgecad_train.runs.request import command_of
from edgecad_train.runs.spec import SCHEMA, read_spec
from edgecad_train.training.settings import Settings
from edgecad_train.versions import package_versions

FORMATS = Path(__file__).parents[2] / "formats"
OLD = {"f477da6": ("relu", "sensitivity>=0.95"), "bb81c68": ("silu", "balanced")}


@pytest.mark.parametrize("version", OLD)
def test_a_run_of_an_earlier_version_says_how_it_was_trained(version: str) -> None:
    run = read_run(FORMATS / version / "run")
    written = json.loads((FORMATS / version / "run" / "run.json").read_text())
    settings = run.record.settings
    assert (settings.activation, settings.decide) == OLD[version]
    assert (settings.strategy, settings.seed) == (written["settings"]["plan"]["strategy"], written["settings"]["seed"])
    assert json.loads(msgspec.json.encode(run.record.plan)) == written["settings"]["plan"]
    assert settings.plan == run.record.plan
    assert run.partition.sha256 == run.contract.split_sha256
    command = command_of(run.record, run.contract.preparation)
    assert f"--activation {OLD[version][0]}" in command
    assert f"--warmup-epochs {settings.warmup_epochs}" in command


def test_every_option_that_a_run_of_schema_2_named_comes_back() -> None:
    odd = Settings(
        "mobilenetv2", "none", "two-stage", lr_exponent=3.5, layerwise=True, warmup_epochs=7, finetune_epochs=8,
        early_stopping=3, units=32, activation="relu", dropout=0.1, search=True, search_trials=9, batch_size=4,
        class_weights="balanced", augment=2, decide="costs=4", uncertain=0.0, features="last",
        labelled_by="two readers", select_on_test=True, seed=5,
    )  # fmt: skip
    old = {
        "backbone": odd.backbone, "weights": odd.weights, "plan": msgspec.to_builtins(odd.plan),
        "head": msgspec.to_builtins(odd.head), "batch_size": 4, "seed": 5, "reference": "two readers",
        "class_weights": "balanced", "patience": 3, "passes": 2, "search_trials": 9, "decide": "costs=4",
        "select_on_test": True,
    }  # fmt: skip
    assert msgspec.convert(settings_from_schema_2(old), Settings) == odd
    assert msgspec.convert(settings_from_schema_2({**old, "search_trials": 0}), Settings) == replace(
        odd, search=False, search_trials=60
    )


FIRST = frozenset(
    (
        "activation", "augment", "backbone", "batch_size", "class_weights", "decide", "dropout", "early_stopping",
        "finetune_epochs", "label_smoothing", "labelled_by", "layerwise", "lr_exponent", "search", "search_trials",
        "seed", "select_on_test", "strategy", "units", "warmup_epochs", "weights",
    )
)  # fmt: skip
"""Options that every run of schema 3 names."""


def test_every_option_that_came_later_has_a_value_that_means_what_was_before() -> None:
    assert {field.name for field in fields(Settings)} - FIRST == set(LATER_SETTINGS)
    today = msgspec.to_builtins(Settings().spelt_out())
    before = {name: value for name, value in today.items() if name in FIRST}
    read = msgspec.convert(with_later_settings({"settings": before})["settings"], Settings)
    assert (read.features, read.uncertain) == ("last", 0.0)


def test_a_record_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    older = read_run(FORMATS / "bb81c68" / "run").record
    record = msgspec.structs.replace(older, settings=older.settings.spelt_out())
    write_record(record, tmp_path / "run.json")
    text = (tmp_path / "run.json").read_bytes()
    assert record_from_json(text, RunRecord, "run.json") == record
    written = json.loads(text)
    assert written["schema"] == 3
    assert set(written["settings"]) == {field.name for field in fields(Settings)}


@pytest.mark.parametrize(
    "change", [{"backbone": "vgg99"}, {"decide": "foo"}, {"units": "many"}, {"strategy": "s7"}, {"weights": 3}]
)
def test_settings_that_cannot_be_meant_are_an_invalid_run(change: dict[str, object], tmp_path: Path) -> None:
    write_record(read_run(FORMATS / "bb81c68" / "run").record, tmp_path / "run.json")
    record = json.loads((tmp_path / "run.json").read_text())
    text = json.dumps({**record, "settings": {**record["settings"], **change}}).encode()
    with pytest.raises(ModelInvalid, match=r"run\.json cannot be used: .*; give a run folder"):
        record_from_json(text, RunRecord, "run.json")


@pytest.mark.parametrize("lacking", ["settings", "head", "plan"])
def test_a_damaged_run_of_schema_2_is_refused_in_one_line(lacking: str) -> None:
    record = json.loads((FORMATS / "f477da6" / "run" / "run.json").read_text())
    (record if lacking == "settings" else record["settings"]).pop(lacking)
    with pytest.raises(ModelInvalid, match=rf"cannot be used: '{lacking}'"):
        record_from_json(json.dumps(record).encode(), RunRecord, "run.json")


def _unfinished(version: str, tmp_path: Path) -> Path:
    folder = tmp_path / "a.unfinished"
    shutil.copytree(FORMATS / version / "unfinished", folder)
    job = json.loads((folder / "job.json").read_text())
    (folder / "job.json").write_text(json.dumps({**job, "versions": package_versions()}))
    return folder


def test_an_unfinished_run_of_schema_2_is_resumed_with_its_settings(tmp_path: Path) -> None:
    spec = read_spec(_unfinished("bb81c68", tmp_path))
    assert spec.schema == SCHEMA
    assert (spec.settings.activation, spec.settings.decide, spec.patient_rule) == (
        "silu",
        "balanced",
        "the file's stem",
    )


def test_an_unfinished_run_of_schema_1_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"begun by an earlier edgecad.*remove the folder and train again"):
        read_spec(_unfinished("f477da6", tmp_path))


def test_reading_a_run_imports_no_network() -> None:
    """A study's parent reads its units' folders, and only leads."""
    code = (
        "import sys; from pathlib import Path; from edgecad_train.runs.reading import read_run\n"
        f"read_run(Path({str(FORMATS / 'bb81c68' / 'run')!r}))\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'tensorflow', 'keras', 'matplotlib'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
