"""Golden samples find an engine that answers otherwise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from edgecad import Classifier, Contract
from edgecad.answer.prediction import Prediction
from edgecad.contract import GoldenAnswer
from edgecad.errors import DeviceFailed, GateFailed, InputRefused, NotAvailable
from edgecad.golden import golden_samples, replay

Build = Callable[..., bytes]


@pytest.fixture
def with_golden(
    tiny_model: Build, tiny_contract: Contract, model_folder: Path, tmp_path: Path
) -> Callable[[Callable[[GoldenAnswer], GoldenAnswer]], Classifier]:
    """Open the tiny model with each of its golden answers changed."""
    with Classifier(model_folder, device="cpu") as exported:
        golden = exported.contract.golden

    def build(change: Callable[[GoldenAnswer], GoldenAnswer]) -> Classifier:
        path = tmp_path / "model.onnx"
        path.write_bytes(tiny_model(replace(tiny_contract, golden=tuple(map(change, golden)))))
        return Classifier(path, device="cpu", replay="never")

    return build


def test_samples_are_a_jpeg_a_png_and_a_dicom_screen() -> None:
    assert [Path(name).suffix for name in golden_samples()] == [".jpg", ".png", ".dcm"]


def test_a_model_answers_its_golden_samples_here_as_it_did_there(model_folder: Path) -> None:
    replays = Classifier(model_folder, device="cpu").replay_golden()
    assert len(replays) == 3
    assert all(entry.holds and not entry.skipped for entry in replays)
    assert max(entry.logits for entry in replays) < 1e-6


def test_other_logits_are_found(with_golden: Callable[..., Classifier]) -> None:
    changed = with_golden(lambda golden: replace(golden, logits=(golden.logits[0] + 0.05, golden.logits[1])))
    assert not any(entry.holds for entry in changed.replay_golden())


def test_another_map_with_the_same_logits_is_found(with_golden: Callable[..., Classifier]) -> None:
    changed = with_golden(lambda golden: replace(golden, score_map=golden.score_map[::-1]))
    replays = changed.replay_golden()
    assert all(entry.logits < 1e-6 for entry in replays)
    assert not any(entry.holds for entry in replays)


@pytest.mark.parametrize("change", [{"sha256": "0" * 64}, {"sample": "phantom-9.jpg"}])
def test_a_sample_that_is_not_the_one_recorded_is_an_error(
    with_golden: Callable[..., Classifier], change: dict[str, str]
) -> None:
    with pytest.raises(GateFailed, match="another golden sample"):
        with_golden(lambda golden: replace(golden, **change)).replay_golden()


def test_a_model_without_golden_answers_cannot_be_verified(tiny_model: Build, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(tiny_model())
    with pytest.raises(GateFailed, match="no golden answers"):
        Classifier(path, device="cpu").replay_golden()


def test_a_device_that_gives_up_proves_nothing(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = Classifier(model_folder, device="cpu")

    def gone(*_: Any) -> None:
        raise DeviceFailed("cuda:0 failed: it fell off the bus")

    monkeypatch.setattr(classifier.runner, "run", gone)
    with pytest.raises(DeviceFailed, match="fell off the bus"):
        classifier.replay_golden()


def test_a_sample_that_is_refused_here_fails_the_gate(model_folder: Path) -> None:
    classifier = Classifier(model_folder, device="cpu")

    def refused(_: bytes) -> Prediction:
        raise InputRefused("damaged", "the picture's data are corrupt")

    with pytest.raises(GateFailed, match=r"phantom.* is refused here \(damaged\)"):
        replay(refused, classifier.contract)


def test_samples_that_are_all_skipped_prove_nothing(model_folder: Path) -> None:
    classifier = Classifier(model_folder, device="cpu")

    def missing(_: bytes) -> Prediction:
        raise NotAvailable("pydicom is not installed")

    with pytest.raises(GateFailed, match="no golden sample could be replayed: pydicom is not installed"):
        replay(missing, classifier.contract)
