"""A request to `edgecad train` becomes a command again that asks for the same."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path
from typing import Any

import h5py
import pytest
from typer.testing import CliRunner

from edgecad.cli.program import app
from edgecad.errors import UsageError
from edgecad_train.cli.train import command
from edgecad_train.runs.partition import write_partition
from edgecad_train.runs.request import DataOptions, TrainRequest
from edgecad_train.splits.protocol import Protocol
from edgecad_train.splits.split import Split
from edgecad_train.training.settings import Settings, check_weights
from edgecad_train.training.strategies import plan_for

ODD = Settings(
    backbone="mobilenetv2", weights="none", strategy="fine-tuning", lr_exponent=3.4, layerwise=True, warmup_epochs=7,
    finetune_epochs=8, early_stopping=3, units=32, dropout=0.1, search=True, search_trials=9, batch_size=4,
    class_weights="balanced", label_smoothing=0.1, augment=2, decide="sensitivity>=0.9", labelled_by="two readers",
    select_on_test=True, seed=5, features="both", uncertain=0.15, device="cuda:1",
)  # fmt: skip


def test_the_odd_settings_differ_in_every_field() -> None:
    assert not [
        field.name
        for field in dataclasses.fields(Settings)
        if getattr(ODD, field.name) == field.default and field.name != "activation"
    ]


@pytest.mark.parametrize(
    "request_",
    [
        TrainRequest(),
        TrainRequest(Path("my data"), DataOptions("none", patient_from=r"^(p\d+)_"), ODD, Path("other")),
        TrainRequest(options=DataOptions(input="rgb", map="2/3")),
        TrainRequest(options=DataOptions(input="uptake", table=["jet", "hot-iron"], map="1/2")),
        TrainRequest(
            Path("labels.csv"), DataOptions("1,2,30,40", folds=0), Settings(strategy="scratch", activation="relu")
        ),
        TrainRequest(options=DataOptions(protocol="holdout")),
        TrainRequest(options=DataOptions(protocol="folds", folds=3, masks=Path("read masks"))),
    ],
)
def test_a_command_that_is_pasted_asks_for_the_same(request_: TrainRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(command, "_run", lambda *words: seen.extend(words))
    done = CliRunner().invoke(app, shlex.split(request_.command)[1:])
    assert done.exit_code == 0, done.output
    assert seen == [request_, False, False]


def test_settings_give_the_plan_the_head_and_the_rule() -> None:
    assert (ODD.first_weights, ODD.head.units, ODD.head.dropout, ODD.trials) == ("none", 32, 0.1, 9)
    assert ODD.plan == plan_for("fine-tuning", 3.4, 7, 8, layerwise=True)
    assert str(ODD.rule) == "sensitivity>=0.9"
    assert Settings().trials == 0
    assert Settings(decide="costs=4.0").spelt_out() == Settings(decide="costs=4", weights="imagenet")


@pytest.mark.parametrize(
    ("settings", "idle"),
    [
        (Settings(), {"search_trials"}),
        (Settings(search=True), {"units", "dropout", "lr_exponent"}),
        (Settings(strategy="fine-tuning"), {"warmup_epochs", "search_trials"}),
        (Settings(strategy="scratch"), {"finetune_epochs", "search_trials"}),
    ],
)
def test_what_changes_nothing_is_known(settings: Settings, idle: set[str]) -> None:
    assert settings.idle == idle


def test_weights_are_what_the_strategy_wants_unless_they_are_named() -> None:
    assert Settings().first_weights == "imagenet"
    assert Settings(strategy="scratch").first_weights == "none"
    with pytest.raises(UsageError, match="--strategy scratch starts from random weights, so --weights imagenet"):
        Settings(strategy="scratch", weights="imagenet")


def test_a_relative_weights_file_is_kept_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with h5py.File("w.h5", "w") as file:
        file.create_group("layer")
    assert Settings(weights="w.h5").first_weights == str(tmp_path / "w.h5")
    check_weights(Settings(weights="w.h5"))
    with pytest.raises(UsageError, match="no weights file at"):
        check_weights(Settings(weights="none.h5"))


@pytest.mark.parametrize(
    ("name", "folds", "told"),
    [("holdout", 3, "--folds 3 asks for folds"), ("folds", 0, "--folds 0 means holdout")],
)
def test_a_protocol_and_folds_that_contradict_one_another_are_refused(name: Any, folds: int, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        Protocol(name, folds)


def test_a_kept_split_takes_its_own_protocol_and_no_other(tmp_path: Path) -> None:
    kept = tmp_path / "split.json"
    write_partition(Split(train=("a",), validation=("b",), test=("c",), seed=0), kept)
    assert DataOptions(split=kept, protocol="holdout").split == kept
    with pytest.raises(UsageError, match="is of the protocol holdout, and --protocol folds was given"):
        DataOptions(split=kept, protocol="folds")
    with pytest.raises(UsageError, match="--split and --folds exclude one another"):
        DataOptions(split=kept, folds=3)
    with pytest.raises(UsageError, match="no split at"):
        DataOptions(split=tmp_path / "none.json")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--seed", "3"), "--seed"),
        (("data", "--backbone", "vgg16", "--layerwise"), "--backbone, --layerwise, DATA"),
        (("--show-optimism-of-selecting-on-test",), "--show-optimism-of-selecting-on-test"),
        (("--folds", "0"), "--folds"),
    ],
)
def test_what_stands_beside_resume_is_named(words: tuple[str, ...], named: str) -> None:
    done = CliRunner().invoke(app, ["train", "--resume", *words])
    assert done.exit_code == 2
    assert f"from it, and {named} would go unused" in done.output


def test_what_says_where_the_runs_are_may_stand_beside_resume() -> None:
    done = CliRunner().invoke(app, ["train", "--resume", "--out", "nowhere", "-q"])
    assert "no unfinished run in nowhere" in done.output
