"""A linear end is taken for logits where somebody says so: the command, or the loss in the file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import keras
import pytest

from edgecad.errors import EdgecadError, ModelInvalid, UsageError
from edgecad_export.external.about import ExternalModel
from edgecad_export.external.losses import FileLoss, check_linear_end, doubts_of_loss, loss_of
from edgecad_export.external.run import external_run

layers, losses = keras.layers, keras.losses
ABOUT = ExternalModel("CAD,nonCAD", "CAD", "tf")
SAID = replace(ABOUT, linear_end="logits")


def _file(folder: Path, suffix: str, units: int, loss: Any, activation: str | None = None) -> Path:
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(5, 3, strides=4, activation="relu"),
                              layers.GlobalAveragePooling2D(), layers.Dense(units, activation=activation)])  # fmt: skip
    if loss is not None:
        model.compile("sgd", loss)
    path = folder / f"model{suffix}"
    model.save(path)
    return path


def _about(about: ExternalModel, units: int) -> ExternalModel:
    return replace(about, unit="CAD") if units == 1 else about


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize(
    ("units", "loss"),
    [
        (2, losses.SparseCategoricalCrossentropy(from_logits=True)),
        (2, losses.CategoricalCrossentropy(from_logits=True)),
        (1, losses.BinaryCrossentropy(from_logits=True)),
    ],
)
def test_the_files_loss_says_that_they_are_logits(suffix: str, units: int, loss: Any, tmp_path: Path) -> None:
    path = _file(tmp_path, suffix, units, loss)
    assert external_run(path, _about(ABOUT, units)).contract.head == f"GAP - Dense({units}, linear)"


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize(
    ("units", "loss", "seen"),
    [
        (2, None, "the file tells no loss"),
        (1, None, "the file tells no loss"),
        (2, "sparse_categorical_crossentropy", "SparseCategoricalCrossentropy(from_logits=False)"),
    ],
)
def test_else_it_is_asked_for(suffix: str, units: int, loss: Any, seen: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"add --linear-end logits if it was trained with from_logits=True") as told:
        external_run(_file(tmp_path, suffix, units, loss), _about(ABOUT, units))
    assert seen in str(told.value)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("about", [ABOUT, SAID])
@pytest.mark.parametrize(("units", "loss", "name"), [(1, "mse", "MeanSquaredError"), (2, losses.Huber(), "Huber")])
def test_a_regression_is_none_whatever_is_said(
    units: int, loss: Any, name: str, about: ExternalModel, suffix: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=rf"the file's loss is {name}, which makes no logits.*from_logits=True"):
        external_run(_file(tmp_path, suffix, units, loss), _about(about, units))


@pytest.mark.parametrize("loss", [None, FileLoss("OwnLoss", False), FileLoss("BinaryCrossentropy", False)])
def test_a_loss_that_nobody_knows_stands_against_nothing(loss: FileLoss | None) -> None:
    check_linear_end(1, SAID, loss)
    with pytest.raises(UsageError, match="add --linear-end logits"):
        check_linear_end(1, replace(ABOUT, unit="CAD"), loss)


def test_said_it_is_taken(tmp_path: Path) -> None:
    assert external_run(_file(tmp_path, ".keras", 2, None), SAID).contract.head == "GAP - Dense(2, linear)"


@pytest.mark.parametrize(
    ("units", "name", "from_logits", "error", "words"),
    [
        (1, "MeanSquaredError", False, UsageError, "the file's loss is MeanSquaredError"),
        (2, "CategoricalHinge", False, UsageError, "ends in two linear units and the file's loss is CategoricalHinge"),
        (2, "BinaryCrossentropy", True, ModelInvalid, "a categorical loss, or one unit"),
        (2, "BinaryCrossentropy", False, ModelInvalid, "a categorical loss, or one unit"),
        (1, "SparseCategoricalCrossentropy", True, ModelInvalid, "a binary loss, or two units"),
    ],
)
def test_a_loss_that_says_otherwise_stands_against_the_command(
    units: int, name: str, from_logits: bool, error: type[EdgecadError], words: str
) -> None:
    with pytest.raises(error, match=words):
        check_linear_end(units, SAID, FileLoss(name, from_logits))


def test_what_does_not_fit_between_end_and_loss_is_said() -> None:
    takes, wants = FileLoss("BinaryCrossentropy", True), FileLoss("BinaryCrossentropy", False)
    check_linear_end(1, SAID, wants)
    assert "wants probabilities" in doubts_of_loss("linear", wants)[0]
    assert "took probabilities for logits" in doubts_of_loss("sigmoid", takes)[0]
    fits = [("linear", takes), ("sigmoid", wants), ("softmax", None), ("linear", FileLoss("Huber", False))]
    assert not any(doubts_of_loss(end, loss) for end, loss in fits)


CROSS = {"class_name": "BinaryCrossentropy", "config": {"from_logits": True}}


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ({"loss": CROSS}, FileLoss("BinaryCrossentropy", True)),
        ({"loss": [CROSS]}, FileLoss("BinaryCrossentropy", True)),
        ({"loss": {"output_1": CROSS}}, FileLoss("BinaryCrossentropy", True)),
        ({"loss": {**CROSS, "config": {"from_logits": "yes"}}}, FileLoss("BinaryCrossentropy", False)),
        ({"loss": "binary_crossentropy"}, FileLoss("BinaryCrossentropy", False)),
        ({"loss": {"class_name": "function", "config": "mse"}}, FileLoss("MeanSquaredError", False)),
        ({"loss": "msle"}, FileLoss("MeanSquaredLogarithmicError", False)),
        ({"loss": "KLD"}, FileLoss("KLDivergence", False)),
        ({"loss": "kl_divergence"}, FileLoss("KLDivergence", False)),
        ({"loss": "logcosh"}, FileLoss("LogCosh", False)),
        ({"loss": "mine>own_loss"}, FileLoss("own_loss", False)),
        ({"loss": "<lambda>"}, FileLoss("<lambda>", False)),
        ({"loss": {"class_name": "own>OwnLoss", "config": {}}}, FileLoss("OwnLoss", False)),
        ({"loss": [CROSS, CROSS]}, None),
        ({"loss": None}, None),
        ({"loss": 3}, None),
        ({}, None),
        ([], None),
        (None, None),
    ],
)
def test_a_loss_is_read_however_it_was_written(told: Any, wanted: FileLoss | None) -> None:
    assert loss_of(told) == wanted


def test_a_loss_of_somebodys_own_runs_nothing(tmp_path: Path) -> None:
    path = _file(tmp_path, ".h5", 2, losses.SparseCategoricalCrossentropy(from_logits=True))
    with h5py.File(path, "a") as file:
        file.attrs["training_config"] = json.dumps(
            {"loss": {"class_name": "Own>Loss", "config": {"from_logits": True}}}
        )
    with pytest.raises(UsageError, match="the file's loss is Loss"):
        external_run(path, ABOUT)
