"""Graphs that ask OpenVINO for much memory, or never end: refused before they are compiled, or ended."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgecad.errors import DeviceFailed, ModelInvalid
from edgecad.runners import openvino as runner_module
from edgecad.runners import stages as stages_module
from edgecad.runners.base import OpenRequest
from edgecad.runners.devices import parse_device
from edgecad.runners.openvino import open_openvino

pytest.importorskip("openvino", reason="OpenVINO is not installed: pip install 'edgecad[openvino]'")
resource = pytest.importorskip("resource", reason="Windows does not tell the memory of a process in this way")
onnx = pytest.importorskip("onnx", reason="model files are written with onnx: pip install 'edgecad[export]'")
from onnx import helper, numpy_helper  # noqa: E402

_spec = importlib.util.spec_from_file_location("sizes", Path(__file__).with_name("test_runners_sizes.py"))
assert _spec is not None
assert _spec.loader is not None
sizes = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sizes)
Build = Callable[..., bytes]


def _open(content: bytes, contract: Any) -> Any:
    return open_openvino(OpenRequest(parse_device("openvino"), content, "a model", lambda: ("", contract)))


def reached(content: bytes) -> bytes:
    """The same graph with its scores resting on what was added: OpenVINO leaves out what no known output needs."""
    model = onnx.load_from_string(content)
    used = {name for node in model.graph.node for name in node.input} | {out.name for out in model.graph.output}
    last = [name for node in model.graph.node for name in node.output if name not in used]
    logits = next(node for node in model.graph.node if "logits" in node.output)
    model.graph.initializer.append(numpy_helper.from_array(np.zeros(1, np.float32), "nought for nothing"))
    total = "nought for nothing"
    added = []
    for number, name in enumerate(last):
        added += [
            helper.make_node("Cast", [name], [f"float {name}"], to=onnx.TensorProto.FLOAT),
            helper.make_node("ReduceMax", [f"float {name}"], [f"largest {name}"], keepdims=0),
            helper.make_node("Mul", [f"largest {name}", "nought for nothing"], [f"nothing {name}"]),
            helper.make_node("Add", [total, f"nothing {name}"], [f"together {number}"]),
        ]
        total = f"together {number}"
    exact = f"{logits.output[0]} alone"
    before = list(model.graph.node)
    place = before.index(logits)
    others = before[place + 1 :]
    logits.output[0] = exact
    joined = helper.make_node("Add", [exact, total], ["logits"])
    del model.graph.node[:]
    grown = [node for node in others if not {"logits", exact} & set(node.input)]
    model.graph.node.extend([*before[: place + 1], *grown, *added, joined])
    model.graph.node.extend(node for node in others if node not in grown)
    return bytes(model.SerializeToString())


SHARED = "many values of some size"
"""OpenVINO computes equal nodes once, so this is one value, and small."""


@pytest.mark.parametrize("what", sorted(sizes.GROWING.keys() - {SHARED}))
def test_a_graph_that_asks_for_much_memory_is_refused_in_little(
    what: str, tiny_model: Build, tiny_contract: Any
) -> None:
    content = reached(sizes.grown(tiny_model, what))
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(ModelInvalid, match=r"GiB of memory for one image|size only a run can tell|cannot open a model"):
        _open(content, tiny_contract)
    assert time.process_time() - begun < 4
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


def test_what_no_known_output_needs_is_not_computed(tiny_model: Build, tiny_contract: Any) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for content in (sizes.grown(tiny_model, "ConstantOfShape"), reached(sizes.grown(tiny_model, SHARED))):
        runner = _open(content, tiny_contract)
        assert runner.run(np.zeros((1, 64, 64, 3), np.uint8), ["logits"])["logits"].shape == (1, 2)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000


def test_a_size_that_is_computed_of_much_is_refused_in_little(tiny_model: Build, tiny_contract: Any) -> None:
    """A library may compute what a shape rests on before it tells the shape."""
    model = onnx.load_from_string(tiny_model())
    node = helper.make_node
    model.graph.initializer.append(numpy_helper.from_array(np.array([2**31], np.int64), "large"))
    model.graph.initializer.append(numpy_helper.from_array(np.array([0], np.int64), "first axis"))
    added = [
        node("ConstantOfShape", ["large"], ["many"], value=numpy_helper.from_array(np.array([1], np.int64))),
        node("ReduceSum", ["many", "first axis"], ["their sum"], keepdims=1),
        node("ConstantOfShape", ["their sum"], ["grown"]),
    ]
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*added, *nodes])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelInvalid):
        _open(reached(model.SerializeToString()), tiny_contract)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


def test_a_loop_without_an_end_is_ended(tiny_model: Build, tiny_contract: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "RUN_SECONDS", 0.5)
    monkeypatch.setattr(stages_module, "demand_bounded", lambda *_: None)
    try:
        runner = _open(sizes._endless(tiny_model()), tiny_contract)
    except ModelInvalid:
        pytest.skip("this OpenVINO takes no such loop")
    begun = time.monotonic()
    with pytest.raises(DeviceFailed, match=r"for 0\.5 s without an end"):
        runner.run(np.zeros((1, 64, 64, 3), np.uint8), ["logits"])
    assert time.monotonic() - begun < 10
