"""Bring a narrower backbone's features back to fp32's, channel by channel.

Rounded weights are wrong by the same amount on every scan, so a channel of the last feature map comes out scaled and
shifted. Both are seen on training images and undone by one multiplication and one addition in fp32, before pooling and
heat map read the features. It matters most where a hidden unit of the head stands near zero: a unit that switches
changes the heat map, though hardly the score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from edgecad_export.graph import parts_of
from edgecad_export.precision.sessions import session_of

BATCH = 8
LEAST_VARIANCE = 1e-9
"""Below it a channel is the same everywhere, and only its mean can be brought back."""
CORRECTED = "features/corrected"


def corrected(narrow: onnx.ModelProto, wide: onnx.ModelProto, images: NDArray[np.uint8]) -> onnx.ModelProto:
    """`narrow` with features that are, by least squares over `images` and cells, nearest to `wide`'s.

    Args:
        narrow, wide: the same network in two precisions.
        images: `(n, size, size, 3)` training images; with none the graph comes back as it was.
    """
    if not len(images):
        return narrow
    scale, shift = _fit(narrow, wide, images)
    result = onnx.ModelProto()
    result.CopyFrom(narrow)
    between = parts_of(narrow).between
    axis = _channel_axis(narrow, between)
    shape = (-1,) + (1,) * (3 - axis)
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


def _channel_axis(proto: onnx.ModelProto, between: str) -> int:
    """1 where the converter turns the features round for people, which is everywhere but in the smallest networks."""
    turned = any(node.op_type == "Transpose" and between in node.input for node in proto.graph.node)
    return 1 if turned else 3


@dataclass
class _Sums:
    """Sums over images and cells, a channel; double precision, because they are subtracted from one another."""

    count: int = 0
    x: Any = 0.0
    y: Any = 0.0
    xx: Any = 0.0
    xy: Any = 0.0

    def add(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        """Take in features `(cells, channels)` of both."""
        self.count += len(x)
        self.x, self.y = self.x + x.sum(0), self.y + y.sum(0)
        self.xx, self.xy = self.xx + (x * x).sum(0), self.xy + (x * y).sum(0)


def _fit(
    narrow: onnx.ModelProto, wide: onnx.ModelProto, images: NDArray[np.uint8]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale and shift of each channel, `(channels,)`: simple linear regression of wide on narrow features."""
    sessions, sums = [session_of(proto, ["features"]) for proto in (narrow, wide)], _Sums()
    for start in range(0, len(images), BATCH):
        sums.add(*(_features(session, images[start : start + BATCH]) for session in sessions))
    mean_x, mean_y = sums.x / sums.count, sums.y / sums.count
    variance = sums.xx / sums.count - mean_x**2
    covariance = sums.xy / sums.count - mean_x * mean_y
    scale = np.where(variance > LEAST_VARIANCE, covariance / np.maximum(variance, LEAST_VARIANCE), 1.0)
    return scale, mean_y - scale * mean_x


def _features(session: Any, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """`(images * cells, channels)`."""
    values = session.run(["features"], {"image": images})[0]
    return np.asarray(values.reshape(-1, values.shape[-1]), np.float64)
