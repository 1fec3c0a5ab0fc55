"""Open the device that trains, strictly, and compute a little on it: what is missing shows before scans are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from edgecad.engines.gpu import Gpu, gpu_here
from edgecad.errors import NotAvailable
from edgecad.system.extras import without_greetings
from edgecad.system.installation import install_words
from edgecad_train.training.device.asked import AUTO, CPU, CUDA, gpu_asked
from edgecad_train.training.device.driver import ON_CPU, check_driver
from edgecad_train.training.device.failures import telling_failures
from edgecad_train.training.device.placing import check_placed
from edgecad_train.training.device.record import TrainingDevice

EXTRAS = ("train", "train-gpu")
"""That install what training on a GPU needs."""
ROUNDING = 1e-3
"""Of the probe's sums, which are at most 27."""
PROCESSOR = TrainingDevice(name=CPU)


def open_device(asked: str, otherwise: str = ON_CPU) -> TrainingDevice:
    """Have TensorFlow compute on one device in this process, from now on.

    `auto` is the first GPU that TensorFlow sees, else the processor. What is chosen is strict. On a GPU products are
    in fp32 and not in TF32, sums are always in the same order, and memory is taken as it is needed.

    Args:
        asked: a word of `--device`.
        otherwise: what to do where the device is not here.

    Raises:
        NotAvailable: there is no such GPU, or TensorFlow computes on another device in this process already.
        DeviceFailed: it is here, and gave up or has no memory left.
    """
    with without_greetings():
        seen = tf.config.list_physical_devices("GPU")
    if asked == CPU or (asked == AUTO and not seen):
        _see_only([], asked)
        return PROCESSOR
    index = gpu_asked(asked) or 0
    if index >= len(seen):
        raise _refuse(asked, index, seen, otherwise)
    return _opened(seen[index], index, otherwise)


def unused_gpu() -> Gpu | None:
    """A GPU of this machine that TensorFlow does not see, if there is one."""
    return None if tf.config.list_physical_devices("GPU") else gpu_here()


def why_unused(gpu: Gpu) -> str:
    """Why TensorFlow does not see a GPU, and what helps."""
    reason = "is built without CUDA" if not tf.test.is_built_with_cuda() else "finds no CUDA 12 that it can load"
    return f"the driver shows {gpu}, and this TensorFlow {reason}; {install_words(*EXTRAS)}"


def _refuse(asked: str, index: int, seen: Sequence[Any], otherwise: str) -> NotAvailable:
    """The error for a GPU that TensorFlow does not see."""
    check_driver(asked, otherwise)  # where the driver shows none, that is the reason
    gpu = gpu_here(index=index)
    if seen or gpu is None:
        told = f"TensorFlow sees {len(seen)} of the GPUs that the driver shows; choose another"
    else:
        told = why_unused(gpu)
    return NotAvailable(f"{CUDA}:{index} was asked for, and {told}, or {otherwise}")


def _opened(gpu: Any, index: int, otherwise: str) -> TrainingDevice:
    device = _described(gpu, index)
    _see_only([gpu], device.name)
    # TensorFlow rounds products to TF32 by itself, which has 10 bits where fp32 has 23.
    tf.config.experimental.enable_tensor_float_32_execution(False)
    tf.config.experimental.enable_op_determinism()
    with telling_failures(device, otherwise=otherwise), without_greetings():
        _probe(device)
    return device


def _described(gpu: Any, index: int) -> TrainingDevice:
    details = tf.config.experimental.get_device_details(gpu)
    capability = ".".join(map(str, details.get("compute_capability", ())))
    told = gpu_here(index=index)
    words = f"{details.get('device_name', 'a GPU')} (compute capability {capability or 'unknown'})"
    return TrainingDevice(name=f"{CUDA}:{index}", gpu=words, driver=told.driver if told else "")


def _see_only(gpus: list[Any], name: str) -> None:
    """Let TensorFlow see these GPUs and no others; of a GPU it then takes what it needs, and not all."""
    try:
        tf.config.set_visible_devices(gpus, "GPU")
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)
    except RuntimeError as error:  # what it sees is fixed once it has computed
        raise NotAvailable(
            f"{name} was asked for, and TensorFlow computes on another device in this process already; train in a "
            "process of its own"
        ) from error


def _probe(device: TrainingDevice) -> None:
    """A convolution, its gradient and a product of ones, whose sums are whole numbers but for rounding.

    cuDNN and cuBLAS are loaded at their first use, and a card that is too new or too old refuses its first kernel.
    """
    image, kernel = tf.ones((1, 4, 4, 3)), tf.ones((3, 3, 3, 2))
    with tf.GradientTape() as tape:
        tape.watch(kernel)
        filtered = tf.nn.conv2d(image, kernel, strides=1, padding="VALID")
    slopes = tape.gradient(filtered, kernel)
    product = tf.linalg.matmul(tf.ones((2, 5)), tf.ones((5, 2)))
    check_placed("what a GPU was given to compute", (filtered, slopes, product))
    for values, wanted in ((filtered, 27.0), (slopes, 4.0), (product, 5.0)):
        if not bool((abs(values.numpy() - wanted) < ROUNDING).all()):  # and what is not a number is wrong as well
            seen = f"{values.numpy().flat[0]:g} in place of {wanted:g}"
            raise NotAvailable(f"{device} computes wrongly ({seen}); look at nvidia-smi, or {ON_CPU}")
