"""onnxruntime without EdgeCAD: the same file, the same outputs, its own defaults, no checks."""

from __future__ import annotations

from typing import Any

from edgecad.inference.predicting import ANSWER_OUTPUTS
from edgecad.system.cores import usable_threads
from measures.peers.base import Peer, PeerModel


def opened(given: PeerModel) -> Peer:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = usable_threads(), 3
    session = onnxruntime.InferenceSession(given.file("fp32"), options, providers=["CPUExecutionProvider"])
    names = list(ANSWER_OUTPUTS)

    def told(values: Any) -> Any:
        return given.answer_of_outputs(dict(zip(names, values, strict=True)))

    return Peer({"answer": lambda image: session.run(names, {"image": image})}, given.images(), told)
