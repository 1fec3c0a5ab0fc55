"""How large a graph's values become, asked of ONNX Runtime before any of them is computed.

A small file may ask for any amount of memory: by repeating, by growing, by joining a value with itself forty times. So
the engine first gets the graph without its weights, and every value as an output. It infers their shapes and computes
nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from edgecad.errors import ModelInvalid
from edgecad.modelfiles.protobuf import fields, message, message_field, numbers

MOST_VALUE, MOST_TOGETHER = 2**29, 2**32
"""Bytes of one value and of all together, for one image; the largest network on offer has a tenth of that."""
MOST_BEFORE = 2**26
"""Bytes that nodes read and write which rest on constants alone: an engine computes them while it opens a graph, and no
limit of time holds then. No export has such nodes. A product of so many values takes seconds at most."""
KEPT = frozenset({"Constant", "DequantizeLinear"})
"""Operators that rest on constants alone and do not count: what a file holds itself, and the weights of int8."""
SMALL = 1024
"""Bytes of a constant that is kept, because a shape may be written in it."""
NEXT_STEP = "no model that `edgecad export` makes is so; name another one, or export it again"
BYTES = {"float16": 2, "bfloat16": 2, "double": 8, "int64": 8, "uint64": 8, "uint8": 1, "int8": 1, "bool": 1}
"""Of one element, by ONNX Runtime's word; 4 for all others, of which a string has more."""

NODE, INITIALISER, INPUT, OUTPUT, VALUE_INFO = 1, 5, 11, 12, 13
"""Fields of a graph, by onnx.proto of ONNX 1.23, as all numbers below."""
VERSIONS, GRAPH = (1, 8), 7
NOT_NEEDED = (2, 10, OUTPUT, VALUE_INFO)
"""Its name, its words, and what it says of its own values."""


def check_sizes(runtime: Any, model: bytes, name: str) -> bool:
    """See that one image makes no value of a graph too large; False where the engine does not take the graph.

    Args:
        runtime: the module onnxruntime.
        model: bytes of an ONNX file within the bounds of `edgecad.modelfiles.bounds`.

    Raises:
        ModelInvalid: one would be, or only a run can tell how large it is.
    """
    try:
        skeleton = without_weights(model)
    except (IndexError, ValueError):
        return False
    values = _values(runtime, skeleton)
    ranks = None if values is None else _ranks(runtime, skeleton, [each.name for each in values if not each.shape])
    if values is None or ranks is None:
        return False
    demand_bounded(name, ((value.name, _size_of(value)) for value in (*values, *ranks)))
    found = {value.name.encode(): _size_of(value) or 0 for value in values}
    before = bytes_before_images(model, found)
    if before > MOST_BEFORE:
        raise ModelInvalid(
            f"{name} computes with {before / 2**20:.0f} MiB of constants before it sees an image; {NEXT_STEP}"
        )
    return True


def bytes_before_images(model: bytes, sizes: Mapping[bytes, int]) -> int:
    """Bytes read and written by nodes that rest on constants alone; nodes stand in their order, as ONNX demands.

    Args:
        sizes: of the nodes' outputs, in bytes.
    """
    weights, nodes = _weights_and_nodes(model)
    known, constants, total = {**sizes, **weights}, set(weights), 0
    for each in nodes:
        kind, inputs, outputs = _told(each)
        if constants.issuperset(inputs):
            constants.update(outputs)
            total += 0 if kind in KEPT else sum(known.get(name, 0) for name in (*inputs, *outputs))
    return total


def _weights_and_nodes(model: bytes) -> tuple[dict[bytes, int], list[memoryview]]:
    """Names and bytes of a graph's constants, wherever in it they stand, and its nodes."""
    weights: dict[bytes, int] = {}
    nodes = []
    graphs = (value for number, value in fields(memoryview(model)) if number == GRAPH)
    parts = (part for graph in graphs if isinstance(graph, memoryview) for part in fields(graph))
    for number, value in parts:
        if number == INITIALISER and isinstance(value, memoryview):
            weights[_text(list(fields(value)), 8)] = len(value)
        elif number == NODE and isinstance(value, memoryview):
            nodes.append(value)
    return weights, nodes


def _told(node: memoryview) -> tuple[str, list[bytes], list[bytes]]:
    """Operator of a node, and the names of its inputs and outputs; optional ones that are left out have none."""
    found = [(number, bytes(value)) for number, value in fields(node) if isinstance(value, memoryview) and number <= 4]
    inputs, outputs = ([value for number, value in found if number == wanted and value] for wanted in (1, 2))
    return _text(found, 4).decode("utf-8", "replace"), inputs, outputs


def demand_bounded(name: str, values: Iterable[tuple[str, int | None]]) -> None:
    """Refuse a graph, which errors call `name`, whose values are too large.

    Args:
        values: each value's name and its bytes for one image; None: only a run can tell.

    Raises:
        ModelInvalid: one is, or all together are, or nobody can tell.
    """
    together = 0
    for own, size in values:
        if size is None:
            raise ModelInvalid(f"{name} has a value {own} whose size only a run can tell; {NEXT_STEP}")
        together += size
        if size > MOST_VALUE or together > MOST_TOGETHER:
            asked = max(size, together) / 2**30
            raise ModelInvalid(f"{name} asks for {asked:.1f} GiB of memory for one image; {NEXT_STEP}")


def _size_of(value: Any) -> int | None:
    """Bytes of one of ONNX Runtime's values; None where its shape is not known."""
    if not all(isinstance(size, int) and size >= 0 for size in value.shape):
        return None
    kind = value.type.removeprefix("tensor(").removesuffix(")")
    return int(math.prod(value.shape)) * BYTES.get(kind, 4)


def _values(runtime: Any, skeleton: bytes) -> list[Any] | None:
    """All values of a graph as outputs, with their shapes; None where the engine does not take it."""
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = runtime.InferenceSession(skeleton, options, providers=["CPUExecutionProvider"], enable_fallback=0)
    except Exception:  # onnxruntime raises a dozen unrelated types here, and says it again of the whole model
        return None
    return list(session.get_outputs())


def _ranks(runtime: Any, skeleton: bytes, names: list[str]) -> list[Any] | None:
    """The shapes of some values, as values: of a single number the engine says the same as of what it does not know."""
    if not names:
        return []
    asked = [(name.encode(), f"shape of {name}".encode()) for name in names]
    nodes = (message(NODE, message(1, name) + message(2, shape) + message(4, b"Shape")) for name, shape in asked)
    outputs = (message(OUTPUT, message(1, shape)) for _, shape in asked)
    return _values(runtime, skeleton + message(GRAPH, b"".join((*nodes, *outputs))))


def without_weights(model: bytes) -> bytes:
    """A model of one image whose larger weights are inputs, and whose values are all outputs; its nodes are the same.

    Raises:
        ValueError, IndexError: the bytes are no ONNX.
    """
    parts = []
    for number, value in fields(memoryview(model)):
        if number == GRAPH and isinstance(value, memoryview):
            parts.append(message(GRAPH, b"".join(_graph(value))))
        elif number in VERSIONS:
            parts.append(message_field(number, value))
    return b"".join(parts)


def _graph(graph: memoryview) -> Iterator[bytes]:
    yield message(2, b"skeleton")
    for number, value in fields(graph):
        if not isinstance(value, memoryview) or number in NOT_NEEDED:
            continue
        if number == INITIALISER and len(value) > SMALL:
            yield message(INPUT, _weights_as_input(value))
        elif number == INPUT:
            yield message(INPUT, _of_one_image(value))
        else:
            yield message(number, bytes(value))
        if number == NODE:
            outputs = [
                bytes(output) for field, output in fields(value) if field == 2 and isinstance(output, memoryview)
            ]
            yield from (message(OUTPUT, message(1, output)) for output in outputs if output)


def _weights_as_input(tensor: memoryview) -> bytes:
    """A ValueInfoProto of a TensorProto's name, kind and shape."""
    found = list(fields(tensor))
    sizes = [size for number, value in found if number == 1 for size in numbers(value)]
    kind = next((value for number, value in found if number == 2 and isinstance(value, int)), 0)
    return _value_info(_text(found, 8), kind, sizes)


def _of_one_image(info: memoryview) -> bytes:
    """A ValueInfoProto of a tensor whose sizes without a number are 1."""
    kind, sizes = 0, []
    for tensor in _inner(_inner([info], 2), 1):
        kind = next((value for number, value in fields(tensor) if number == 1 and isinstance(value, int)), kind)
        for dimension in _inner(_inner([tensor], 2), 1):
            sizes.append(next((value for number, value in fields(dimension) if number == 1), 1))
    return _value_info(_text(list(fields(info)), 1), kind, sizes)


def _inner(messages: Iterable[memoryview], wanted: int) -> list[memoryview]:
    """The messages that stand in one field of messages."""
    every = (pair for each in messages for pair in fields(each))
    return [value for number, value in every if number == wanted and isinstance(value, memoryview)]


def _text(found: list[tuple[int, Any]], wanted: int) -> bytes:
    return next((bytes(value) for number, value in found if number == wanted and not isinstance(value, int)), b"")


def _value_info(name: bytes, kind: int, sizes: Iterable[Any]) -> bytes:
    shape = b"".join(message(1, message_field(1, size)) for size in sizes)
    return message(1, name) + message(2, message(1, message_field(1, kind) + message(2, shape)))
