"""What really runs: the nodes of a graph after ONNX Runtime has fused and cast them, with their types and times.

A file's own nodes do not tell: fp16 on a CPU runs as fp32 between casts, int8 only where kernels were fused.
"""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from edgecad.runners.base import RunnerFacts
from edgecad.runners.onnx import CUDA, cuda_provider
from edgecad.system.extras import require

RUNS = 5
"""Times are medians over these; the first run also allocates."""
_NODE_TIME = "_kernel_time"


@dataclass(frozen=True)
class Tensor:
    """An input or output: name, element type, and shape as declared; a dimension that varies has a name."""

    name: str
    type: str
    shape: tuple[int | str, ...]


@dataclass(frozen=True)
class NodeGroup:
    """Nodes of one kind.

    Attributes:
        operator: as the engine calls it.
        type: element type that comes out; `uint8 -> float32` where another one goes in.
        provider: what computes them.
        count: how many.
        share: of the time that all nodes take, 0 to 1.
    """

    operator: str
    type: str
    provider: str
    count: int
    share: float


@dataclass(frozen=True)
class GraphAsRun:
    """A graph's interface and its nodes, those that take longest first."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    nodes: tuple[NodeGroup, ...]


def graph_as_run(model: bytes, facts: RunnerFacts) -> GraphAsRun:
    """Run a zero image through the bytes of an ONNX file, and look on.

    Args:
        model: a file that `OnnxRunner` opened already.
        facts: of that runner; the same device and threads are used.
    """
    runtime = require("onnxruntime", extra="cpu")
    with tempfile.TemporaryDirectory() as folder:
        session = _session(runtime, model, facts, Path(folder) / "profile")
        image = np.zeros((1, facts.size, facts.size, 3), np.uint8)
        for _ in range(RUNS):
            session.run(None, {"image": image})
        events = json.loads(Path(session.end_profiling()).read_text("utf-8"))
    return GraphAsRun(_tensors(session.get_inputs()), _tensors(session.get_outputs()), node_groups(events))


def _session(runtime: Any, model: bytes, facts: RunnerFacts, profile: Path) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = max(1, facts.threads)
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.enable_profiling = True
    options.profile_file_prefix = str(profile)
    index = int(facts.device.partition(":")[2] or 0)
    provider = cuda_provider(index) if facts.provider == CUDA else facts.provider
    return runtime.InferenceSession(model, options, providers=[provider], enable_fallback=0)


def _tensors(entries: Iterable[Any]) -> tuple[Tensor, ...]:
    return tuple(Tensor(entry.name, _element(entry.type), tuple(d or "?" for d in entry.shape)) for entry in entries)


def _element(text: str) -> str:
    """ONNX's word for an element type with its bits, as numpy has it."""
    word = text.removeprefix("tensor(").removesuffix(")")
    return {"float": "float32", "double": "float64"}.get(word, word)


def node_groups(events: Sequence[dict[str, Any]]) -> tuple[NodeGroup, ...]:
    """Group the nodes of a profile in Chrome's trace format, as ONNX Runtime writes it.

    Args:
        events: of one or more runs; a node's time is the median over them.
    """
    times: dict[tuple[str, str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith(_NODE_TIME):
            about = event["args"]
            kind = (about["op_name"], _type(about), about["provider"])
            times[kind][f"{about.get('node_index')} {event['name']}"].append(event["dur"])
    sums = {kind: (len(nodes), sum(map(median, nodes.values()))) for kind, nodes in times.items()}
    whole = sum(time for _, time in sums.values()) or 1.0
    groups = [NodeGroup(*kind, count, time / whole) for kind, (count, time) in sums.items()]
    return tuple(sorted(groups, key=lambda group: (-group.share, group.operator, group.type)))


def _type(about: dict[str, Any]) -> str:
    """Type of the first output, and of the first input where that is another."""
    taken, given = (_first_type(about.get(key)) for key in ("input_type_shape", "output_type_shape"))
    return given if taken in (given, "") else f"{taken} -> {given}"


def _first_type(tensors: Any) -> str:
    return _element(next(iter(tensors[0]), "")) if tensors else ""
