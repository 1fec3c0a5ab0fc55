"""Frozen features on the device: the same values, as many as fit, and the same training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from edgecad.errors import NotAvailable
from edgecad_train.data import PreparedData
from edgecad_train.data.store import RowStore
from edgecad_train.running.training import train
from edgecad_train.splits.split import folds_by_patient
from edgecad_train.training import trainer
from edgecad_train.training.device import resident
from edgecad_train.training.device.resident import kept_on_device, room_on_device
from edgecad_train.training.settings import Settings


@pytest.fixture
def rows() -> Any:
    return np.random.default_rng(0).normal(size=(23, 5, 4)).astype(np.float32)


@pytest.mark.parametrize("piece", [1, 3 * 80, 10**9], ids=["a row each", "three rows", "all"])
def test_rows_on_the_device_are_those_of_the_host(rows: Any, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resident, "PIECE_BYTES", piece)
    (kept,) = kept_on_device((rows,), rows.nbytes)
    chosen = np.array([22, 0, 7, 7])
    np.testing.assert_array_equal(kept.gathered(chosen).numpy(), rows[chosen])
    assert (kept.shape, kept.dtype) == (rows.shape, rows.dtype)


def test_rows_in_a_file_are_sent_as_well(rows: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resident, "PIECE_BYTES", 200)
    with RowStore(len(rows), rows.shape[1:], np.float32, budget=10, scratch=tmp_path) as store:
        for row in rows:
            store.add(row)
        (kept,) = kept_on_device((store.rows(),), rows.nbytes)
    np.testing.assert_array_equal(kept.gathered(np.arange(23)).numpy(), rows)


def test_what_does_not_fit_stays_where_it_is(rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(kept_on_device((rows, rows), 2 * rows.nbytes)) == 2
    assert kept_on_device((rows, rows), 2 * rows.nbytes - 1) == ()  # all passes of augmentation, or none
    assert kept_on_device((rows,), 0) == ()
    assert kept_on_device((rows[:0],), 100) == ()
    assert kept_on_device((rows.astype(np.uint8),), 10**9) == ()  # images: TensorFlow holds none such on a GPU
    monkeypatch.setattr(resident, "MOST_VALUES", rows.size - 1)
    assert kept_on_device((rows,), 10**9) == ()


def test_room_that_somebody_took_meanwhile_is_no_error(rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(value: Any) -> Any:
        raise tf.errors.ResourceExhaustedError(None, None, "OOM")

    monkeypatch.setattr(tf, "identity", full)
    assert kept_on_device((rows,), rows.nbytes) == ()


def test_what_did_not_come_to_lie_there_is_an_error(rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind=None: ["a GPU"])
    with pytest.raises(NotAvailable, match="what was to stay on the device lies on device:CPU:0"):
        kept_on_device((rows,), rows.nbytes)


@pytest.mark.parametrize(("free", "room"), [(None, 0), (8 * 2**30, 2 * 2**30)])
def test_features_may_take_a_quarter_of_what_is_free(
    free: int | None, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert room_on_device() == 0  # a processor
    gpu = type("Physical", (), {"name": "/physical_device:GPU:3"})()
    asked: list[int] = []
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind=None: [gpu])
    monkeypatch.setattr(resident, "free_memory", lambda index: asked.append(index) or free)
    assert room_on_device() == room
    assert asked == [3]


def test_training_from_the_device_is_that_from_the_host(
    phantoms: PreparedData, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings("mobilenetv2", "none", warmup_epochs=2, finetune_epochs=1, augment=2)
    partition = folds_by_patient(phantoms.cases, seed=0, folds=2)
    host = train(phantoms, partition, settings, "a-run")
    assert set(host.frozen_on.values()) == {"host"}
    sizes: list[int] = []
    kept = trainer.kept_on_device

    def counted(passes: Any, room: int) -> Any:
        sizes.append(sum(rows.size for rows in passes))
        return kept(passes, room)

    monkeypatch.setattr(trainer, "room_on_device", lambda: 2**40)
    monkeypatch.setattr(trainer, "kept_on_device", counted)
    there = train(phantoms, partition, settings, "a-run")
    assert there.frozen_on == dict.fromkeys(host.frozen_on, "device")
    assert len(sizes) == 2
    assert sizes == sorted(sizes)  # the fewest bytes first, as room runs out
    assert there.histories == host.histories
    np.testing.assert_array_equal(there.said.logits, host.said.logits)
