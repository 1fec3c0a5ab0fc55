"""What a device could not do is told in one line, with code 4; a mistake of the program stays one."""

from __future__ import annotations

import pytest
import tensorflow as tf

from edgecad.errors import DeviceFailed, NotAvailable
from edgecad_train.training.device.failures import line_of, telling_failures
from edgecad_train.training.device.record import TrainingDevice

CPU = TrainingDevice(name="cpu")
GPU = TrainingDevice(name="cuda:0", gpu="NVIDIA Test (compute capability 8.9)", driver="550 (CUDA 12.4)")
GRAPH = """Graph execution error:

Detected at node StatefulPartitionedCall/small/conv defined at (most recent call last):
{{{{function_node __wrapped__Conv2D_device_/job:localhost/replica:0/task:0/device:GPU:0}}}} {}
\t [[{{{{node small/conv}}}}]]
Hint: If you want to see a list of allocated tensors when OOM happens, add report_tensor_allocations_upon_oom
[Op:__inference_train]"""
OOM = "OOM when allocating tensor with shape[16,64,112,112] and type float on GPU:0 by allocator GPU_0_bfc"
NOT_ORDERED = "A deterministic GPU implementation of DepthwiseConvBackpropFilter is not currently available."


@pytest.mark.parametrize("device", [CPU, GPU], ids=["cpu", "gpu"])
@pytest.mark.parametrize(
    ("batch", "advice"), [(16, "a --batch-size below 16"), (1, "end what else"), (None, "end what")]
)
def test_too_little_memory_says_what_makes_room(device: TrainingDevice, batch: int | None, advice: str) -> None:
    with pytest.raises(DeviceFailed, match=advice) as found, telling_failures(device, batch):
        raise tf.errors.ResourceExhaustedError(None, None, GRAPH.format(OOM))
    told = str(found.value)
    assert OOM[:60] in told
    assert ("--device cpu" in told) == device.on_gpu
    assert ("--batch-size" in told) == (batch == 16)
    assert "\n" not in told
    assert found.value.exit_code == 4


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (tf.errors.InternalError(None, None, "Failed to allocate scratch buffer"), DeviceFailed, "memory of cuda:0"),
        (tf.errors.InternalError(None, None, "CUDA_ERROR_ILLEGAL_ADDRESS"), DeviceFailed, "gave up: CUDA_ERROR_ILL"),
        (tf.errors.UnknownError(None, None, GRAPH.format("Failed to get convolution algorithm.")), DeviceFailed,
         "gave up: Failed to get convolution algorithm"),
        (tf.errors.NotFoundError(None, None, "No algorithm worked!"), DeviceFailed, "No algorithm worked"),
        (tf.errors.UnimplementedError(None, None, GRAPH.format(NOT_ORDERED)), NotAvailable, "sums in one order"),
    ],
    ids=["scratch", "address", "algorithm", "none", "order"],
)  # fmt: skip
def test_what_a_gpu_raises_is_of_the_gpu_and_no_failure_of_the_processor(
    error: Exception, kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind, match=f"{told}.*--device cpu"), telling_failures(GPU, 16):
        raise error
    with pytest.raises(type(error)), telling_failures(CPU, 16):
        raise error


def test_a_mistake_of_the_program_is_not_put_on_the_device() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError), telling_failures(GPU, 16):
        raise tf.errors.InvalidArgumentError(None, None, "logits and labels must have the same first dimension")


def test_a_line_is_short_even_where_tensorflow_says_nothing() -> None:
    assert line_of(tf.errors.UnknownError(None, None, "")) == "UnknownError"
    assert len(line_of(tf.errors.UnknownError(None, None, "x" * 999))) == 160
