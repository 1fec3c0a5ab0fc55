"""What is asked of `edgecad train` becomes a command again that asks for the same."""

from __future__ import annotations

import dataclasses
import inspect
import shlex
from pathlib import Path
from typing import Any

import h5py
import pytest
from typer.testing import CliRunner

from edgecad.cli.program import app
from edgecad.errors import UsageError
from edgecad_train.cli.request import Request, command_of
from edgecad_train.cli.train import train
from edgecad_train.cli.training import Training
from edgecad_train.settings import Settings

ODD = Training(
    backbone="mobilenetv2", weights="none", strategy="fine-tuning", lr_exponent=3.5, layerwise=True, warmup_epochs=7,
    finetune_epochs=8, early_stopping=3, units=32, dropout=0.1, search=True, search_trials=9, batch_size=4,
    class_weights="balanced", augment=2, decide="sensitivity>=0.9", labelled_by="two readers",
    select_on_test=True, seed=5,
)  # fmt: skip


@pytest.mark.parametrize(
    ("request_", "training"),
    [
        (Request(), Training()),
        (Request(Path("my data"), "none", r"^(p\d+)_", None, None, Path("other")), ODD),
        (Request(Path("labels.csv"), "1,2,30,40", None, 0, None), Training(strategy="scratch")),
    ],
)
def test_a_command_that_is_pasted_asks_for_the_same(
    request_: Request, training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("edgecad_train.cli.train._run", lambda *words: asked.extend(words))
    done = CliRunner().invoke(app, shlex.split(command_of(request_, training))[1:])
    assert done.exit_code == 0, done.output
    assert asked == [request_, training, False, False]


def test_defaults_stand_in_one_place() -> None:
    told = inspect.signature(train).parameters
    for field in dataclasses.fields(Training):
        assert told[field.name].default == field.default
    assert {field.name: told[field.name].default for field in dataclasses.fields(Request)} == dataclasses.asdict(
        Request()
    )


def test_settings_are_what_was_asked_for() -> None:
    settings = ODD.settings()
    assert (settings.backbone, settings.weights, settings.head.units, settings.head.dropout) == (
        "mobilenetv2", "none", 32, 0.1,
    )  # fmt: skip
    assert (settings.patience, settings.passes, settings.search_trials, settings.select_on_test) == (3, 2, 9, True)
    assert (settings.class_weights, settings.reference, settings.batch_size, settings.seed) == (
        "balanced", "two readers", 4, 5,
    )  # fmt: skip
    assert settings.plan == ODD.plan
    assert (settings.decide, str(settings.rule)) == ("sensitivity>=0.9", "sensitivity>=0.9")
    assert Training().settings().decide == "balanced"
    assert Training(decide="costs=4.0").settings().decide == "costs=4"
    assert Training().settings().search_trials == 0
    defaults = Settings("resnet152v2", "imagenet", Training().plan)
    assert Training().settings() == defaults


def test_weights_are_what_the_strategy_wants_unless_they_are_named(tmp_path: Path) -> None:
    assert Training().first_weights == "imagenet"
    assert Training(strategy="scratch").first_weights == "none"
    with pytest.raises(UsageError, match="--strategy scratch starts from random weights, so --weights imagenet"):
        Training(strategy="scratch", weights="imagenet")


def test_a_relative_weights_file_is_kept_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with h5py.File("w.h5", "w") as file:
        file.create_group("layer")
    assert Training(weights="w.h5").first_weights == str(tmp_path / "w.h5")
