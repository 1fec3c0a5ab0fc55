"""First weights: a Keras file, or an archive that may end below the top and then says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from edgecad.errors import UsageError
from edgecad_train.networks.backbones import backbone_named
from edgecad_train.networks.boundaries import first_layers_count
from edgecad_train.networks.head import Head
from edgecad_train.networks.network import Network, build_network, with_head
from edgecad_train.networks.weights import check_first_weights, load_first_weights

BACKBONE = backbone_named("mobilenetv2")


@pytest.fixture(scope="module")
def drawn() -> Network:
    """MobileNetV2 with uneven weights everywhere."""
    network = build_network(BACKBONE, "none", Head())
    draw = np.random.default_rng(0)
    for layer in network.backbone_layers():
        layer.set_weights([draw.uniform(0.5, 1.5, value.shape).astype(np.float32) for value in layer.get_weights()])
    return network


def _archive(network: Network, until: str | None = None) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for layer in network.backbone_layers():
        if layer.name == until:
            break
        for variable in layer.weights:
            arrays[f"{layer.name}/{variable.name}"] = np.asarray(variable, np.float16)
    return arrays


def _saved(path: Path, arrays: dict[str, Any]) -> str:
    np.savez(path, **arrays)
    return str(path)


def test_a_whole_archive_gives_every_layer_its_weights(drawn: Network, tmp_path: Path) -> None:
    network = build_network(BACKBONE, _saved(tmp_path / "w.npz", _archive(drawn)), Head())
    assert network.weights.startswith("file w.npz sha256:")
    assert "UNTRAINED" not in network.weights
    for mine, given in zip(network.backbone_layers(), drawn.backbone_layers(), strict=True):
        for one, other in zip(mine.get_weights(), given.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3)


def _without_names() -> keras.Model:
    """A network whose layers Keras names by counting."""
    image = x = keras.Input((8, 8, 3))
    for width in (4, 5, 6):
        x = keras.layers.DepthwiseConv2D(3)(keras.layers.BatchNormalization()(keras.layers.Conv2D(width, 1)(x)))
    return keras.Model(image, x)


@pytest.mark.parametrize("between", [0, 3, 20])
def test_an_archive_fits_however_many_layers_a_process_made_before(between: int, tmp_path: Path) -> None:
    given = _without_names()
    draw = np.random.default_rng(0)
    for layer in given.layers:
        layer.set_weights([draw.uniform(0.5, 1.5, value.shape).astype(np.float32) for value in layer.get_weights()])
    arrays = {f"{layer.name}/{own.name}": np.asarray(own) for layer in given.layers for own in layer.weights}
    for _ in range(between):
        keras.layers.Conv2D(1, 1), keras.layers.BatchNormalization()
    mine = _without_names()
    assert mine.layers[1].name != given.layers[1].name
    assert "UNTRAINED" not in load_first_weights(mine, BACKBONE, _saved(tmp_path / "w.npz", arrays), set())
    for one, other in zip(mine.get_weights(), given.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_archive_that_ends_below_the_top_says_what_is_untrained(drawn: Network, tmp_path: Path) -> None:
    network = build_network(BACKBONE, _saved(tmp_path / "w.npz", _archive(drawn, "block_16_expand")), Head())
    assert "UNTRAINED, random: " in network.weights
    assert "layers from block_16_expand on" in network.weights
    below = network.model.get_layer("block_15_project").get_weights()[0]
    np.testing.assert_allclose(below, drawn.model.get_layer("block_15_project").get_weights()[0], rtol=1e-3)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda arrays: arrays.update({"nowhere/kernel": np.zeros(3)}), "no layer for nowhere/kernel"),
        (lambda arrays: arrays.update({"Conv1/kernel": np.zeros((1, 1))}), "Conv1 has shape"),
        (lambda arrays: arrays.pop("Conv1/kernel"), "Conv1 is missing below"),
    ],
)
def test_an_archive_that_does_not_fit_is_a_usage_error(spoil: Any, words: str, drawn: Network, tmp_path: Path) -> None:
    arrays = _archive(drawn)
    spoil(arrays)
    with pytest.raises(UsageError, match=words):
        build_network(BACKBONE, _saved(tmp_path / "w.npz", arrays), Head())


def test_a_file_that_is_no_archive_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "w.npz").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(UsageError, match="does not hold the weights of mobilenetv2"):
        build_network(BACKBONE, str(tmp_path / "w.npz"), Head())


def test_another_head_leaves_the_backbone_as_it_is(drawn: Network) -> None:
    other = with_head(drawn, Head(units=5, dropout=0.1))
    assert other.model.get_layer("head_hidden").units == 5
    assert other.model.get_layer("Conv_1") is drawn.model.get_layer("Conv_1")
    assert isinstance(other.model, keras.Model)


@pytest.mark.parametrize(("layers", "frozen"), [(564, 200), (10, 4), (154, 55)])
def test_s3_freezes_the_papers_first_200_of_resnet152v2_and_the_same_share_elsewhere(layers: int, frozen: int) -> None:
    assert first_layers_count(layers) == frozen


HDF5 = b"\x89HDF\r\n\x1a\n"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("w.txt", HDF5, "ends with none of .h5, .hdf5, .keras, .npz"),
        ("w.h5", b"PK\x03\x04", "does not begin as a .h5 file does"),
        ("w.weights.h5", b"", "does not begin as a .h5 file does"),
        ("w.h5", HDF5 + bytes(2000), "it is damaged, or its end is missing"),
        ("w.npz", HDF5, "does not begin as a .npz file does"),
        ("w.keras", b"PK\x03\x04 cut off", "it is damaged, or its end is missing"),
        ("w.npz", b"PK\x05\x06" + bytes(18), "it is an empty archive"),
    ],
)
def test_a_file_that_cannot_hold_weights_is_told_without_loading_it(
    name: str, content: bytes, told: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=told):
        check_first_weights(str(tmp_path / name), BACKBONE)


def _hdf5(path: Path, groups: int) -> Path:
    with h5py.File(path, "w") as file:
        for number in range(groups):
            file.create_dataset(f"layer-{number}", data=np.ones(1000))
    return path


@pytest.mark.parametrize("name", ["w.h5", "w.weights.h5"])
def test_a_weights_file_that_is_empty_or_cut_off_is_told_without_loading_it(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it holds nothing"):
        check_first_weights(str(_hdf5(tmp_path / name, 0)), BACKBONE)
    whole = _hdf5(tmp_path / name, 3)
    check_first_weights(str(whole), BACKBONE)
    whole.write_bytes(whole.read_bytes()[:-1000])
    with pytest.raises(UsageError, match="its end is missing"):
        check_first_weights(str(whole), BACKBONE)


def test_a_file_of_the_right_kind_passes(tmp_path: Path) -> None:
    check_first_weights(_saved(tmp_path / "w.npz", {"layer/kernel": np.ones(3)}), BACKBONE)
    for word in ("imagenet", "none"):
        check_first_weights(word, BACKBONE)
