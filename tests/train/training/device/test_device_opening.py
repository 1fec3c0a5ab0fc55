"""A device is opened strictly: what TensorFlow is told, and what it must show before a scan is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import tensorflow as tf

from edgecad.engines.gpu import Gpu
from edgecad.errors import DeviceFailed, NotAvailable
from edgecad_train.training.device import driver, opening, placing
from edgecad_train.training.device.opening import open_device, unused_gpu, why_unused
from edgecad_train.training.device.record import TrainingDevice

A_GPU = Gpu("NVIDIA Test", "8.9", "550.54.15 (CUDA 12.4)")


@dataclass(frozen=True)
class Physical:
    """A GPU as TensorFlow lists it."""

    name: str
    device_type: str = "GPU"


class FakeGpus:
    """In place of what TensorFlow knows of GPUs; what it is told is kept, and computing goes on on the CPU."""

    def __init__(self, patch: pytest.MonkeyPatch, number: int, shown: int | None = None) -> None:
        self.gpus = [Physical(f"/physical_device:GPU:{index}") for index in range(number)]
        self.visible: list[Any] = list(self.gpus)
        self.told: list[str] = []
        config, experimental = tf.config, tf.config.experimental
        patch.setattr(config, "list_physical_devices", lambda kind=None: self.gpus)
        patch.setattr(config, "get_visible_devices", lambda kind=None: self.visible)
        patch.setattr(config, "set_visible_devices", self._see)
        patch.setattr(experimental, "set_memory_growth", lambda gpu, on: self._say(f"growth {gpu.name[-5:]} {on}"))
        patch.setattr(experimental, "enable_tensor_float_32_execution", lambda on: self._say(f"TF32 {on}"))
        patch.setattr(experimental, "enable_op_determinism", lambda: self._say("determinism"))
        details = {"device_name": "NVIDIA Test", "compute_capability": (8, 9)}
        patch.setattr(experimental, "get_device_details", lambda gpu: details)
        here = number if shown is None else shown
        patch.setattr(driver, "gpu_count", lambda: here)
        patch.setattr(opening, "gpu_here", lambda index=0: A_GPU if index < here else None)

    def _see(self, gpus: list[Any], kind: str) -> None:
        self.visible = gpus
        self._say(f"sees {[gpu.name[-5:] for gpu in gpus]} of {kind}")

    def _say(self, words: str) -> None:
        self.told.append(words)


@pytest.fixture
def as_if_placed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what was computed on the CPU pass as computed on a GPU."""
    monkeypatch.setattr(opening, "check_placed", lambda what, values: None)


@pytest.mark.parametrize(("word", "index"), [("cuda", 0), ("auto", 0), ("cuda:0", 0), ("cuda:1", 1)])
def test_of_all_gpus_tensorflow_sees_one_and_takes_memory_as_it_needs(
    word: str, index: int, monkeypatch: pytest.MonkeyPatch, as_if_placed: None
) -> None:
    fake = FakeGpus(monkeypatch, 2)
    device = open_device(word)
    assert device == TrainingDevice(
        name=f"cuda:{index}", gpu="NVIDIA Test (compute capability 8.9)", driver="550.54.15 (CUDA 12.4)"
    )
    assert fake.told == [f"sees ['GPU:{index}'] of GPU", f"growth GPU:{index} True", "TF32 False", "determinism"]
    assert str(device).endswith("NVIDIA Test (compute capability 8.9), driver 550.54.15 (CUDA 12.4)")


@pytest.mark.parametrize(("word", "number"), [("cpu", 0), ("cpu", 2), ("auto", 0)])
def test_on_the_processor_tensorflow_sees_no_gpu_at_all(
    word: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeGpus(monkeypatch, number)
    assert open_device(word) == TrainingDevice(name="cpu")
    assert fake.told == ["sees [] of GPU"]


@pytest.mark.parametrize("word", ["auto", "cuda"])
def test_a_gpu_that_is_seen_and_does_not_compute_is_an_error_and_never_the_processor(
    word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeGpus(monkeypatch, 1)  # the probe runs on the CPU, as TensorFlow would have it in silence
    with pytest.raises(NotAvailable, match=r"lies on device:CPU:0, and the device that was opened is device:GPU:0"):
        open_device(word)


@pytest.mark.parametrize(
    ("word", "seen", "shown", "built", "told"),
    [
        ("cuda", 0, 0, True, "no NVIDIA driver shows a GPU here"),
        ("cuda:2", 2, 2, True, "the driver shows cuda:0 to cuda:1"),
        (
            "cuda",
            0,
            1,
            True,
            "shows NVIDIA Test .*finds no CUDA 12 that it can load; install it: .*train-gpu",
        ),
        ("cuda", 0, 1, False, "TensorFlow is built without CUDA; install it: .*train,train-gpu"),
        ("cuda:1", 1, 2, True, "TensorFlow sees 1 of the GPUs that the driver shows"),
    ],
)
def test_a_gpu_that_is_not_there_is_refused_with_the_reason(
    word: str, seen: int, shown: int, built: bool, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeGpus(monkeypatch, seen, shown)
    monkeypatch.setattr(tf.test, "is_built_with_cuda", lambda: built)
    monkeypatch.setattr(opening, "install_words", lambda *extras: f"install it: {','.join(extras)}")
    with pytest.raises(NotAvailable, match=rf"{told}.*or use --device cpu"):
        open_device(word)
    assert not fake.told


def test_one_process_trains_on_one_device(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeGpus(monkeypatch, 1)

    def fixed(gpus: Any, kind: str) -> None:
        raise RuntimeError("Visible devices cannot be modified after being initialized")

    monkeypatch.setattr(tf.config, "set_visible_devices", fixed)
    with pytest.raises(NotAvailable, match="computes on another device in this process already"):
        open_device("cuda")


@pytest.mark.parametrize(
    ("raised", "kind", "told"),
    [
        (tf.errors.InternalError(None, None, "CUDA_ERROR_OUT_OF_MEMORY: out of memory"), DeviceFailed, "the memory of"),
        (tf.errors.UnimplementedError(None, None, "DNN library is not found."), DeviceFailed, "DNN library is not"),
        (tf.errors.InternalError(None, None, "no kernel image is available"), DeviceFailed, "no kernel image is"),
    ],
)
def test_what_a_gpu_raises_at_its_first_use_is_one_line(
    raised: Exception, kind: type[Exception], told: str, monkeypatch: pytest.MonkeyPatch, as_if_placed: None
) -> None:
    FakeGpus(monkeypatch, 1)

    def convolve(*arguments: Any, **more: Any) -> Any:
        raise raised

    monkeypatch.setattr(tf.nn, "conv2d", convolve)
    with pytest.raises(kind, match=rf"{told}.*or back to the old card") as found:
        open_device("cuda", otherwise="back to the old card")
    assert "\n" not in str(found.value)


def test_a_gpu_that_computes_wrongly_is_not_used(monkeypatch: pytest.MonkeyPatch, as_if_placed: None) -> None:
    FakeGpus(monkeypatch, 1)
    product = tf.linalg.matmul
    monkeypatch.setattr(tf.linalg, "matmul", lambda a, b: product(a, b) + 1)
    with pytest.raises(NotAvailable, match=r"cuda:0, .* computes wrongly \(6 in place of 5\)"):
        open_device("cuda")


def test_a_gpu_that_auto_leaves_alone_is_told_with_what_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeGpus(monkeypatch, 0, shown=1)
    assert unused_gpu() == A_GPU
    assert "the driver shows NVIDIA Test (compute capability 8.9), and this TensorFlow" in why_unused(A_GPU)
    FakeGpus(monkeypatch, 0)
    assert unused_gpu() is None


@pytest.mark.parametrize(
    ("lies", "gpus", "fits"),
    [
        ("/job:localhost/replica:0/task:0/device:GPU:0", 1, True),
        ("/job:localhost/replica:0/task:0/device:CPU:0", 1, False),
        ("/job:localhost/replica:0/task:0/device:GPU:0", 0, False),
        ("/job:localhost/replica:0/task:0/device:CPU:0", 0, True),
        ("/job:localhost/replica:0/task:0/device:CPU:1", 0, False),
        ("", 0, False),
    ],
)
def test_a_value_lies_where_it_was_asked_for_or_is_named(
    lies: str, gpus: int, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeGpus(monkeypatch, gpus)
    value = type("Value", (), {"device": lies})()
    if fits:
        placing.check_placed("a value", [value])
        return
    with pytest.raises(NotAvailable, match="a value lies on"):
        placing.check_placed("a value", [value])
