"""What this machine can do at its best: products of fp32 and of 8-bit numbers, and bytes through memory."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgecad.contract import Precision
from edgecad.system.cores import usable_threads
from measures.latency import session_of

CHANNELS, PIXELS, KERNEL = 256, 28, 3
"""A convolution as a ResNet has them."""
WIDTHS: dict[Precision, int] = {"fp32": 4, "int8": 1}
"""Bytes of a number."""


@dataclass(frozen=True)
class Kernel:
    """Something to time that shows a rate.

    Attributes:
        what: `fp32` or `int8` (operations), or `memory` (bytes).
        amount: operations or bytes of one run.
        run: does it once, on all threads.
    """

    what: str
    amount: float
    run: Callable[[], object]


def kernels(side: int, megabytes: int) -> dict[str, Kernel]:
    """Everything that is timed, by name.

    Args:
        side: rows and columns of the matrices.
        megabytes: of each array that is read or copied; far more than the caches hold.
    """
    return {**_numpy_product(side), **_products(side), **_convolutions(), **_streams(megabytes)}


def _numpy_product(side: int) -> dict[str, Kernel]:
    from threadpoolctl import threadpool_limits

    threadpool_limits(usable_threads())
    left, right = np.random.default_rng(0).random((2, side, side), np.float32)
    out = np.empty_like(left)
    return {"numpy matmul": Kernel("fp32", 2.0 * side**3, lambda: np.matmul(left, right, out=out))}


def _products(side: int) -> dict[str, Kernel]:
    square = (side, side)
    return {
        name: Kernel(what, 2.0 * side**3, _session_run(name, what, square, square))
        for name, what in (("MatMul", "fp32"), ("Gemm", "fp32"), ("MatMulInteger", "int8"), ("QLinearMatMul", "int8"))
    }


def _convolutions() -> dict[str, Kernel]:
    image, filters = (1, CHANNELS, PIXELS, PIXELS), (CHANNELS, CHANNELS, KERNEL, KERNEL)
    operations = 2.0 * PIXELS**2 * CHANNELS**2 * KERNEL**2
    return {
        name: Kernel(what, operations, _session_run(name, what, image, filters))
        for name, what in (("Conv", "fp32"), ("QLinearConv", "int8"))
    }


def _session_run(operator: str, what: str, left: tuple[int, ...], right: tuple[int, ...]) -> Callable[[], object]:
    """One node in a session as the runtime opens one, the right side a constant, as weights are."""
    session = session_of(_model(operator, what, left, right).SerializeToString())
    rng = np.random.default_rng(0)
    # Unsigned activations and signed weights: what EdgeCAD's int8 files have.
    values = rng.integers(0, 256, left, np.uint8) if what == "int8" else rng.random(left, np.float32)
    return lambda: session.run(None, {"x": values})


def _model(operator: str, what: str, left: tuple[int, ...], right: tuple[int, ...]) -> Any:
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(1)
    weights = rng.integers(-64, 64, right).astype(np.int8) if what == "int8" else rng.random(right, np.float32) - 0.5
    constants: dict[str, Any] = {
        "w": weights,
        "x_scale": np.float32(0.01),
        "w_scale": np.float32(0.01),
        "y_scale": np.float32(1),
    }
    constants |= {"x_zero": np.uint8(128), "w_zero": np.int8(0), "y_zero": np.uint8(128)}
    inputs = {
        "MatMulInteger": ["x", "w", "x_zero", "w_zero"],
        "QLinearMatMul": ["x", "x_scale", "x_zero", "w", "w_scale", "w_zero", "y_scale", "y_zero"],
        "QLinearConv": ["x", "x_scale", "x_zero", "w", "w_scale", "w_zero", "y_scale", "y_zero"],
    }.get(operator, ["x", "w"])
    attributes = {"pads": [KERNEL // 2] * 4} if "Conv" in operator else {}
    given, gives = (TensorProto.UINT8,) * 2 if what == "int8" else (TensorProto.FLOAT,) * 2
    gives = TensorProto.INT32 if operator == "MatMulInteger" else gives
    graph = helper.make_graph(
        [helper.make_node(operator, inputs, ["y"], **attributes)],
        operator,
        [helper.make_tensor_value_info("x", given, left)],
        [helper.make_tensor_value_info("y", gives, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items() if name in inputs],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _streams(megabytes: int) -> dict[str, Kernel]:
    """Reading and copying, a part a thread; numpy lets go of the interpreter meanwhile."""
    count = megabytes * 2**20 // 8
    source, target = np.ones(count, np.int64), np.zeros(count, np.int64)
    threads = usable_threads()
    parts = [slice(count * own // threads, count * (own + 1) // threads) for own in range(threads)]
    pool = ThreadPoolExecutor(threads)
    return {
        "read": Kernel("memory", source.nbytes, lambda: list(pool.map(lambda own: source[own].sum(), parts))),
        # Counted as read and written once; that the processor may read the target as well is not.
        "copy": Kernel(
            "memory", 2 * source.nbytes, lambda: list(pool.map(lambda own: np.copyto(target[own], source[own]), parts))
        ),
    }
