"""All sixteen backbones really parse and build in TensorRT-RTX, in fp32 and in fp16, on a machine without a GPU."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import onnx
import pytest

from edgecad.engines.builder import build_engine
from edgecad.engines.record import Batches, EnginePrecision, named, read_engine, sidecar_of
from edgecad.errors import EngineBuildFailed
from edgecad.frozen import json_from_struct
from edgecad_export.precision.fp16.converting import fp16_from_fp32

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        find_spec("tensorrt_rtx") is None, reason="TensorRT-RTX is not installed: pip install 'edgecad[tensorrt-rtx]'"
    ),
]


def built(proto: onnx.ModelProto, precision: EnginePrecision, contract: Any, folder: Path) -> int:
    """Build an engine, read it back as a runner would, and take it away; its size in bytes."""
    out = folder / f"{precision}.plan"
    text = json_from_struct(contract)
    record = build_engine(proto.SerializeToString(), out, precision, text, Batches(1, 1, 8), library="tensorrt_rtx")
    engine = named(out, proven=record.proven)
    again, plan = read_engine(engine)
    assert again == record
    assert record.identity.precision == precision
    assert record.contract == text
    engine.unlink()
    sidecar_of(engine).unlink()
    assert list(folder.iterdir()) == []
    return len(plan)


def weights_bytes(proto: onnx.ModelProto) -> int:
    return sum(len(entry.raw_data) for entry in proto.graph.initializer)


def test_every_backbone_builds_in_fp32(backbone_onnx: Any, tmp_path: Path) -> None:
    size = built(backbone_onnx.fp32, "fp32", backbone_onnx.run.contract, tmp_path)
    assert size > weights_bytes(backbone_onnx.fp32), "the weights are in the plan"


def test_every_backbone_builds_in_fp16(backbone_onnx: Any, tmp_path: Path) -> None:
    proto = fp16_from_fp32(backbone_onnx.fp32)
    size = built(proto, "fp16", backbone_onnx.run.contract, tmp_path)
    assert weights_bytes(proto) < size < weights_bytes(backbone_onnx.fp32)
    with pytest.raises(EngineBuildFailed, match="called fp32"):
        built(proto, "fp32", backbone_onnx.run.contract, tmp_path)
