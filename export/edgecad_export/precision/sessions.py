"""ONNX Runtime on the CPU for looking inside a graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import onnx


def session_of(proto: onnx.ModelProto, outputs: Sequence[str] = ()) -> Any:
    """Open a graph, with other outputs than its own if some are named."""
    import onnxruntime

    if outputs:
        opened = onnx.ModelProto()
        opened.CopyFrom(proto)
        del opened.graph.output[:]
        opened.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in outputs)
        proto = opened
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    # On a busy machine threads that wait actively take the processor from those they wait for.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
