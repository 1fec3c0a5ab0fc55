"""A model of uptake in every precision: proven on uptake's drawing, and answering as the Keras model does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from edgecad.answer.heatmap import DOUBTED_FROM, share_outside_disc
from edgecad.colourtables.known import known_table
from edgecad.contract import Contract, Drawing, MapPlace, Preparation
from edgecad.inference.classifier import Classifier
from edgecad.preparing import prepared_from
from edgecad_export.exporter import export_run
from edgecad_export.proof.gate import golden_images
from edgecad_export.request import ExportRequest
from edgecad_export.runfiles import Run
from edgecad_train.phantoms import jpeg_bytes

SIZE = 64
TABLES = tuple(map(known_table, ("warm", "iron", "rainbow", "grey")))


def exported(model: Any, contract: Contract, images: NDArray[np.uint8], folder: Path, request: ExportRequest) -> Path:
    """The folder of a run that is proven and calibrated on these images."""
    layer = [each for each in model.layers if isinstance(each, keras.layers.ReLU)][-1].name
    export_run(
        Run(Path("a-run"), model, replace(contract, feature_layer=layer), images, None, None, images), folder, request
    )
    return folder


def classifier_bias(model: Path, image: NDArray[np.uint8]) -> float:
    """What a graph adds to the mean of the score's map."""
    with Classifier(model, device="cpu") as classifier:
        own = classifier.run(image[None], ("logits", "probabilities", "cam", "cam_bias"))["cam_bias"][0]
    return float(own[0] - own[1])


@pytest.mark.parametrize("beyond", ["mirrored", "black"])
def test_every_precision_answers_a_map_in_any_of_its_tables(
    small_classifier: Callable[..., Any],
    contract_of: Callable[..., Contract],
    phantom_screen: Callable[[int], Any],
    tmp_path: Path,
    beyond: Any,
) -> None:
    how = Preparation(size=SIZE, input="uptake", drawing=Drawing(beyond=beyond), tables=TABLES)
    screens = [jpeg_bytes(phantom_screen(number)) for number in range(8)]
    model = small_classifier(size=SIZE)
    images = np.stack([prepared_from(screen, how).image for screen in screens])
    every = ExportRequest(fp16=True, int8=True)
    folder = exported(model, contract_of(SIZE, preparation=how), images, tmp_path / "models" / "a-run", every)
    fed = images[0]
    wanted = np.asarray(model(fed[None]))[0]
    for name, allowed in (("model.onnx", 1e-4), ("model.fp16.onnx", 0.02), ("model.int8.onnx", 0.1)):
        with Classifier(folder / name, device="cpu") as classifier:
            assert all(replay.holds for replay in classifier.replay_golden())
            answer = classifier(screens[0])
        assert np.array_equal(answer.image, fed)
        assert answer.reading is not None
        assert np.abs(np.array(answer.logits) - wanted).max() <= allowed * np.abs(wanted).max()
        # What the mirror shows beyond the rim is folded back; what is black there stays where it is, and may be said.
        assert (answer.heatmap[0, 0] == 0) == (beyond == "mirrored")
        said = any(finding.code == "evidence-outside" for finding in answer.findings)
        doubted = beyond == "black" and share_outside_disc(answer.heatmap) >= DOUBTED_FROM
        assert said == doubted
        bias = classifier_bias(folder / name, answer.image)
        assert answer.heatmap.mean() + bias == pytest.approx(answer.logits[0] - answer.logits[1], abs=1e-4)


def test_golden_samples_have_their_own_tables_and_one_map_whatever_the_scans_have(
    small_classifier: Callable[..., Any], contract_of: Callable[..., Contract], tmp_path: Path
) -> None:
    jet, place = known_table("jet"), MapPlace(number=2, count=3)
    how = Preparation(size=SIZE, input="uptake", drawing=Drawing(), tables=(jet,), map=place)
    contract, model = contract_of(SIZE, preparation=how), small_classifier(size=SIZE)
    folder = exported(model, contract, golden_images(how), tmp_path / "models" / "a-run", ExportRequest())
    with Classifier(folder / "model.onnx", device="cpu") as classifier:
        replays = classifier.replay_golden()
    assert len(replays) > 2
    assert all(replay.holds for replay in replays)
