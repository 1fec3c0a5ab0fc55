"""Keras to ONNX, and the checks that the graph is the one that was meant."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import onnx
import tensorflow as tf
from onnx import numpy_helper

from edgecad.contract.graph import FAMILIARITY, OUTPUTS
from edgecad.errors import GateFailed

IR_VERSION = 8
"""What onnxruntime 1.18, the oldest that the runtime accepts, can read."""
CATCH = "TF2ONNX_CATCH_ERRORS"
"""Once this is set the converter's passes work in place and raise; what it is set to does not matter to it."""


def onnx_from_keras(model: keras.Model, opset: int) -> onnx.ModelProto:
    """Convert a model whose input is `image` and whose outputs are the named ones, `familiarity` among them or not.

    Raises:
        GateFailed: the graph has other inputs or outputs, or shape arithmetic.
    """
    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)
    with _what_is_older_left_out():
        try:
            proto = _converted(model, opset, careful=False)
        except Exception:  # One of the converter's passes stumbled over this network; it raises whatever it hits.
            proto = _converted(model, opset, careful=True)
    proto.ir_version = IR_VERSION
    _repeat_cells_plainly(proto.graph)
    _name_outputs(proto)
    _name_batch(proto)
    check_graph(proto)
    return proto


@contextmanager
def _what_is_older_left_out() -> Iterator[None]:
    """Collections look only at what is made inside: TensorFlow and Keras are a million objects, a quarter second each.

    A small network is converted in a quarter of the time.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _converted(model: keras.Model, opset: int, careful: bool) -> onnx.ModelProto:
    """Convert; `careful` lets each pass work on a copy and leaves out those that fail, in three times the memory."""
    import tf2onnx

    signature = [tf.TensorSpec(model.inputs[0].shape, tf.uint8, name="image")]
    saved = os.environ.pop(CATCH, None)
    if not careful:
        os.environ[CATCH] = "FALSE"
    try:
        proto, _ = tf2onnx.convert.from_keras(model, input_signature=signature, opset=opset, optimizers=_passes())
    finally:
        os.environ.pop(CATCH, None)
        if saved is not None:
            os.environ[CATCH] = saved
    gc.collect()
    return proto


def _passes() -> dict[str, Callable[[], Any]]:
    """The converter's passes, each behind a collection: they leave cycles that hold the weights again and again."""
    from tf2onnx.optimizer.back_to_back_optimizer import BackToBackOptimizer
    from tf2onnx.optimizer.const_fold_optimizer import ConstFoldOptimizer
    from tf2onnx.optimizer.global_pool_optimizer import GlobalPoolOptimizer
    from tf2onnx.optimizer.identity_optimizer import IdentityOptimizer
    from tf2onnx.optimizer.merge_duplicated_nodes_optimizer import MergeDuplicatedNodesOptimizer
    from tf2onnx.optimizer.reshape_optimizer import ReshapeOptimizer
    from tf2onnx.optimizer.transpose_optimizer import TransposeOptimizer

    passes = (TransposeOptimizer, ConstFoldOptimizer, MergeDuplicatedNodesOptimizer, ReshapeOptimizer,
              GlobalPoolOptimizer, IdentityOptimizer, BackToBackOptimizer)  # fmt: skip

    def behind_collection(made: Callable[[], Any]) -> Callable[[], Any]:
        def make() -> Any:
            gc.collect()
            return made()

        return make

    return {made.__name__: behind_collection(made) for made in passes}


def _repeat_cells_plainly(graph: onnx.GraphProto) -> None:
    """Let nodes that repeat whole cells say so in a mode that today's ONNX has: the converter's is of opset 11 alone.

    For a whole factor f, floor((x + 0.5) / f) and floor(x / f) are the same cell.
    """
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        scales = constants.get(node.input[2]) if node.op_type == "Resize" and len(node.input) > 2 else None
        if scales is None or np.any(numpy_helper.to_array(scales) % 1):
            continue
        for attribute in node.attribute:
            if attribute.name == "coordinate_transformation_mode" and attribute.s == b"tf_half_pixel_for_nn":
                attribute.s = b"asymmetric"


def _name_outputs(proto: onnx.ModelProto) -> None:
    """Order the outputs as everything else lists them; the converter sorts them by name."""
    by_name = {value.name: value for value in proto.graph.output}
    wanted = [name for name in OUTPUTS if name in by_name or name != FAMILIARITY]
    if set(by_name) != set(wanted):
        raise GateFailed(f"the graph's outputs are {sorted(by_name)}; {wanted} wanted")
    ordered = [by_name[name] for name in wanted]
    del proto.graph.output[:]
    proto.graph.output.extend(ordered)


def _name_batch(proto: onnx.ModelProto) -> None:
    for value in (*proto.graph.input, *proto.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "N"


def check_graph(proto: onnx.ModelProto) -> None:
    """Check that a graph has the one input and computes no shapes.

    Raises:
        GateFailed: it has others.
    """
    inputs = [(value.name, value.type.tensor_type.elem_type) for value in proto.graph.input]
    if inputs != [("image", onnx.TensorProto.UINT8)]:
        # Some converters turn constants into extra inputs, and the checker accepts that.
        raise GateFailed(f"the graph's inputs are {inputs}; one input `image`, uint8, wanted")
    shapes = [node.name for node in proto.graph.node if node.op_type == "Shape"]
    if shapes:
        raise GateFailed(f"the graph computes shapes ({', '.join(shapes[:3])}); it would not run on a GPU alone")
    for value in proto.graph.output:
        if any(not dim.dim_value for dim in value.type.tensor_type.shape.dim[1:]):
            raise GateFailed(f"output {value.name} has an unknown size; only the batch may vary")
    onnx.checker.check_model(proto, full_check=True)


def set_metadata(proto: onnx.ModelProto, entries: dict[str, str]) -> None:
    """Replace the model's metadata."""
    del proto.metadata_props[:]
    onnx.helper.set_model_props(proto, entries)
