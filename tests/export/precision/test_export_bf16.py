"""bf16: how the fp32 file may be run, judged with every weight and value of its backbone rounded; no file has it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import numpy_helper

from edgecad.errors import ModelInvalid
from edgecad.golden import MAP_CORRELATION
from edgecad.inference.classifier import Classifier
from edgecad_export.exporter import candidates_of, export_run
from edgecad_export.graph.parts import parts_of
from edgecad_export.precision.bf16 import as_bf16, rounded_to_bf16
from edgecad_export.precision.sessions import session_of
from edgecad_export.proof.executions import left_over
from edgecad_export.proof.tolerances import TOLERANCES
from edgecad_export.request import ExportRequest
from edgecad_export.runfiles import read_run

Build = Callable[..., Any]
Write = Callable[..., Path]


@pytest.fixture(scope="module")
def run(small_classifier: Build, run_folder: Write, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return read_run(run_folder(tmp_path_factory.mktemp("runs") / "a", small_classifier()))


def test_rounding_is_to_the_nearest_of_eight_bits() -> None:
    draw = np.random.default_rng(0).normal(0, 100, 2000).astype(np.float32)
    tie = np.array([1 + 2**-8, 1 + 3 * 2**-8, -1 - 2**-8, 255.0, 0.0], np.float32)
    assert rounded_to_bf16(tie).tolist() == [1.0, 1 + 2**-6, -1.0, 255.0, 0.0]
    assert np.abs(rounded_to_bf16(draw) / draw - 1).max() <= 2**-8
    large = draw * np.float32(65537)
    assert np.array_equal(large - (large - draw), rounded_to_bf16(draw))  # as the graph does it


def test_every_value_of_the_backbone_is_rounded_and_the_head_is_not(run: Any) -> None:
    fp32 = candidates_of(run, ExportRequest()).fp32
    rounded = as_bf16(fp32)
    images = run.images[:2]
    names = ["features", "logits", "cam", "cam_bias"]
    narrow, exact = (
        dict(zip(names, session_of(graph).run(names, {"image": images}), strict=True)) for graph in (rounded, fp32)
    )
    assert np.array_equal(rounded_to_bf16(narrow["features"]), narrow["features"])
    difference = np.abs(narrow["features"] - exact["features"]).max() / np.abs(exact["features"]).max()
    assert 2**-11 < difference < 2**-4
    added = narrow["cam"].mean(axis=(2, 3)) + narrow["cam_bias"]
    assert np.abs(added - narrow["logits"]).max() < 1e-5 * np.abs(narrow["logits"]).max()  # the head in fp32
    before, after = parts_of(fp32).head, parts_of(rounded).head
    for one, other in zip(before.graph.initializer, after.graph.initializer, strict=True):
        assert np.array_equal(numpy_helper.to_array(one), numpy_helper.to_array(other))


def test_a_file_says_what_bf16_may_differ_by_or_is_not_run_in_it(run: Any, tmp_path: Path) -> None:
    held = export_run(run, tmp_path / "held", ExportRequest())
    contract = held.files[0].contract
    assert contract.executions == {"bf16": TOLERANCES["bf16"].recorded()}
    record = json.loads((held.folder / "parity.json").read_text())["files"]["model.onnx"]
    assert record["as_bf16"]["said"] == "holds"
    assert record["as_bf16"]["validation"]["probabilities"] > record["validation"]["probabilities"]
    assert "bf16: an engine that can" in (held.folder / "MODEL_CARD.md").read_text()
    narrow = export_run(run, tmp_path / "narrow", ExportRequest(tolerance=["bf16.probabilities=0"]))
    assert narrow.files[0].contract.executions == {}
    assert "bf16: the fp32 file is not run in it" in (narrow.folder / "MODEL_CARD.md").read_text()
    with pytest.raises(ModelInvalid, match=r"was not proven in bf16 at export.*--precision fp32"):
        Classifier(narrow.folder, "openvino", precision="bf16")


def test_openvino_answers_in_bf16_as_the_rounded_graph_does(run: Any, tmp_path: Path) -> None:
    openvino = pytest.importorskip("openvino", reason="OpenVINO is not installed")
    if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("this processor has no bf16 of its own")
    exported = export_run(run, tmp_path / "a", ExportRequest())
    fp32 = candidates_of(run, ExportRequest()).fp32
    with Classifier(exported.folder, "openvino", precision="bf16") as classifier:
        assert (classifier.facts.device, classifier.facts.precision) == ("openvino:cpu", "bf16")
        here = [classifier.run(image[None], ("logits",))["logits"][0] for image in run.images]
    rounded, exact = (session_of(graph).run(["logits"], {"image": run.images})[0] for graph in (as_bf16(fp32), fp32))
    scale = np.abs(exact).max()
    assert np.abs(here - exact).max() > 1e-4 * scale  # else it was not bf16 that ran
    assert np.abs(here - rounded).max() < 0.02 * scale


def test_what_the_file_used_is_not_left_for_another_engine(run: Any) -> None:
    candidate = candidates_of(run, ExportRequest()).of("fp32", TOLERANCES["fp32"])
    used = replace(candidate.verdict.validation, probabilities=0.02, heatmap_correlation=0.97, familiarity=0.3)
    verdict = replace(candidate.verdict, validation=used)
    left = left_over(verdict, TOLERANCES["int8"])
    assert left == {"probabilities": 0.03, "heatmap_correlation": 0.98, "familiarity": 0.2}
    exact = left_over(candidate.verdict, TOLERANCES["int8"])
    assert exact["heatmap_correlation"] == pytest.approx(0.95, abs=1e-4)
    nothing = replace(used, heatmap_correlation=0.95)
    assert left_over(replace(verdict, validation=nothing), TOLERANCES["int8"])["heatmap_correlation"] == MAP_CORRELATION
