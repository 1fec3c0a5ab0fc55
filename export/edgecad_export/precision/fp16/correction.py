"""Bring a narrower backbone's features back to fp32's, channel by channel.

Rounded weights are wrong by the same amount on every scan, so a channel of the last feature map comes out scaled and
shifted. Both are seen on training images and undone by one multiplication and one addition in fp32, before cells are
weighted, and before pooling and heat map read the features. It matters most where a hidden unit of the head stands near
zero: a unit that switches changes the heat map, though hardly the score.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from edgecad_export.graph.parts import cell_weights, channel_axis, parts_of
from edgecad_export.precision.sessions import session_of

BATCH = 8
LEAST_VARIANCE = 1e-9
"""Below it a channel is the same everywhere, and only its mean can be brought back."""
CORRECTED = "features/corrected"


def corrected(narrow: onnx.ModelProto, seen: NDArray[np.float32], exact: NDArray[np.float32]) -> onnx.ModelProto:
    """`narrow` with features that are, by least squares over images and cells, nearest to those of fp32.

    Args:
        seen: `(n, h, w, channels)`, features that it gives for some training images, cells weighted.
        exact: what fp32 gives for them.
    """
    scale, shift = _fit(seen, exact, cell_weights(narrow))
    result = onnx.ModelProto()
    result.CopyFrom(narrow)
    between = parts_of(narrow).between
    shape = (-1,) + (1,) * (3 - channel_axis(narrow))
    constants = {f"{CORRECTED}/scale": scale.reshape(shape), f"{CORRECTED}/shift": shift.reshape(shape)}
    for name, values in constants.items():
        result.graph.initializer.append(numpy_helper.from_array(values.astype(np.float32), name))
    for node in result.graph.node:
        for index, name in enumerate(node.input):
            node.input[index] = CORRECTED if name == between else name
    scaled, shifted = f"{CORRECTED}/scaled", CORRECTED
    added = (
        onnx.helper.make_node("Mul", [between, f"{CORRECTED}/scale"], [scaled], name=scaled),
        onnx.helper.make_node("Add", [scaled, f"{CORRECTED}/shift"], [shifted], name=shifted),
    )
    _insert_behind(result.graph, between, added)
    onnx.checker.check_model(result, full_check=True)
    return result


def _insert_behind(graph: onnx.GraphProto, tensor: str, added: tuple[onnx.NodeProto, ...]) -> None:
    nodes = list(graph.node)
    place = 1 + next(index for index, node in enumerate(nodes) if tensor in node.output)
    del graph.node[:]
    graph.node.extend([*nodes[:place], *added, *nodes[place:]])


def _fit(
    narrow: NDArray[np.float32], exact: NDArray[np.float32], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale and shift of each channel before cells are weighted, `(channels,)`: least squares over images and cells.

    Behind the weights a shift is that shift times each cell's weight, so the regression is on the feature and the
    weight; where all weights are 1 it is the simple one.

    Args:
        weights: of the cells, `(h, w)` or `(1, 1)`.
    """
    x, y = (np.asarray(part.reshape(-1, part.shape[-1]), np.float64) for part in (narrow, exact))
    weight = np.broadcast_to(weights, narrow.shape[:3]).reshape(-1, 1)
    squares = float((weight**2).sum())
    mean_x, mean_y = ((part * weight).sum(axis=0) / squares for part in (x, y))
    x = x - mean_x * weight
    variance, covariance = (x**2).sum(axis=0) / squares, (x * (y - mean_y * weight)).sum(axis=0) / squares
    scale = np.where(variance > LEAST_VARIANCE, covariance / np.maximum(variance, LEAST_VARIANCE), 1.0)
    return scale, mean_y - scale * mean_x


def features_of(proto: onnx.ModelProto, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Last features of a graph, `(n, h, w, channels)`, for at least one image."""
    session = session_of(proto, ["features"])
    starts = range(0, len(images), BATCH)
    return np.concatenate([session.run(None, {"image": images[at : at + BATCH]})[0] for at in starts])
