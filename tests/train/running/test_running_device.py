"""A run ends on the device that it was begun on, says which it was, and outlives one that gives up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from edgecad.errors import DeviceFailed, ModelInvalid, NotAvailable, UsageError
from edgecad_train.data import PreparedData
from edgecad_train.running import device as device_module
from edgecad_train.running import make
from edgecad_train.running.device import DEVICE, begun_on, device_of_run
from edgecad_train.running.make import make_run
from edgecad_train.runs.outcome import TrainingOutcome
from edgecad_train.runs.reading import read_run
from edgecad_train.runs.request import command_of
from edgecad_train.runs.spec import RunSpec
from edgecad_train.runs.writing import RECORDS
from edgecad_train.training.device.record import TrainingDevice
from edgecad_train.versions import package_versions

FIRST = TrainingDevice(name="cuda:0", gpu="NVIDIA One (compute capability 8.6)", driver="550.54 (CUDA 12.4)")
NEWER_DRIVER = TrainingDevice(name="cuda:0", gpu=FIRST.gpu, driver="580.10 (CUDA 13.0)")
OTHER = TrainingDevice(name="cuda:0", gpu="NVIDIA Two (compute capability 9.0)", driver="550.54 (CUDA 12.4)")


@pytest.fixture
def opens(monkeypatch: pytest.MonkeyPatch) -> Callable[[TrainingDevice | Exception], list[str]]:
    """Let a device be opened, or not; gives the words that it was asked for by."""

    def let(found: TrainingDevice | Exception) -> list[str]:
        asked: list[str] = []

        def open_device(word: str, otherwise: str = "") -> TrainingDevice:
            asked.append(word)
            if isinstance(found, Exception):
                raise type(found)(f"{found}, or {otherwise}")
            return found

        monkeypatch.setattr(device_module, "open_device", open_device)
        return asked

    return let


def test_a_run_keeps_to_the_device_that_auto_chose_at_its_beginning(tmp_path: Path, opens: Any) -> None:
    assert begun_on(tmp_path) is None
    asked = opens(FIRST)
    assert device_of_run(tmp_path, "auto") == FIRST
    assert begun_on(tmp_path) == FIRST
    assert device_of_run(tmp_path, "auto") == FIRST
    assert asked == ["auto", "cuda:0"]
    opens(NEWER_DRIVER)
    assert device_of_run(tmp_path, "auto") == NEWER_DRIVER  # the same card computes the same sums


def test_another_card_or_none_is_refused_with_the_one_that_it_was(tmp_path: Path, opens: Any) -> None:
    opens(FIRST)
    device_of_run(tmp_path, "auto")
    opens(OTHER)
    with pytest.raises(UsageError, match=r"was begun on cuda:0, NVIDIA One .* is NVIDIA Two .*resume the run where it"):
        device_of_run(tmp_path, "auto")
    opens(NotAvailable("cuda:0 was asked for, and no driver"))
    with pytest.raises(NotAvailable, match=r"no driver, or resume the run where it was begun \(cuda:0, NVIDIA One"):
        device_of_run(tmp_path, "auto")
    assert begun_on(tmp_path) == FIRST


def test_a_damaged_note_of_the_device_is_named(tmp_path: Path) -> None:
    (tmp_path / DEVICE).write_text("{")
    with pytest.raises(ModelInvalid, match=rf"{DEVICE} cannot be used"):
        begun_on(tmp_path)


@pytest.fixture
def spec(outcome: TrainingOutcome) -> RunSpec:
    return RunSpec(
        name="a-run", data="/data", patient_rule="the file's stem", preparation=outcome.data.preparation,
        settings=outcome.settings.spelt_out(), partition=outcome.partition, data_sha256=outcome.data.sha256,
        weights_sha256=None, versions=package_versions(),
    )  # fmt: skip


@pytest.mark.parametrize("trained", [False, True])
def test_a_device_that_gives_up_leaves_what_was_trained(
    trained: bool, tmp_path: Path, spec: RunSpec, phantoms: PreparedData, monkeypatch: pytest.MonkeyPatch
) -> None:
    unfinished = tmp_path / "a-run.unfinished"

    def gives_up(*arguments: Any, **more: Any) -> Any:
        assert more["device"] == TrainingDevice(name="cpu")
        if trained:
            (unfinished / "state-0.npz").write_bytes(b"an epoch")
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[16,112]")

    monkeypatch.setattr(make, "train", gives_up)
    with pytest.raises(DeviceFailed, match=r"OOM when allocating.*--batch-size below 16") as found:
        make_run(tmp_path / "a-run", spec, phantoms)
    assert ("what was trained is kept; to resume it: the same command again" in str(found.value)) == trained
    assert (unfinished.is_dir(), begun_on(unfinished) is not None) == (trained, trained)


def test_a_run_records_its_device_and_where_its_features_lay(
    tmp_path: Path, spec: RunSpec, phantoms: PreparedData
) -> None:
    folder = tmp_path / "a-run"
    make_run(folder, spec, phantoms, contents=RECORDS)
    run = read_run(folder)
    assert run.record.device == TrainingDevice(name="cpu")
    assert set(run.record.frozen_on.values()) == {"host"}
    assert "--device cpu" in command_of(run.record, run.contract.preparation)
    assert run.record.settings.device == "auto"
