"""Whether the driver shows the GPU that was asked for, told before TensorFlow is imported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgecad.errors import NotAvailable
from edgecad_train.training.device import driver
from edgecad_train.training.device.driver import check_driver


@pytest.fixture
def shows(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let the driver show so many GPUs."""

    def show(number: int) -> None:
        monkeypatch.setattr(driver, "gpu_count", lambda: number)

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return show


@pytest.mark.parametrize(("word", "number"), [("cuda", 1), ("cuda:2", 3), ("cpu", 0), ("auto", 0)])
def test_what_is_there_or_wants_no_gpu_passes(shows: Callable[[int], None], word: str, number: int) -> None:
    shows(number)
    check_driver(word)


@pytest.mark.parametrize(
    ("word", "number", "told"),
    [
        ("cuda", 0, "cuda:0 was asked for, and no NVIDIA driver shows a GPU here; look at nvidia-smi, or use"),
        ("cuda:1", 1, "cuda:1 was asked for, and the driver shows cuda:0; choose one of these, or use --device cpu"),
        ("cuda:7", 3, "the driver shows cuda:0 to cuda:2; choose one of these"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(
    shows: Callable[[int], None], word: str, number: int, told: str
) -> None:
    shows(number)
    with pytest.raises(NotAvailable, match=told):
        check_driver(word)


def test_a_mask_of_the_environment_is_told(shows: Callable[[int], None], monkeypatch: pytest.MonkeyPatch) -> None:
    shows(0)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    with pytest.raises(NotAvailable, match=r"shows a GPU here \(CUDA_VISIBLE_DEVICES is '-1'\)"):
        check_driver("cuda", otherwise="resume elsewhere")


@pytest.mark.parametrize(
    "words",
    [
        ("train", "DATA"),
        ("study", "DATA", "--backbones", "mobilenetv2", "--weights", "none"),
        ("plan", "--curve", "DATA"),
    ],
    ids=lambda words: words[0],
)
def test_every_command_that_trains_ends_with_code_4_before_a_scan_is_read(
    shows: Callable[[int], None], edgecad_here: Any, phantom_folder: Path, words: tuple[str, ...]
) -> None:
    shows(0)
    weights = () if "--weights" in words else ("--backbone", "mobilenetv2", "--weights", "none")
    named = [str(phantom_folder) if word == "DATA" else word for word in words]
    answer = edgecad_here(*named, *weights, "--device", "cuda")
    assert answer.code == 4
    assert "no NVIDIA driver shows a GPU here" in answer.stderr
    assert len([line for line in answer.stderr.splitlines() if line.startswith("edgecad:")]) == 1
    assert not list(Path.cwd().iterdir())


def test_a_cluster_of_processors_is_asked_for_no_gpu(shows: Callable[[int], None], edgecad_here: Any) -> None:
    answer = edgecad_here("study", "data", "--ray", "127.0.0.1:1", "--device", "cuda")
    assert answer.code == 2
    assert "--ray asks nodes for processors alone" in answer.stderr
