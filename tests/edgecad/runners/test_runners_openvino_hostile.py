"""Graphs that ask OpenVINO for much memory, or never end: refused before they are compiled, or ended."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgecad.errors import DeviceFailed, ModelInvalid
from edgecad.runners import lanes
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
node = helper.make_node


def _open(content: bytes, contract: Any) -> Any:
    return open_openvino(OpenRequest(parse_device("openvino"), content, "a model", lambda: ("", contract)))


def reached(content: bytes) -> bytes:
    """The same graph with its scores resting on what was added: OpenVINO leaves out what no known output needs."""
    model = onnx.load_from_string(content)
    used = {name for each in model.graph.node for name in each.input} | {out.name for out in model.graph.output}
    last = [name for each in model.graph.node for name in each.output if name not in used]
    logits = next(each for each in model.graph.node if "logits" in each.output)
    model.graph.initializer.append(numpy_helper.from_array(np.zeros(1, np.float32), "nought for nothing"))
    total = "nought for nothing"
    added = []
    for number, name in enumerate(last):
        added += [
            node("Cast", [name], [f"float {name}"], to=onnx.TensorProto.FLOAT),
            node("ReduceMax", [f"float {name}"], [f"largest {name}"], keepdims=0),
            node("Mul", [f"largest {name}", "nought for nothing"], [f"nothing {name}"]),
            node("Add", [total, f"nothing {name}"], [f"together {number}"]),
        ]
        total = f"together {number}"
    exact = f"{logits.output[0]} alone"
    before = list(model.graph.node)
    place = before.index(logits)
    others = before[place + 1 :]
    logits.output[0] = exact
    joined = node("Add", [exact, total], ["logits"])
    del model.graph.node[:]
    grown = [each for each in others if not {"logits", exact} & set(each.input)]
    model.graph.node.extend([*before[: place + 1], *grown, *added, joined])
    model.graph.node.extend(each for each in others if each not in grown)
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
    """OpenVINO computes what a shape rests on before it tells the shape."""
    model = onnx.load_from_string(tiny_model())
    model.graph.initializer.append(numpy_helper.from_array(np.array([2**31], np.int64), "large"))
    model.graph.initializer.append(numpy_helper.from_array(np.array([0], np.int64), "first axis"))
    added = [
        node("ConstantOfShape", ["large"], ["many"], value=numpy_helper.from_array(np.array([1], np.int64))),
        node("ReduceSum", ["many", "first axis"], ["their sum"], keepdims=1),
        node("ConstantOfShape", ["their sum"], ["grown"]),
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DeviceFailed, match="has not the memory to open a model"):
        _open(reached(_begun_by(model, added)), tiny_contract)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_100_000
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


def _begun_by(model: Any, added: list[Any]) -> bytes:
    """A model with nodes before its own."""
    own = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*added, *own])
    return bytes(model.SerializeToString())


def test_a_run_that_takes_too_long_is_ended(
    tiny_model: Build, tiny_contract: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long one of many nodes; none that never ends gets so far, because no file may hold a loop."""
    monkeypatch.setattr(lanes, "RUN_SECONDS", 0.1)
    draw = np.random.default_rng(0).normal(0, 0.04, (512, 512)).astype(np.float32)
    model = onnx.load_from_string(tiny_model())
    weights = {"wide": draw[:3], "square": draw, "as rows": np.array([-1, 3], np.int64)}
    model.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in weights.items())
    added = [
        node("Cast", ["image"], ["its floats"], to=onnx.TensorProto.FLOAT),
        node("Reshape", ["its floats", "as rows"], ["rows"]),
        node("MatMul", ["rows", "wide"], ["step 0"]),
        *(node("MatMul", [f"step {step}", "square"], [f"step {step + 1}"]) for step in range(100)),
    ]
    runner = _open(reached(_begun_by(model, added)), tiny_contract)
    begun = time.monotonic()
    with pytest.raises(DeviceFailed, match=r"for 0\.1 s without an end"):
        runner.run(np.zeros((1, 64, 64, 3), np.uint8), ["logits"])
    assert time.monotonic() - begun < 2  # all of it takes ten


def test_models_that_are_opened_at_once_leave_the_process_its_memory(tiny_model: Build, tiny_contract: Any) -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    content = tiny_model()
    with ThreadPoolExecutor(6) as pool:
        sizes_seen = list(pool.map(lambda _: _open(content, tiny_contract).facts.size, range(12)))
    assert sizes_seen == [64] * 12
    assert resource.getrlimit(resource.RLIMIT_AS) == before
