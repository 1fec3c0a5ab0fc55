"""A graph for OpenVINO: bounded, for one image, and in stages where a part of it computes in another precision.

In bf16 the backbone alone computes so, as in the files of fewer bits: head and heat map are fp32, or the map would not
add up to the score. OpenVINO gives a precision to a whole graph. So the graph is cut where the features leave the
backbone, and its two parts are compiled apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from edgecad.contract.graph import answering_outputs, known_outputs
from edgecad.engines.openvino import Hint, OpenVinoSettings
from edgecad.errors import ModelInvalid
from edgecad.runners.demands import demand_outputs
from edgecad.runners.rewriting import rewrite
from edgecad.runners.sizes import demand_bounded
from edgecad.system.memory import at_most_more

INPUT = "image"
FEATURES = "features"
ROOM, ROOM_FOR_WEIGHTS = 2**30, 4
"""Bytes that reading a graph may take, and how many times its weights beside that. What a shape rests on OpenVINO
computes while it reads, before its size can be asked for."""


@dataclass(frozen=True)
class CompiledStage:
    """One compiled part of a model.

    Attributes:
        settings: that it was compiled with.
        takes, gives: names of its inputs and outputs, in their order; beside `image` and the known outputs, values
            that one stage hands to the next.
    """

    compiled: Any
    settings: OpenVinoSettings
    takes: tuple[str, ...]
    gives: tuple[str, ...]


@dataclass(frozen=True)
class CompiledGraph:
    """A compiled model.

    Attributes:
        stages: in the order in which they run.
        known: the known outputs of its file; stages may give fewer.
    """

    stages: tuple[CompiledStage, ...]
    known: tuple[str, ...]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stage inside the bytes of several."""

    size: int
    hint: Hint
    takes: tuple[str, ...]
    gives: tuple[str, ...]


class _Parts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All stages inside the bytes of several, and the known outputs of their file."""

    known: tuple[str, ...]
    parts: tuple[_Part, ...]


def compiled_graph(
    module: Any, core: Any, model: bytes, settings: OpenVinoSettings, name: str, whole: bool = False
) -> CompiledGraph:
    """Read and bound a graph, and compile it.

    Args:
        module, core: `openvino`, and its core.
        model: bytes of an ONNX file, which errors call `name`.
        whole: whether it gives all known outputs, and not those alone that answers rest on. To write the features takes
            a small network a twelfth of its time.

    Raises:
        ModelInvalid: it is not one of ours.
        RuntimeError, MemoryError: as OpenVINO does.
    """
    with at_most_more(ROOM + ROOM_FOR_WEIGHTS * len(model)):
        graph = _bounded(module, core.read_model(model), name)
    results = {own: output.get_node().input_value(0) for output in graph.outputs for own in output.get_names()}
    known = known_outputs(results)
    wanted = known if whole else answering_outputs(results)
    if settings.hint == "bf16":
        parts = [*_backbone_and_head(module, graph, results, wanted, settings)]
    else:
        part = module.Model([results[own] for own in wanted], graph.get_parameters(), "edgecad")
        parts = [(part, settings, (INPUT,), wanted)]
    if settings.unit == "CPU":
        for part, *_ in parts:
            rewrite(module, part)
    stages = tuple(
        CompiledStage(core.compile_model(part, own.unit, own.properties(core)), own, takes, gives)
        for part, own, takes, gives in parts
    )
    return CompiledGraph(stages, known)


def bytes_of(graph: CompiledGraph) -> bytes:
    """What a compiled model can be opened from again."""
    contents = [_bytes(stage.compiled.export_model()) for stage in graph.stages]
    parts = tuple(
        _Part(len(content), stage.settings.hint, stage.takes, stage.gives)
        for content, stage in zip(contents, graph.stages, strict=True)
    )
    return msgspec.json.encode(_Parts(graph.known, parts)) + b"\n" + b"".join(contents)


def graph_from_bytes(core: Any, content: bytes, settings: OpenVinoSettings) -> CompiledGraph:
    """Open what `bytes_of` gave.

    Raises:
        ValueError: it is something else.
        RuntimeError: OpenVINO does not take it.
    """
    line, _, rest = content.partition(b"\n")
    head, stages = msgspec.json.decode(line, type=_Parts), []
    for part in head.parts:
        own = replace(settings, hint=part.hint)
        stages.append(
            CompiledStage(
                core.import_model(rest[: part.size], own.unit, own.properties(core)), own, part.takes, part.gives
            )
        )
        rest = rest[part.size :]
    return CompiledGraph(tuple(stages), head.known)


def _bytes(exported: Any) -> bytes:
    """What `export_model` gives: bytes, or a file in memory, by its version."""
    return bytes(exported.getvalue() if hasattr(exported, "getvalue") else exported)


def _bounded(module: Any, graph: Any, name: str) -> Any:
    """The part of a graph that gives the known outputs, for one image, once all its sizes are known and small."""
    size = checked_side(graph.inputs)
    graph.reshape({INPUT: [1, size, size, 3]})
    names = {own: output for output in graph.outputs for own in output.get_names()}
    demand_outputs(names)
    wanted = known_outputs(names)
    for own in wanted:
        if names[own].get_element_type().get_type_name() != "f32":
            raise ModelInvalid(f"the model's output {own} is not float32; export it with edgecad export")
    part = module.Model([names[own].get_node().input_value(0) for own in wanted], graph.get_parameters(), "edgecad")
    values = ((node.get_friendly_name(), value) for node in part.get_ordered_ops() for value in node.outputs())
    demand_bounded(name, ((own, _size_of(value)) for own, value in values))
    return part


def _size_of(value: Any) -> int | None:
    """Bytes of a value of a graph; None where its shape is not known."""
    shape = value.get_partial_shape()
    if shape.is_dynamic:
        return None
    return int(math.prod(side.get_length() for side in shape)) * int(value.get_element_type().size)


def checked_side(inputs: Sequence[Any]) -> int:
    """Side of the input, once it is found to be the one of our graph.

    Raises:
        ModelInvalid: it is another.
    """
    seen = [(*sorted(entry.get_names())[:1], entry.get_element_type().get_type_name()) for entry in inputs]
    if seen != [(INPUT, "u8")]:
        raise ModelInvalid(f"the model's inputs are {seen}; one input `{INPUT}`, uint8, is wanted")
    shape = inputs[0].get_partial_shape()
    sides = [side.get_length() if side.is_static else "?" for side in shape] if shape.rank.is_static else []
    if len(sides) != 4 or sides[1] != sides[2] or sides[1] == "?" or sides[3] != 3:
        raise ModelInvalid(f"the model takes images of {sides}; a square of 3 colours is wanted")
    return int(sides[1])


def _backbone_and_head(
    module: Any, graph: Any, results: Mapping[str, Any], wanted: Sequence[str], settings: OpenVinoSettings
) -> Iterable[tuple[Any, OpenVinoSettings, tuple[str, ...], tuple[str, ...]]]:
    """Both parts of a graph that gives `results`, each with its settings, inputs and those outputs that are wanted."""
    if FEATURES not in results:
        raise ModelInvalid(
            f"the model has no output {FEATURES}, which tells where its backbone ends, so it cannot run in bf16; "
            "export it with edgecad export, or use --precision fp32"
        )
    backbone = _above([results[FEATURES].get_node()])
    head = [node for node in graph.get_ordered_ops() if node.get_friendly_name() not in backbone]
    crossing = [
        (entry, entry.get_source_output())
        for node in head
        if node.get_type_name() != "Result"
        for entry in node.inputs()
        if entry.get_source_output().get_node().get_friendly_name() in backbone
        and entry.get_source_output().get_node().get_type_name() != "Constant"
    ]
    handed = {_key(value): value for _, value in crossing}
    names = {key: f"handed {number}" for number, key in enumerate(handed)}
    above = tuple(own for own in wanted if results[own].get_node().get_friendly_name() in backbone)
    below = tuple(own for own in wanted if own not in above)
    first = module.Model([*handed.values(), *(results[own] for own in above)], graph.get_parameters(), "backbone")
    parameters = {
        key: module.opset8.parameter(value.get_shape(), value.get_element_type()) for key, value in handed.items()
    }
    for entry, value in crossing:
        entry.replace_source_output(parameters[_key(value)].output(0))
    second = module.Model([results[own] for own in below], [*parameters.values()], "head")
    yield first, settings, (INPUT,), (*names.values(), *above)
    yield second, replace(settings, hint="f32"), tuple(names.values()), below


def _above(nodes: list[Any]) -> set[str]:
    """Names of nodes and of all that they are computed from."""
    seen: set[str] = set()
    waiting = [*nodes]
    while waiting:
        node = waiting.pop()
        if node.get_friendly_name() not in seen:
            seen.add(node.get_friendly_name())
            waiting.extend(entry.get_source_output().get_node() for entry in node.inputs())
    return seen


def _key(value: Any) -> tuple[str, int]:
    return value.get_node().get_friendly_name(), value.get_index()
