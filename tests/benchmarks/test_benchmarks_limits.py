"""Limits and growth run, small, and say what they measured; operations are counted right. No time is judged."""

from __future__ import annotations

import importlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
SMALL = ("--backbones", "mobilenetv2", "--rounds", "2", "--repeats", "1")


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Import a file of `benchmarks/measures`."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return lambda name: importlib.import_module(f"measures.{name}")


@pytest.fixture
def measured(
    with_real_network: Callable[[Path], list[str]], tmp_path: Path, kept_models: Path
) -> Callable[..., dict[str, Any]]:
    """Run one benchmark as a user runs it, and read its file."""

    def run(what: str, name: str, *words: str) -> dict[str, Any]:
        command = [*with_real_network(BENCHMARKS / "limits.py"), what, *SMALL, *words, "--models", str(kept_models)]
        done = subprocess.run([*command, "--results", str(tmp_path / "results")], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        found: dict[str, Any] = json.loads((tmp_path / "results" / f"limits_{name}.json").read_text())
        assert found["what"] == what
        assert found["machine"]["threads"] >= 1
        return found

    return run


def _multiplications() -> int:
    """Of MobileNetV2 at 224 pixels up to the expansion of block 13, by its table (Sandler et al. 2018,
    arXiv:1801.04381, table 2): expansion, channels, repeats and stride of each stage."""
    side, channels = 112, 32
    count = side**2 * 27 * channels
    for expansion, wanted, repeats, stride in (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
    ):
        for step in [stride, *[1] * (repeats - 1)]:
            hidden = expansion * channels
            count += side**2 * channels * hidden if expansion > 1 else 0
            side //= step
            count += side**2 * hidden * (9 + wanted)
            channels = wanted
    return count + side**2 * channels * 6 * channels


def test_limit_sets_medians_beside_floors(measured: Callable[..., dict[str, Any]]) -> None:
    found = measured("limit", "limit_mobilenetv2", "--side", "128", "--megabytes", "8")
    assert found["operations"] == pytest.approx(2 * _multiplications(), rel=0.02)
    assert {rate["what"] for rate in found["rates"].values()} == {"fp32", "int8", "memory"}
    for what, name in found["best"].items():
        of_kind = [rate["G_a_second"] for rate in found["rates"].values() if rate["what"] == what]
        assert found["rates"][name]["G_a_second"] == max(of_kind)
    for precision, width in (("fp32", 4), ("int8", 1)):
        own, rates = found["networks"][precision], found["rates"]
        floor = own["floor_ms"]
        assert floor["operations"] <= floor["whole"] <= floor["by_node"]
        rate = rates[found["best"][precision]]["G_a_second"]
        assert floor["operations"] == pytest.approx(found["operations"] / rate / 1e6)
        bandwidth = rates[found["best"]["memory"]]["G_a_second"]
        assert floor["weights"] == pytest.approx(width * found["weights"] / bandwidth / 1e6)
        assert own["share"]["by_node"] == pytest.approx(floor["by_node"] / found["milliseconds"][precision]["median"])
        assert own["held"] is own["wanted"] is None


def test_growth_draws_lines_through_its_points(measured: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    found = measured("growth", "growth", "--batches", "1", "2", "3", "--sizes", "64", "96", "128")
    points, lines = (found["networks"]["mobilenetv2"][what] for what in ("points", "lines"))
    assert [count for count, _ in points["batch"]] == [1, 2, 3]
    assert [size for size, _ in points["size"]] == [64, 96, 128]
    assert points["threads"][0][0] == points["workers"][0][0] == 1
    assert all(value > 0 for pairs in points.values() for _, value in pairs)
    assert {"batch", "batch_power", "size"} <= set(lines)
    assert (tmp_path / "pictures" / "inference_growth.png").stat().st_size > 1000


def test_operations_counted_by_hand(measure: Callable[[str], ModuleType]) -> None:
    from onnx import TensorProto, helper, numpy_helper

    weights = {"filters": (4, 3, 3, 3), "own": (4, 1, 3, 3), "bias": (4,), "turned": (2, 4), "last": (2, 5)}
    node = helper.make_node
    graph = helper.make_graph(
        [
            node("Conv", ["x", "filters", "bias"], ["a"], name="plain", pads=[1] * 4, strides=[2, 2]),
            node("Relu", ["a"], ["b"]),
            node("Conv", ["b", "own"], ["c"], name="depthwise", pads=[1] * 4, group=4),
            node("GlobalAveragePool", ["c"], ["d"]),
            node("Flatten", ["d"], ["e"]),
            node("Gemm", ["e", "turned"], ["f"], name="dense", transB=1),
            node("MatMul", ["f", "last"], ["y"], name="product"),
        ],
        "by hand",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 5])],
        [numpy_helper.from_array(np.zeros(shape, np.float32), name) for name, shape in weights.items()],
    )
    operations = measure("limits.operations")
    works = operations.works_of(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))
    told = [(work.node, work.operations, work.weights, work.activations) for work in works]
    assert told == [
        ("plain", 2 * 4 * 16 * 27, 108 + 4, 192 + 64),
        ("depthwise", 2 * 4 * 16 * 9, 36, 64 + 64),
        ("dense", 2 * 2 * 4, 8, 4 + 2),
        ("product", 2 * 2 * 5, 10, 2 + 5),
    ]
    # One operation a millisecond, and numbers of four bytes at 2000 of them a millisecond.
    floor = operations.floor_of(works[:2], operations.Rates(operations=1e6, bytes=8e5), width=4)
    assert floor.operations == pytest.approx(3.456 + 1.152)
    assert floor.weights == pytest.approx(4 * (112 + 36) / 800)
    assert floor.by_node == pytest.approx(max(3.456, 4 * 368 / 800) + max(1.152, 4 * 164 / 800))
    assert floor.whole == pytest.approx(max(4.608, 4 * 532 / 800))


@pytest.mark.slow
def test_operations_of_resnet50v2_are_its_known_7_giga(measure: Callable[[str], ModuleType]) -> None:
    from edgecad_export.graph.cam_head import explained_model
    from edgecad_export.graph.onnx_from_keras import onnx_from_keras
    from edgecad_export.graph.trained_classifier import classifier_from_keras
    from edgecad_train.networks.backbones import backbone_named
    from edgecad_train.networks.head import Head
    from edgecad_train.networks.network import build_network

    network = build_network(backbone_named("resnet50v2"), "none", Head())
    graph = onnx_from_keras(explained_model(classifier_from_keras(network.model), 1.0), 17)
    works = measure("limits.operations").works_of(graph)
    assert sum(work.operations for work in works) == pytest.approx(7.0e9, rel=0.02)


def test_a_model_of_another_size_still_adds_up(
    measure: Callable[[str], ModuleType], kept_models: Path, tmp_path: Path
) -> None:
    from edgecad import Classifier
    from edgecad.inference.predicting import ANSWER_OUTPUTS

    kept = measure("models.kept")
    folder = kept.model_in(kept.kept_model("mobilenetv2", kept_models))
    for name in ("model.onnx", "model.int8.onnx"):
        file = tmp_path / name
        file.write_bytes(measure("models.resized").resized((folder / name).read_bytes(), 96))
        with Classifier(file, device="cpu", precision=None) as classifier:
            outputs = classifier.run(np.zeros((2, 96, 96, 3), np.uint8), ANSWER_OUTPUTS)
        assert outputs["cam"].shape == (2, 2, 6, 6)
    with pytest.raises(ValueError, match="multiple of 32"):
        measure("models.resized").resized(b"", 100)


def test_lines_find_the_line_that_made_the_points(measure: Callable[[str], ModuleType]) -> None:
    lines = measure("lines")
    straight = lines.line_through([(x, 3 + 2 * x) for x in (1, 2, 4)])
    assert (straight.start, straight.slope, straight.r_squared) == pytest.approx((3, 2, 1))
    power = lines.power_through([(x, 3 * x**2) for x in (1, 2, 4)])
    assert (power.factor, power.exponent, power.r_squared) == pytest.approx((3, 2, 1))
