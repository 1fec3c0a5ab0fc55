"""The same network for another size of input: its weights stay, and the places where the graph says a size change."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec.structs import replace

from edgecad.answer.heatmap import disc_weights
from edgecad.contract import METADATA_KEY, contract_from_json
from edgecad.frozen import json_from_struct
from edgecad.modelfiles.digest import with_digest

STRIDE = 32
"""By which the networks here narrow: sizes are multiples of it, so that paddings stay as they are."""


def resized(content: bytes, size: int) -> bytes:
    """An exported model for inputs of `size` pixels. Its answers mean nothing; what it takes to compute them does.

    Args:
        content: of an ONNX file of ours, in any precision, whose network narrows by `STRIDE`.

    Raises:
        ValueError: not a multiple of `STRIDE`, or the graph's shapes do not fit together afterwards.
    """
    import onnx

    if size % STRIDE:
        raise ValueError(f"inputs of {size} pixels; a multiple of {STRIDE} wanted")
    model = onnx.load_from_string(content)
    sizes = {own.name: own for own in (*model.graph.input, *model.graph.output)}
    side, cells = (sizes[name].type.tensor_type.shape.dim[1].dim_value for name in ("image", "features"))
    new = size * cells // side
    _set(sizes["image"], (1, 2), size)
    _set(sizes["features"], (1, 2), new)
    _set(sizes["cam"], (2, 3), new)
    _reshape(model.graph, cells, new)
    _weigh(model.graph, cells, new)
    _say_size(model, size)
    del model.graph.value_info[:]
    onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    return with_digest(bytes(model.SerializeToString()))


def _set(value: Any, axes: tuple[int, int], side: int) -> None:
    for axis in axes:
        value.type.tensor_type.shape.dim[axis].dim_value = side


def _reshape(graph: Any, cells: int, new: int) -> None:
    """Rows of cells, and the square of them, in what Reshape nodes are told."""
    from onnx import numpy_helper

    told = {node.input[1] for node in graph.node if node.op_type == "Reshape"}
    for tensor in graph.initializer:
        if tensor.name in told:
            shape = numpy_helper.to_array(tensor)
            shape = np.where(shape == cells**2, new**2, np.where(shape == cells, new, shape))
            tensor.CopyFrom(numpy_helper.from_array(shape, tensor.name))


def _weigh(graph: Any, cells: int, new: int) -> None:
    """The weights of the cells, where the disc is pooled."""
    from onnx import numpy_helper

    multiplied = {name for node in graph.node if node.op_type == "Mul" for name in node.input}
    for tensor in graph.initializer:
        shape = list(tensor.dims)
        if tensor.name in multiplied and sorted(shape, reverse=True)[:2] == [cells, cells] and cells > 1:
            weights = disc_weights(new, new).reshape([new if length == cells else length for length in shape])
            tensor.CopyFrom(numpy_helper.from_array(weights.astype(np.float32), tensor.name))


def _say_size(model: Any, size: int) -> None:
    """In the contract, which the runtime holds against the graph."""
    (entry,) = (entry for entry in model.metadata_props if entry.key == METADATA_KEY)
    contract = contract_from_json(entry.value)
    preparation = replace(contract.preparation, size=size)
    entry.value = json_from_struct(replace(contract, preparation=preparation, golden=()))
