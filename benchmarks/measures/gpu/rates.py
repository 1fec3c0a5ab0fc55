"""What ONNX Runtime reaches on a device, copies to and from it apart: products of matrices, bytes through memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgecad.contract import Precision
from edgecad.runners.onnx import CPU, cuda_provider, load_cuda
from measures.latency import turns
from measures.limits.operations import Rates
from measures.quartiles import quartiles_of

PRECISIONS: dict[Precision, type[np.floating[Any]]] = {"fp32": np.float32, "fp16": np.float16}


def device_rates(device: str, side: int, megabytes: int, rounds: int = 20) -> dict[Precision, Rates]:
    """What ONNX Runtime reaches on a device, `cpu` or `cuda`, without copies to and from it, by precision.

    Args:
        side: rows and columns of the matrices that are multiplied.
        megabytes: of an array that is read and written once, a number added to each of its own.
    """
    found = {}
    for name, kind in PRECISIONS.items():
        product = _median_seconds(device, "MatMul", kind, (side, side), (side, side), rounds)
        count = megabytes * 2**20 // np.dtype(kind).itemsize
        added = _median_seconds(device, "Add", kind, (count,), (1,), rounds)
        found[name] = Rates(2.0 * side**3 / product, 2.0 * megabytes * 2**20 / added)
    return found


def _median_seconds(
    device: str, operator: str, kind: type[np.floating[Any]], left: tuple[int, ...], right: tuple[int, ...], rounds: int
) -> float:
    import onnxruntime

    provider: Any = CPU
    options = onnxruntime.SessionOptions()
    if device == "cuda":
        load_cuda(onnxruntime)
        options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
        provider = cuda_provider(0)
    content = _model(operator, kind, left, right).SerializeToString()
    session = onnxruntime.InferenceSession(content, options, providers=[provider], enable_fallback=0)
    binding = session.io_binding()
    values = np.random.default_rng(0).random(left, np.float32).astype(kind)
    binding.bind_ortvalue_input("x", onnxruntime.OrtValue.ortvalue_from_numpy(values, device, 0))
    binding.bind_output("y", device)

    def run() -> None:
        session.run_with_iobinding(binding)
        binding.synchronize_outputs()

    return quartiles_of(turns({operator: run}, rounds, 1)[operator]).median / 1000


def _model(operator: str, kind: type[np.floating[Any]], left: tuple[int, ...], right: tuple[int, ...]) -> Any:
    """One node, its right side a constant, as weights are."""
    from onnx import helper, numpy_helper

    weights = np.random.default_rng(1).random(right, np.float32).astype(kind)
    number = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    graph = helper.make_graph(
        [helper.make_node(operator, ["x", "w"], ["y"])],
        operator,
        [helper.make_tensor_value_info("x", number, left)],
        [helper.make_tensor_value_info("y", number, None)],
        [numpy_helper.from_array(weights, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
