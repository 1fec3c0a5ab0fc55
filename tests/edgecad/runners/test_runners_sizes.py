"""A graph that asks for much memory, in whatever way, is refused before it is computed; an endless run is ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgecad import Classifier
from edgecad.errors import DeviceFailed, ModelInvalid
from edgecad.runners import onnx as runner_module
from edgecad.runners.devices import DeviceRequest
from edgecad.runners.onnx import OnnxRunner
from edgecad.runners.sizes import check_sizes, without_weights

resource = pytest.importorskip("resource", reason="Windows does not tell the memory of a process in this way")
onnx = pytest.importorskip("onnx", reason="model files are written with onnx: pip install 'edgecad[export]'")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

Build = Callable[..., bytes]
MANY = 2**31
node = helper.make_node


def _ints(*values: int) -> Any:
    return numpy_helper.from_array(np.array(values, np.int64))


def _constant(name: str, *values: int) -> Any:
    return node("Constant", [], [name], value=_ints(*values))


def _doubled(operator: str, times: int, **more: Any) -> list[Any]:
    """Joins a value with itself again and again."""
    steps = ["float", *(f"twice {step}" for step in range(times))]
    return [node(operator, [one, one], [other], **more) for one, other in pairwise(steps)]


GROWING: dict[str, list[Any]] = {
    "ConstantOfShape": [_constant("large", MANY), node("ConstantOfShape", ["large"], ["grown"])],
    "ConstantOfShape of 64 bits": [_constant("large", 2**40, 2**20), node("ConstantOfShape", ["large"], ["grown"])],
    "Expand": [_constant("large", MANY, 1, 64, 64, 3), node("Expand", ["float", "large"], ["grown"])],
    "Tile": [_constant("large", 1000, 100, 100, 100), node("Tile", ["float", "large"], ["grown"])],
    "Pad": [_constant("large", *[0] * 4, 0, 100000, 100000, 0), node("Pad", ["float", "large"], ["grown"])],
    "Range": [
        _constant("first", *[0]), _constant("last", *[MANY]), _constant("step", *[1]), _constant("no axes", *[0]),
        node("Squeeze", ["first", "no axes"], ["begin"]), node("Squeeze", ["last", "no axes"], ["end"]),
        node("Squeeze", ["step", "no axes"], ["by"]), node("Range", ["begin", "end", "by"], ["grown"]),
    ],
    "joined with itself": _doubled("Concat", 20, axis=1),
    "an outer product of sums": [
        _constant("as row", 1, -1), _constant("as column", -1, 1), node("Reshape", ["float", "as row"], ["a row"]),
        node("Reshape", ["float", "as column"], ["a column"]), node("Add", ["a row", "a column"], ["grown"]),
        node("Reshape", ["grown", "as row"], ["long row"]), node("Reshape", ["grown", "as column"], ["long column"]),
        node("Add", ["long row", "long column"], ["larger"]),
    ],
    "an outer product of a matrix": [
        _constant("as row", 1, -1), _constant("as column", -1, 1), node("Reshape", ["float", "as row"], ["a row"]),
        node("Reshape", ["float", "as column"], ["a column"]), node("MatMul", ["a column", "a row"], ["grown"]),
    ],
    "a wide stride": [
        node("Slice", ["channels_first", "nought", "unity", "unity"], ["one channel"]),
        _constant("nought", 0), _constant("unity", 1), _constant("square", 1, 1, 1, 1),
        node("Slice", ["one channel", "nought", "unity", "unity"], ["filter"]),
        node("ReduceMean", ["filter"], ["small"], axes=[2, 3], keepdims=1),
        node("ConvTranspose", ["one channel", "small"], ["grown"], strides=[5000, 5000]),
    ],
    "a wide edge": [
        _constant("nought", 0), _constant("unity", 1),
        node("Slice", ["channels_first", "nought", "unity", "unity"], ["one channel"]),
        node("ReduceMean", ["one channel"], ["small"], axes=[2, 3], keepdims=1),
        node("Conv", ["one channel", "small"], ["grown"], pads=[90000, 90000, 90000, 90000]),
    ],
    "random numbers": [node("RandomNormal", [], ["grown"], shape=[MANY])],
    "many values of some size": [node("Tile", ["float", "some"], [f"grown {each}"]) for each in range(40)]
    + [_constant("some", 1, 50, 50, 1)],
    "a size that the scan tells": [
        node("Cast", ["float"], ["whole"], to=TensorProto.INT64), _constant("as row", -1),
        node("Reshape", ["whole", "as row"], ["sizes"]), node("ConstantOfShape", ["sizes"], ["grown"]),
    ],
    "as many as there are": [node("NonZero", ["float"], ["grown"])],
}  # fmt: skip


def grown(tiny_model: Build, what: str) -> bytes:
    model = onnx.load_from_string(tiny_model())
    own = list(model.graph.node)
    constants = [each for each in GROWING[what] if each.op_type == "Constant"]
    others = [each for each in GROWING[what] if each.op_type != "Constant"]
    del model.graph.node[:]
    model.graph.node.extend([*own, *constants, *others])
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("what", GROWING)
def test_a_graph_that_asks_for_much_memory_is_refused_in_little(what: str, tiny_model: Build) -> None:
    content = grown(tiny_model, what)
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(ModelInvalid, match=r"GiB of memory for one image|size only a run can tell"):
        OnnxRunner(content, DeviceRequest("cpu"))
    assert time.process_time() - begun < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


@pytest.mark.parametrize("what", ["ConstantOfShape", "joined with itself", "a size that the scan tells"])
def test_infer_refuses_them(
    what: str, tiny_model: Build, edgecad: Callable[..., Any], phantom_jpeg: Path, tmp_path: Path
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(grown(tiny_model, what))
    done = edgecad("infer", phantom_jpeg, "--json", "--model", path, "--device", "cpu")
    assert (done.code, done.stdout) == (6, "")
    assert done.stderr.count("\n") == 1
    assert done.peak_mib < 500


def test_all_sizes_of_a_model_are_known_without_its_weights(tiny_model: Build, model_folder: Path) -> None:
    import onnxruntime

    assert check_sizes(onnxruntime, (model_folder / "model.onnx").read_bytes(), "model.onnx")
    model = onnx.load_from_string(tiny_model())
    model.graph.initializer.append(numpy_helper.from_array(np.ones((4, 64, 64, 3), np.float32), "weighty"))
    model.graph.node.append(node("Mul", ["float", "weighty"], ["weighed"]))
    content = bytes(model.SerializeToString())
    skeleton = without_weights(content)
    assert len(skeleton) < len(content) / 4
    assert check_sizes(onnxruntime, content, "model.onnx")
    values = {value.name for value in onnx.load_from_string(skeleton).graph.output}
    assert values == {output for each in model.graph.node for output in each.output}


def test_what_is_no_graph_is_left_to_the_engine() -> None:
    import onnxruntime

    assert not check_sizes(onnxruntime, b"\x89PNG\r\n\x1a\n" * 50, "model.onnx")


def _endless(content: bytes) -> bytes:
    """The tiny model with a loop that never ends; no file with one gets so far."""
    model = onnx.load_from_string(content)
    scalars = [("i", TensorProto.INT64), ("go", TensorProto.BOOL)]
    body = helper.make_graph(
        [node("Identity", ["go"], ["still"])],
        "body",
        [helper.make_tensor_value_info(name, kind, []) for name, kind in scalars],
        [helper.make_tensor_value_info("still", TensorProto.BOOL, [])],
    )
    model.graph.initializer.append(numpy_helper.from_array(np.array(True), "true"))
    model.graph.node.append(node("Loop", ["", "true", "one"], ["looped"], body=_carrying(body)))
    logits = next(each for each in model.graph.node if "logits" in each.output)
    logits.input[1] = "looped"
    moved = [each for each in model.graph.node if each.op_type == "Loop"]
    others = [each for each in model.graph.node if each.op_type != "Loop"]
    del model.graph.node[:]
    model.graph.node.extend([*moved, *others])
    return bytes(model.SerializeToString())


def _carrying(body: Any) -> Any:
    """A body that hands one number on, so that the loop's result is wanted."""
    body.input.append(helper.make_tensor_value_info("carried", TensorProto.FLOAT, []))
    body.node.append(node("Identity", ["carried"], ["handed"]))
    body.output.append(helper.make_tensor_value_info("handed", TensorProto.FLOAT, []))
    return body


def test_a_run_without_an_end_is_ended(tiny_model: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "RUN_SECONDS", 0.3)
    monkeypatch.setattr(runner_module, "check_sizes", lambda *_: True)  # it would have refused the loop already
    runner = OnnxRunner(_endless(tiny_model()), DeviceRequest("cpu"))
    image = np.zeros((1, 64, 64, 3), np.uint8)
    with pytest.raises(DeviceFailed, match=r"computed 1 images for 0\.3 s without an end"):
        runner.run(image, ["logits"])
    assert DeviceFailed.exit_code == 4


def test_a_run_that_ends_is_not_ended_and_leaves_no_thread(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "RUN_SECONDS", 0.3)
    with Classifier(model_folder, device="cpu", replay="never") as classifier:
        image = np.zeros((1, 64, 64, 3), np.uint8)
        classifier.run(image)
        threads = threading.active_count()
        time.sleep(1.5)  # the watchdog looks once a second
        for _ in range(20):
            classifier.run(image)
        assert threading.active_count() == threads


def _random(name: str, *shape: int) -> Any:
    return numpy_helper.from_array(np.random.default_rng(0).random(shape, np.float32), name)


BEFORE: dict[str, tuple[list[Any], list[Any]]] = {
    "products": (
        [_random("square", 2048, 2048)],
        [node("MatMul", ["square", one], [other]) for one, other in pairwise(["square", "2nd", "3rd", "4th"])],
    ),
    "convolutions": (
        [_random("picture", 1, 32, 256, 256), _random("filter", 32, 32, 7, 7)],
        [node("Conv", ["picture", "filter"], [f"seen {each}"], pads=[3] * 4) for each in range(6)],
    ),
    "small results of large constants": (
        [_random("long", 1, 2**22)],
        [node("ReduceSum", ["long"], [f"sum {each}"]) for each in range(5)],
    ),
    "what rests on a constant node": (
        [],
        [
            node("Constant", [], ["given"], value=_random("", 2**21)), node("CumSum", ["given", "axis"], ["1st"]),
            _constant("axis", 0),
            *(node("Sin", [one], [other]) for one, other in pairwise(["1st", "2nd", "3rd", "4th", "5th"])),
        ],
    ),
    "what nothing is given": ([], [node("RandomNormal", [], ["drawn"], shape=[2**24 + 2**10])]),
}  # fmt: skip


def with_nodes(tiny_model: Build, weights: list[Any], nodes: list[Any]) -> bytes:
    """The tiny model with nodes that no output needs; constants first."""
    model = onnx.load_from_string(tiny_model())
    model.graph.initializer.extend(weights)
    model.graph.node.extend(sorted(nodes, key=lambda each: each.op_type != "Constant"))
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("what", BEFORE)
def test_a_graph_that_computes_before_it_sees_an_image_is_refused(what: str, tiny_model: Build) -> None:
    """An engine computes constants while it opens a graph, and no limit of time holds then."""
    content, begun = with_nodes(tiny_model, *BEFORE[what]), time.process_time()
    with pytest.raises(ModelInvalid, match=r"computes with \d+ MiB of constants before it sees an image"):
        OnnxRunner(content, DeviceRequest("cpu"))
    assert time.process_time() - begun < 2


def test_a_little_before_an_image_and_weights_in_8_bits_are_taken(tiny_model: Build) -> None:
    weights = [
        _random("square", 256, 256), numpy_helper.from_array(np.ones((8, 2**20), np.int8), "narrow"),
        numpy_helper.from_array(np.array(0.1, np.float32), "scale"),
    ]  # fmt: skip
    nodes = [
        node("MatMul", ["square", "square"], ["product"]),
        *(node("DequantizeLinear", ["narrow", "scale"], [f"wide {each}"]) for each in range(4)),
    ]
    assert OnnxRunner(with_nodes(tiny_model, weights, nodes), DeviceRequest("cpu")).facts.size == 64
