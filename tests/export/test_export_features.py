"""Networks that are cut, or pool two layers side by side, over the disc: every file answers as the Keras model does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

import keras
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edgecad.answer.heatmap import cell_coverage, disc_weights
from edgecad.contract import Contract, Drawing, Features, PooledOver, Preparation
from edgecad.engines.builder import build_engine
from edgecad.engines.record import Batches
from edgecad.errors import ModelInvalid
from edgecad.inference.classifier import Classifier
from edgecad_export.exporter import candidates_of, export_run
from edgecad_export.graph.parts import features_tensor, parts_of
from edgecad_export.graph.trained_classifier import classifier_from_keras
from edgecad_export.proof.gate import golden_images
from edgecad_export.request import ExportRequest
from edgecad_export.runfiles import Run
from edgecad_train.networks.backbones import Backbone, Top
from edgecad_train.networks.pooled import features_of, within_disc

SIZE = 64
HOW = Preparation(size=SIZE, input="uptake", drawing=Drawing())
CONVOLUTIONS = {"last": 4, "stride-16": 3, "both": 4}
ALLOWED = {"model.onnx": 1e-4, "model.fp16.onnx": 0.02, "model.int8.onnx": 0.1}


def network(features: Features, over: PooledOver) -> Any:
    """A small network in the form that training gives it; its finer grid has 8 cells a side, its last one 4."""
    layers = keras.layers
    image = keras.Input((SIZE, SIZE, 3), dtype="uint8", name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(image)
    for name, filters, strides in (("stem", 8, 4), ("low", 10, 2), ("finer", 12, 1), ("top", 16, 2)):
        x = layers.Conv2D(filters, 3, strides=strides, padding="same")(x)
        x = layers.ReLU(name=name)(layers.BatchNormalization()(x))
    backbone = Backbone("small", "Small", SIZE, "tf", Top("top", ()), Top("finer", ()), "small.h5")
    pooled = features_of(keras.Model(image, x), backbone, features)
    pooled = within_disc(pooled) if over == "disc" else pooled
    x = layers.Dense(12, activation="silu")(layers.GlobalAveragePooling2D()(pooled))
    model = keras.Model(image, layers.Dense(2)(x))
    draw = np.random.default_rng(3)
    for layer in model.layers:
        low = 0.5 if isinstance(layer, layers.BatchNormalization) else -0.4
        layer.set_weights([draw.uniform(low, low + 0.9, weight.shape) for weight in layer.get_weights()])
    return model


@dataclass(frozen=True)
class Exported:
    """A model folder, and what the files of it must answer to its images."""

    folder: Path
    features: Features
    over: PooledOver
    images: NDArray[np.uint8]
    logits: NDArray[np.float64]

    def graph(self, name: str) -> onnx.ModelProto:
        return onnx.load(self.folder / name)


@pytest.fixture(scope="module", params=[("last", "disc"), ("stride-16", "disc"), ("both", "all")])
def exported(
    request: pytest.FixtureRequest, contract_of: Callable[..., Contract], tmp_path_factory: pytest.TempPathFactory
) -> Exported:
    features, over = request.param
    model, images = network(features, over), np.repeat(golden_images(HOW), 2, axis=0)
    layer = {"last": "top", "stride-16": "finer", "both": "both_features"}[features]
    contract = contract_of(SIZE, preparation=HOW, feature_layer=layer, features=features, pooled_over=over)
    folder = tmp_path_factory.mktemp("features") / "models" / "a-run"
    run = Run(Path("a-run"), model, contract, images, None, None, images)
    export_run(run, folder, ExportRequest(fp16=True, int8=True))
    return Exported(folder, features, over, images, np.asarray(model(images), np.float64))


@pytest.mark.parametrize("name", ALLOWED)
def test_every_file_answers_as_the_network_and_its_map_adds_up_to_the_score(exported: Exported, name: str) -> None:
    with Classifier(exported.folder / name, device="cpu") as classifier:
        assert all(replay.holds for replay in classifier.replay_golden())
        found = classifier.run(exported.images, ("logits", "cam", "cam_bias", "features", "fc_weights"))
    assert np.abs(found["logits"] - exported.logits).max() <= ALLOWED[name] * np.abs(exported.logits).max()
    np.testing.assert_allclose(
        found["cam"].mean(axis=(2, 3)) + found["cam_bias"], found["logits"], rtol=1e-4, atol=1e-4
    )
    products = np.einsum("nck,nhwk->nchw", found["fc_weights"], found["features"])
    np.testing.assert_allclose(found["cam"], products, rtol=1e-4, atol=1e-4)
    cells = found["cam"].shape[2:]
    assert cells == ((4, 4) if exported.features == "last" else (8, 8))
    outside = cell_coverage(*cells) == 0
    assert outside.any() == (exported.features != "last")
    if exported.over == "disc":
        assert not found["features"][:, outside].any()
        assert not found["cam"][:, :, outside].any()


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_above_the_cut_is_in_no_file_and_cells_are_weighted_in_fp32(exported: Exported, name: str) -> None:
    graph = exported.graph(name)
    parts = parts_of(graph)
    shapes = [tuple(tensor.dims) for tensor in graph.graph.initializer]
    assert sum(shape[2:] == (3, 3) for shape in shapes) == CONVOLUTIONS[exported.features]
    assert ((16, 12, 3, 3) in shapes) == (exported.features != "stride-16")
    cells = disc_weights(*((4, 4) if exported.features == "last" else (8, 8)))

    def weights_of_cells(part: onnx.ModelProto) -> list[NDArray[Any]]:
        held = (numpy_helper.to_array(tensor) for tensor in part.graph.initializer)
        return [value for value in held if value.squeeze().shape == cells.shape and value.dtype == np.float32
                and np.allclose(value.squeeze(), cells)]  # fmt: skip

    assert len(weights_of_cells(parts.head)) == (exported.over == "disc")
    assert not weights_of_cells(parts.backbone)


def test_both_are_brought_to_one_grid_by_a_node_of_fixed_shape(exported: Exported) -> None:
    nodes = exported.graph("model.onnx").graph.node
    kinds = [node.op_type for node in nodes]
    assert ("Resize" in kinds) == (exported.features == "both")
    assert not {"Shape", "Tile", "Loop"} & set(kinds)
    modes = [str(attribute.s, "ascii") for node in nodes if node.op_type == "Resize" for attribute in node.attribute]
    assert "tf_half_pixel_for_nn" not in modes  # of opset 11 alone


@pytest.mark.skipif(
    find_spec("tensorrt_rtx") is None, reason="TensorRT-RTX is not installed: pip install 'edgecad[tensorrt-rtx]'"
)
def test_every_graph_builds_in_tensorrt_rtx_without_a_gpu(exported: Exported, tmp_path: Path) -> None:
    contract = "{}"
    model = (exported.folder / "model.onnx").read_bytes()
    record = build_engine(model, tmp_path / "e.plan", "fp32", contract, Batches(1, 1, 8), library="tensorrt_rtx")
    assert record.identity.precision == "fp32"


@pytest.mark.parametrize(("features", "over"), [("stride-16", "all"), ("both", "disc")])
def test_a_trained_network_says_what_it_pools(features: Features, over: PooledOver) -> None:
    found = classifier_from_keras(network(features, over))
    assert found.feature_layer == ("both_features" if features == "both" else "finer")
    assert found.pooled_over == over


def test_a_contract_that_says_other_cells_is_of_another_run(contract_of: Callable[..., Contract]) -> None:
    images = golden_images(HOW)
    contract = contract_of(SIZE, preparation=HOW, feature_layer="finer")
    run = Run(Path("a-run"), network("stride-16", "disc"), contract, images, None, None, images)
    with pytest.raises(ModelInvalid, match="'finer' over the disc and its contract says 'finer' over all cells"):
        candidates_of(run, ExportRequest())


def test_cells_that_are_weighted_otherwise_are_refused(contract_of: Callable[..., Contract]) -> None:
    model = network("stride-16", "disc")
    model.get_layer("disc_weights").scale = (2 * disc_weights(8, 8))[..., None].tolist()
    images = golden_images(HOW)
    contract = contract_of(SIZE, preparation=HOW, feature_layer="finer", pooled_over="disc")
    with pytest.raises(ModelInvalid, match="'disc_weights' weighs the cells otherwise"):
        candidates_of(Run(Path("a-run"), model, contract, images, None, None, images), ExportRequest())


@pytest.mark.parametrize(
    ("shape", "between"), [((8, 8, 1), "x"), ((1, 8, 8, 1), "x"), ((6,), "features"), ((1, 1, 1, 6), "features")]
)
def test_weights_of_cells_belong_to_the_head_and_a_scale_of_channels_to_the_backbone(
    shape: tuple[int, ...], between: str
) -> None:
    values = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 8, 8, 6])
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", 8, 8, 6])
    constant = numpy_helper.from_array(np.ones(shape, np.float32), "w")
    nodes = [helper.make_node("Mul", ["w", "x"], ["features"])]
    graph = helper.make_graph(nodes, "g", [values], [features], [constant])
    assert features_tensor(helper.make_model(graph)) == between


def test_each_choice_of_the_contract_is_exported_here() -> None:
    assert set(CONVOLUTIONS) == set(get_args(Features))
