"""LiteRT, which was TensorFlow Lite: the Keras model converted, fp32, XNNPACK."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from edgecad.system.cores import usable_threads
from edgecad.system.extras import require
from measures.peers.base import Peer, PeerModel


def opened(given: PeerModel) -> Peer:
    """Score alone: this is the trained model, without EdgeCAD's outputs."""
    require("ai_edge_litert", extra="bench")
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(_file(given)), num_threads=usable_threads())
    images = given.images()
    image = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(image, images[0].shape)
    interpreter.allocate_tensors()
    logits = interpreter.get_output_details()[0]["index"]

    def run(pixels: Any) -> Any:
        interpreter.set_tensor(image, pixels)
        interpreter.invoke()
        return interpreter.get_tensor(logits)

    return Peer({"answer": run}, images, given.answer_of_logits, {"threads": usable_threads()})


def make(given: PeerModel) -> None:
    """Convert the Keras model."""
    require("ai_edge_litert", extra="bench")  # or the conversion would be for nobody
    if _file(given).is_file():
        return
    from measures.peers.with_keras import loaded

    tensorflow, model = loaded(given)
    part = _file(given).with_suffix(".part")
    part.write_bytes(tensorflow.lite.TFLiteConverter.from_keras_model(model).convert())
    part.replace(_file(given))


def _file(given: PeerModel) -> Path:
    return given.made / f"litert-{version('tensorflow')}.tflite"
