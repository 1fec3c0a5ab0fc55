"""Who is timed: each peer is a function that opens it, in a process of its own (`benchmarks/peer.py`).

Libraries are imported when a peer is opened, so that no peer carries another one's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from measures.peers import with_edgecad, with_keras, with_litert, with_onnxruntime, with_openvino
from measures.peers.base import Peer, PeerModel

PEERS: dict[str, Callable[[PeerModel], Peer]] = {
    "EdgeCAD fp32": partial(with_edgecad.opened, precision="fp32"),
    "EdgeCAD fp16": partial(with_edgecad.opened, precision="fp16"),
    "EdgeCAD int8": partial(with_edgecad.opened, precision="int8"),
    "EdgeCAD auto": with_edgecad.chosen,
    "EdgeCAD on OpenVINO fp32": partial(with_edgecad.opened, precision="fp32", device="openvino:cpu"),
    "EdgeCAD on OpenVINO bf16": partial(with_edgecad.opened, precision="bf16", device="openvino:cpu"),
    "EdgeCAD on OpenVINO int8": partial(with_edgecad.opened, precision="int8", device="openvino:cpu"),
    "onnxruntime fp32": with_onnxruntime.opened,
    "OpenVINO fp32": partial(with_openvino.opened, hint="f32"),
    "OpenVINO bf16": partial(with_openvino.opened, hint="bf16"),
    "OpenVINO int8, its own": with_openvino.own_int8,
    "OpenVINO on our int8": partial(with_openvino.opened, precision="int8", hint="f32"),
    "LiteRT fp32": with_litert.opened,
    "Keras predict": with_keras.predict,
    "TF function": partial(with_keras.function, xla=False),
    "TF with XLA": partial(with_keras.function, xla=True),
    "Grad-CAM, TF function": partial(with_keras.grad_cam, xla=False),
    "Grad-CAM, TF with XLA": partial(with_keras.grad_cam, xla=True),
    "EdgeCAD folder fp32": partial(with_edgecad.folder, precision="fp32"),
    "EdgeCAD folder int8": partial(with_edgecad.folder, precision="int8"),
    "Keras folder": with_keras.folder,
}
MAKERS: dict[str, Callable[[PeerModel], None]] = {
    "make OpenVINO int8, its own": with_openvino.make_own_int8,
    "make LiteRT fp32": with_litert.make,
}
"""What a peer needs beside the model, made once in another process: it is no part of that peer's start or memory."""
