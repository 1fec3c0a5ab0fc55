"""polar-cnn and polar-gcn: built, kept, opened again, converted, and explained exactly."""

from __future__ import annotations

import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from edgecad_train.methods.graphs.changes import CHANNELS
from edgecad_train.methods.networks.chebyshev import Chebyshev, laplacian_of
from edgecad_train.methods.networks.grid import PolarGrid
from edgecad_train.methods.networks.polar import PolarNetwork
from edgecad_train.methods.networks.unrolled import grids_of
from edgecad_train.methods.task import MethodScans
from edgecad_train.networks.network import LOGITS

NAMES = ("polar-cnn", "polar-gcn")
GRID = PolarGrid()


def _built(name: str, scans: MethodScans) -> tuple[keras.Model, keras.Model, np.ndarray]:
    """A network on grids, the same on images, and the grids."""
    how = scans.data.preparation
    assert how.drawing is not None
    grids = grids_of(scans.data.images, GRID, how.drawing)
    keras.utils.set_random_seed(4)
    network = PolarNetwork.of(name, GRID, grids)
    model = network.on_grids(network.to_learn())
    return model, network.on_images(model, how.size, how.drawing), grids


@pytest.mark.parametrize(("name", "weights"), [("polar-cnn", 23_858), ("polar-gcn", 7_970)])
def test_so_many_weights_learn(scans: MethodScans, name: str, weights: int) -> None:
    model, on_images, _ = _built(name, scans)
    assert sum(int(np.prod(variable.shape)) for variable in model.trainable_variables) == weights
    kernel, _ = on_images.get_layer(LOGITS).get_weights()
    features = on_images.get_layer("square").output.shape[-1]
    assert kernel.shape == (features, 2)
    assert not kernel[-CHANNELS:].any()  # how uptake changes tells of likeness alone
    assert kernel[:-CHANNELS].all()


@pytest.mark.parametrize("name", NAMES)
def test_images_and_grids_give_the_same(scans: MethodScans, name: str) -> None:
    model, on_images, grids = _built(name, scans)
    said = model(grids[..., None]).numpy()
    assert said.std(axis=0).min() > 1e-3  # scans are told apart, or the same means nothing
    assert np.abs(on_images(scans.data.images).numpy() - said).max() < 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_what_learns_says_the_same_without_a_square(scans: MethodScans, name: str) -> None:
    drawing = scans.data.preparation.drawing
    assert drawing is not None
    grids = grids_of(scans.data.images, GRID, drawing)
    keras.utils.set_random_seed(4)
    network = PolarNetwork.of(name, GRID, grids)
    learning = network.to_learn()
    said = learning(grids[..., None]).numpy()
    assert said.std(axis=0).min() > 1e-3
    assert np.abs(network.on_grids(learning)(grids[..., None]).numpy() - said).max() < 1e-5


@pytest.mark.parametrize("name", NAMES)
def test_a_kept_model_holds_no_code(scans: MethodScans, name: str, tmp_path: Path) -> None:
    _, model, _ = _built(name, scans)
    path = tmp_path / "model.keras"
    model.save(path)
    config = zipfile.ZipFile(path).read("config.json").decode()
    assert "Lambda" not in config
    # Keras' own layers alone open without EdgeCAD; the graph's convolution is ours.
    assert ("Chebyshev" in config) == (name == "polar-gcn") == ("edgecad" in config)
    again = keras.saving.load_model(path, compile=False, safe_mode=True)
    assert np.array_equal(again(scans.data.images[:4]).numpy(), model(scans.data.images[:4]).numpy())


@pytest.mark.parametrize("name", NAMES)
def test_the_converted_network_explains_itself_exactly(scans: MethodScans, name: str) -> None:
    export = pytest.importorskip("edgecad_export.graph.cam_head", reason="conversion needs the extra edgecad[export]")
    import onnxruntime

    from edgecad_export.graph.onnx_from_keras import onnx_from_keras
    from edgecad_export.graph.trained_classifier import classifier_from_keras

    _, model, _ = _built(name, scans)
    classifier = classifier_from_keras(model)
    assert classifier.pooled_over == "disc"
    graph = onnx_from_keras(export.explained_model(classifier, 1.0), 17)  # sees that `image` is the only input
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    told = dict(zip(names, session.run(None, {"image": scans.data.images[:8]}), strict=True))
    assert np.abs(told["logits"] - model(scans.data.images[:8]).numpy()).max() < 1e-5
    assert told["cam"].shape == (8, 2, 14, 14)
    assert np.abs(told["cam"].mean((2, 3)) + told["cam_bias"] - told["logits"]).max() < 1e-5


@pytest.mark.parametrize("grid", [PolarGrid(4, 8), PolarGrid(3, 9)])
def test_the_laplacian_is_that_of_neighbours(grid: PolarGrid) -> None:
    laplacian = laplacian_of(grid)
    assert np.allclose(laplacian, laplacian.T)
    values = np.linalg.eigvalsh(laplacian.astype(np.float64))
    assert values[0] == pytest.approx(-1, abs=1e-5)
    assert values[-1] == pytest.approx(1, abs=1e-5)
    edges = np.abs(laplacian - np.diag(np.diag(laplacian))) > 1e-6
    # Around, outwards, and across the apex: to one cell, or to the two that are nearest to the opposite place.
    assert edges[0].sum() == 2 + 1 + (1 if grid.angles % 2 == 0 else 2)
    assert edges[grid.angles].sum() == 2 + 2
    assert edges[-1].sum() == 2 + 1


def test_the_layer_computes_chebyshev_polynomials() -> None:
    grid, rng = PolarGrid(3, 6), np.random.default_rng(0)
    keras.utils.set_random_seed(1)
    layer = Chebyshev(5, rings=3, angles=6, order=4)
    values = rng.normal(size=(2, 18, 3)).astype(np.float32)
    found = layer(values).numpy()
    matrix = laplacian_of(grid).astype(np.float64)
    one = np.eye(18)
    polynomials = [one, matrix, 2 * matrix @ matrix - one, 4 * matrix @ matrix @ matrix - 3 * matrix]
    kernel = layer.kernel.numpy()[0].reshape(4, 3, 5)
    wanted = sum(np.einsum("ij,njc,cf->nif", p, values, k) for p, k in zip(polynomials, kernel, strict=True))
    assert np.abs(found - wanted).max() < 1e-5


def test_the_layer_refuses_another_grid() -> None:
    with pytest.raises(ValueError, match="20 cells came, and the grid has 18"):
        Chebyshev(5, rings=3, angles=6)(np.zeros((1, 20, 1), np.float32))
