"""What a model that was trained elsewhere says of itself: all that is known, and of the rest that it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edgecad.answer.findings import doubts_about, unseen_colours
from edgecad.answer.prediction import PHANTOM_STAMP, RESEARCH_STAMP, stamp_of
from edgecad.contract import NOT_KNOWN, Drawing, Labelling, contract_from_json
from edgecad.frozen import json_from_struct
from edgecad.images import read_screen
from edgecad.inference.classifier import Classifier
from edgecad.polarmap import prepare
from edgecad_export.exporter import export_run
from edgecad_export.external import run as external
from edgecad_export.external.about import ExternalModel, doubts_of
from edgecad_export.external.own_scaling import doubts_of_scaling
from edgecad_export.external.rebuilt import rebuilt_from_external
from edgecad_export.external.run import external_run
from edgecad_export.request import ExportRequest
from edgecad_train.phantoms import jpeg_bytes

layers = keras.layers
SIZE = 64
BARE = ExternalModel("CAD,nonCAD", "CAD", "tf")


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    keras.utils.set_random_seed(5)
    image = keras.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(6, 3, strides=4, activation="relu", name="top")(image)
    x = layers.Dense(5, activation="relu")(layers.GlobalAveragePooling2D()(x))
    path = tmp_path_factory.mktemp("external") / "their model.keras"
    keras.Model(image, layers.Dense(1, activation="sigmoid")(x), name="theirs").save(path)
    return path


@pytest.fixture(scope="module")
def scans(phantom_screen: Callable[[int], Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scans")
    (folder / "inside").mkdir()
    for index in range(4):
        (folder / "inside" / f"{index}.jpg").write_bytes(jpeg_bytes(phantom_screen(index)))
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff no more")
    (folder / "notes.txt").write_text("no scan")
    return folder


@pytest.fixture(scope="module")
def about(scans: Path) -> ExternalModel:
    return ExternalModel(
        classes="nonCAD,CAD",
        positive="CAD",
        unit="CAD",
        scaling="tf",
        threshold=0.3,
        images=scans,
        origin="patients",
        labelled_by="two readers in consensus",
        prevalence=0.35,
        intended_use="A study of readers.",
        name="their-cad",
    )


def test_all_that_was_said_is_in_the_contract(model_file: Path, about: ExternalModel) -> None:
    contract = external_run(model_file, about).contract
    assert contract == contract_from_json(json_from_struct(contract))
    said = (contract.name, contract.classes, contract.positive, contract.origin, contract.scaling)
    assert said == ("their-cad", ("nonCAD", "CAD"), "CAD", "patients", "tf")
    assert contract.labelling == Labelling(reference="two readers in consensus", prevalence=0.35)
    assert contract.decision.threshold == 0.3
    assert contract.decision.rule == "given on the command line, not chosen on data"
    assert contract.decision.temperature == 1.0
    assert (contract.intended_use, contract.backbone, contract.feature_layer) == (
        "A study of readers.",
        "theirs",
        "top",
    )
    assert contract.head == "GAP - Dense(5, relu) - Dense(1, sigmoid)"
    assert stamp_of(contract.origin) == RESEARCH_STAMP


def test_what_nobody_said_stays_unknown_and_the_stamp_is_the_safe_one(model_file: Path) -> None:
    contract = external_run(model_file, replace(BARE, unit="CAD")).contract
    assert contract.name == "their-model"
    assert (contract.data_sha256, contract.split_sha256, contract.metrics) == (NOT_KNOWN, NOT_KNOWN, ())
    assert contract.labelling.prevalence is None
    assert not contract.colours.recorded
    assert stamp_of(contract.origin) == PHANTOM_STAMP
    assert "was not said" in contract.intended_use
    assert [doubt.code for doubt in doubts_about(contract)] == [
        "colours-unchecked",
        "model-unmeasured",
        "familiarity-unmeasured",
    ]


def test_given_scans_prove_the_model_calibrate_it_and_give_its_colours(
    model_file: Path, about: ExternalModel, phantom_screen: Callable[[int], Any]
) -> None:
    run = external_run(model_file, about)
    wanted = [
        prepare(read_screen(jpeg_bytes(phantom_screen(i))).pixels, run.contract.preparation).image for i in range(4)
    ]
    np.testing.assert_array_equal(run.images, np.stack(wanted))
    np.testing.assert_array_equal(run.calibration, run.images[::2])
    assert run.truth is None
    assert run.logits is None
    assert max(unseen_colours(image, run.contract) for image in run.images) < 0.02
    assert unseen_colours(run.images[0][..., ::-1], run.contract) > 0.6
    assert [doubt.code for doubt in doubts_about(run.contract)] == ["model-unmeasured", "familiarity-unmeasured"]


def test_of_many_scans_some_are_taken_evenly(
    model_file: Path, about: ExternalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = external_run(model_file, about).images
    monkeypatch.setattr(external, "MAX_IMAGES", 2)  # of broken, 0, 1, 2, 3: broken and 2
    np.testing.assert_array_equal(external_run(model_file, about).images, every[2:3])


def test_the_heat_maps_scale_is_the_99th_percentile_of_the_maps_shown(model_file: Path, about: ExternalModel) -> None:
    run = external_run(model_file, about)
    model = keras.models.load_model(model_file)
    features = np.asarray(keras.Model(model.inputs[0], model.get_layer("top").output)(run.images / 127.5 - 1))
    (first, bias), (second, _) = (layer.get_weights() for layer in model.layers[-2:])
    on = features.mean(axis=(1, 2)) @ first + bias > 0
    maps = np.einsum("nhwk,nk->nhw", features, on * second[:, 0] @ first.T)
    shown = run.contract.heatmap
    assert shown.full_scale == pytest.approx(np.quantile(np.abs(maps), 0.99), rel=1e-4)
    assert shown.region_threshold == pytest.approx(shown.full_scale / 2)


def test_people_are_told_what_is_not_known(about: ExternalModel) -> None:
    told = "\n".join(doubts_of(BARE))
    for word in ("edgecad evaluate", "CAD, nonCAD", "'tf'", "0.5", "--origin", "--images"):
        assert word in told
    fewer = "\n".join(doubts_of(about))
    assert "--origin" not in fewer
    assert "--images" not in fewer
    assert "not calibrated" in fewer


def test_refused_scans_are_counted_and_what_is_not_known_is_said(model_file: Path, about: ExternalModel) -> None:
    told: list[str] = []
    external_run(model_file, about, told.append)
    assert told[0].startswith("1 of 5 scans of --images are refused; the last: ")
    assert told[1:] == list(doubts_of(about))


OWN_SCALING: dict[str, Callable[[Any], Any]] = {
    "a layer": lambda image: layers.Rescaling(1 / 255)(image),
    "operations": lambda image: image / 127.5 - 1.0,
    "operations, BGR": lambda image: keras.ops.flip(image, -1) * (1 / 255.0),
    "nothing": lambda image: image,
    "a name that lies": lambda image: layers.Rescaling(1.0, name="normalization")(image),
}
SCALES = {"a layer", "operations", "operations, BGR"}


@pytest.mark.parametrize("scaling", ["tf", "torch", "none"])
@pytest.mark.parametrize("how", OWN_SCALING)
def test_scaling_twice_or_never_looks_wrong(scaling: Any, how: str) -> None:
    """By what the graph does, not by the names of its layers."""
    image = keras.Input((SIZE, SIZE, 3))
    base = keras.Model(image, layers.Conv2D(4, 3, strides=8, activation="relu")(OWN_SCALING[how](image)))
    model = keras.Sequential([base, layers.GlobalAveragePooling2D(), layers.Dense(2)])
    about = replace(BARE, scaling=scaling, linear_end="logits")
    more = "".join(doubts_of_scaling(rebuilt_from_external(model, about), scaling))
    twice, never = how in SCALES and scaling != "none", how not in SCALES and scaling == "none"
    assert ("scales by itself" in more) == twice
    assert ("nothing scales before its first weights" in more) == never
    assert bool(more) == (twice or never)


def test_what_looks_wrong_is_told_with_the_rest(tmp_path: Path) -> None:
    image = keras.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(4, 3, strides=8, activation="relu")(image / 255.0)
    keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling2D()(x))).save(tmp_path / "model.keras")
    told: list[str] = []
    about = replace(BARE, linear_end="logits")
    external_run(tmp_path / "model.keras", about, told.append)
    (more,) = told[len(doubts_of(about)) :]
    assert "it scales by itself (unit)" in more


def test_the_whole_way_to_an_answer_that_says_what_is_not_known(
    model_file: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    run = external_run(model_file, replace(BARE, unit="nonCAD"))
    export_run(run, tmp_path / "models" / run.contract.name, ExportRequest())
    with Classifier(tmp_path / "models" / "latest", device="cpu") as classifier:
        prediction = classifier(phantom_jpeg)
        contract = classifier.contract
        assert classifier.figure(prediction).shape[2] == 3
    fed = prepare(read_screen(phantom_jpeg).pixels, contract.preparation).image[None] / 127.5 - 1
    wanted = 1 - float(keras.models.load_model(model_file)(fed)[0, 0])
    assert prediction.probability == pytest.approx(wanted, abs=2e-5)
    assert {"colours-unchecked", "model-unmeasured"} <= {finding.code for finding in prediction.findings}
    assert "colours-unseen" not in {finding.code for finding in prediction.findings}
    assert prediction.stamp == PHANTOM_STAMP
    assert contract.labelling.sentence("CAD").startswith("how many of the training patients were CAD is not known")


def test_a_model_of_uptake_is_proven_on_its_drawing_and_answers_through_the_tables_that_were_named(
    model_file: Path, about: ExternalModel, phantom_jpeg: Path, tmp_path: Path
) -> None:
    told: list[str] = []
    named = ["rainbow", "warm", "iron", "grey"]
    run = external_run(model_file, replace(about, input="uptake", table=named, map="1/1"), told.append)
    how = run.contract.preparation
    assert (how.input, [table.name for table in how.tables], how.drawing, str(how.map)) == (
        "uptake", named, Drawing(), "1/1",
    )  # fmt: skip
    assert not run.contract.colours.recorded
    assert any("trained on uptake as EdgeCAD draws it" in line for line in told)
    plain = external_run(model_file, about)
    assert len(run.images) == len(plain.images) == 4
    assert not (run.images == plain.images).all(axis=(1, 2, 3)).any()
    export_run(run, tmp_path / "models" / run.contract.name, ExportRequest())
    with Classifier(tmp_path / "models" / "latest", device="cpu") as classifier:
        prediction = classifier(phantom_jpeg)
    assert prediction.reading is not None
    assert prediction.reading.chosen_by == "contract"
    assert "colours-unchecked" not in {finding.code for finding in prediction.findings}


def test_a_model_of_uptake_without_scans_is_proven_on_the_phantoms_whatever_its_own_tables(model_file: Path) -> None:
    run = external_run(model_file, replace(BARE, unit="CAD", input="uptake", table=["jet"], map="2/3"))
    assert len(run.images) > 3
    assert [table.name for table in run.contract.preparation.tables] == ["jet"]
