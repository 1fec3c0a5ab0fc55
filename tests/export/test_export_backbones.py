"""The backbones, one a family here and all sixteen in the long tests: inputs, outputs, nodes, and proof by values."""

from __future__ import annotations

from typing import Any

import onnx
import onnxruntime
import pytest

from edgecad.contract.graph import OUTPUTS
from edgecad.modelfiles.bounds import check_structure
from edgecad.runners.sizes import check_sizes
from edgecad_export.graph.parts import nodes_by_type, parts_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # the conversion of a deep network counts as a test's

TRAINING_ONLY = {"Dropout", "Shape", "If", "Loop", "Unknown"}
FOLDED = ("vgg16", "vgg19", "resnet50", "resnet101", "resnet152", "mobilenetv2", "inceptionv3", "xception")
"""Backbones in which every batch normalisation stands behind a convolution."""


def test_every_backbone_passes_the_gate(backbone_onnx: Any) -> None:
    assert backbone_onnx.verdict.holds, backbone_onnx.verdict.summary
    validation = backbone_onnx.verdict.validation
    assert validation.images == 6
    assert validation.logits <= 1e-4
    assert validation.heatmap_correlation >= 0.9999


def test_every_graph_has_the_inputs_outputs_and_nodes_that_are_wanted(backbone_onnx: Any) -> None:
    graph = backbone_onnx.fp32.graph
    onnx.checker.check_model(backbone_onnx.fp32, full_check=True)
    assert [value.name for value in graph.input] == ["image"]
    assert graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert tuple(value.name for value in graph.output) == OUTPUTS
    for value in (*graph.input, *graph.output):
        first, *rest = value.type.tensor_type.shape.dim
        assert first.dim_param == "N"
        assert all(dim.dim_value > 0 for dim in rest)
    assert not TRAINING_ONLY & set(nodes_by_type(backbone_onnx.fp32))
    assert {(entry.domain, entry.version) for entry in backbone_onnx.fp32.opset_import} == {("", 17)}
    if backbone_onnx.name in FOLDED:
        assert "BatchNormalization" not in nodes_by_type(backbone_onnx.fp32)


def test_every_graph_keeps_the_bounds_of_a_model_file(backbone_onnx: Any) -> None:
    content = backbone_onnx.fp32.SerializeToString()
    check_structure("model.onnx", content)
    assert check_sizes(onnxruntime, content, "model.onnx")


def test_every_graph_comes_apart_at_its_features_and_goes_together_again(backbone_onnx: Any) -> None:
    parts = parts_of(backbone_onnx.fp32)
    assert "Conv" in nodes_by_type(parts.backbone)
    assert "Conv" not in nodes_by_type(parts.head)
    assert nodes_by_type(parts.joined()) == nodes_by_type(backbone_onnx.fp32)
