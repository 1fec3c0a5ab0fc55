"""What is frozen runs once: in memory, in a file past the budget, in a cache that runs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edgecad_train.networks.boundaries import cut_below
from edgecad_train.networks.network import Network
from edgecad_train.training.augment import AugmentedImages, augmented
from edgecad_train.training.freezing import cut_of
from edgecad_train.training.frozen import Scans, Storage, frozen_outputs

Build = Callable[..., Network]


@pytest.fixture
def images() -> Any:
    return np.random.default_rng(0).integers(0, 255, (21, 32, 32, 3), dtype=np.uint8)


def _cuts(network: Network) -> list[Any]:
    return [cut_of(network, "top"), cut_of(network, "head")]


def test_outputs_are_those_of_the_whole_network_up_to_each_cut(small_network: Build, images: Any) -> None:
    network = small_network()
    outputs = frozen_outputs(network, _cuts(network), Scans(images, "a"), 4, Storage()).outputs
    assert list(outputs) == ["b2_relu", "pooling"]
    for name, values in outputs.items():
        wanted = keras.Model(network.model.input, network.model.get_layer(name).output).predict(images, verbose=0)
        np.testing.assert_allclose(values, wanted, rtol=1e-5, atol=1e-6)


def test_past_the_budget_outputs_lie_in_a_file_and_are_the_same(
    small_network: Build, images: Any, tmp_path: Path
) -> None:
    network = small_network()
    kept = frozen_outputs(network, _cuts(network), Scans(images, "a"), 4, Storage()).outputs
    filed = frozen_outputs(network, _cuts(network), Scans(images, "a"), 4, Storage(tmp_path, memory_budget=100)).outputs
    for name, values in kept.items():
        assert type(filed[name]).__name__ == "MappedRows"
        np.testing.assert_array_equal(filed[name][np.arange(21)], values)


def test_a_cache_serves_the_same_network_and_scans_and_no_others(
    small_network: Build, images: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgecad_train.training import frozen

    storage = Storage(cache=tmp_path / "cache")
    network = small_network()
    first = frozen_outputs(network, _cuts(network), Scans(images, "a"), 4, storage).outputs
    ran: list[object] = []
    run = frozen.run_in_batches

    def counted(*arguments: Any) -> Any:
        ran.append(arguments)
        return run(*arguments)

    monkeypatch.setattr(frozen, "run_in_batches", counted)
    twin = small_network()
    again = frozen_outputs(twin, _cuts(twin), Scans(images, "a"), 4, storage).outputs
    assert not ran
    for name, values in first.items():
        np.testing.assert_array_equal(again[name][np.arange(21)], np.asarray(values[np.arange(21)]))
    frozen_outputs(network, _cuts(network), Scans(images, "b"), 4, storage)
    assert len(ran) == 2
    other = small_network(seed=9)
    frozen_outputs(other, _cuts(other), Scans(images, "a"), 4, storage)
    assert len(ran) == 4


def test_a_cut_never_leaves_out_a_residual_connection() -> None:
    image = keras.Input((8, 8, 3))
    below = keras.layers.Conv2D(3, 1, name="below")(image)
    inside = keras.layers.Conv2D(3, 1, name="inside")(below)
    joined = keras.layers.Add(name="joined")([inside, below])
    model = keras.Model(image, keras.layers.Conv2D(1, 1, name="above")(joined))
    # What learns from `joined` on needs both `inside` and `below`, so the block is computed again from `below`.
    assert cut_below(model, "joined")._keras_history.operation.name == "below"
    assert cut_below(model, "above")._keras_history.operation.name == "joined"
    assert cut_below(model, "inside")._keras_history.operation.name == "below"


def test_pass_zero_is_the_image_itself_and_others_move_it_a_little() -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    image[20:44, 10:30] = 200
    assert augmented(image, 1, 0, 5) is image
    moved = augmented(image, 1, 1, 5)
    assert moved.shape == image.shape
    assert 0 < np.abs(moved.astype(int) - image).mean() < 20
    # Never a flip or a turn: the bright patch stays left of the middle, and its centre moves by 5 % at most.
    rows, columns = np.nonzero(moved[..., 0] > 100)
    assert (rows.mean(), columns.mean()) == pytest.approx((31.5, 19.5), abs=0.05 * 64)


def test_a_pass_is_the_same_however_it_is_read(images: Any) -> None:
    shown = AugmentedImages(images, seed=3, pass_number=2)
    whole = shown[0:21]
    np.testing.assert_array_equal(shown[np.array([7, 3])], whole[[7, 3]])
    assert np.abs(whole.astype(int) - images).max() > 0
