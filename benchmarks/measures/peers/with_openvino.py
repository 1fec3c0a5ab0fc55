"""OpenVINO on the same ONNX files, for one image at a time, with the outputs that EdgeCAD asks for."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

from edgecad.contract import Precision
from edgecad.inference.predicting import ANSWER_OUTPUTS
from edgecad.system.cores import usable_threads
from edgecad.system.extras import require
from measures.peers.base import Peer, PeerModel


def opened(given: PeerModel, precision: Precision = "fp32", hint: str | None = None) -> Peer:
    """An exported file as it is; `hint` is the precision that OpenVINO may compute in, None its own choice."""
    openvino = require("openvino", extra="bench")
    core = openvino.Core()
    return _compiled(given, core, _answering(openvino, core.read_model(given.file(precision))), hint)


def own_int8(given: PeerModel) -> Peer:
    """What its own tool made of the fp32 file; the rest in whatever precision it chooses, which is its fastest."""
    core = require("openvino", extra="bench").Core()
    return _compiled(given, core, core.read_model(_int8_file(given)), None)


def make_own_int8(given: PeerModel) -> None:
    """Quantise the fp32 file with NNCF, as its manual says, on the images that EdgeCAD's own int8 was fitted to."""
    os.environ["NNCF_CI"] = "1"  # or it reports its use to its maker
    openvino = require("openvino", extra="bench")
    nncf = require("nncf", extra="bench")
    if _int8_file(given).is_file():
        return
    model = _answering(openvino, openvino.Core().read_model(given.file("fp32")))
    images = given.images("calibration") or given.images()
    narrow = nncf.quantize(model, nncf.Dataset(images), subset_size=len(images))
    # The weights' file is written first: the name that is looked for must be that of a whole model.
    openvino.serialize(narrow, _int8_file(given).with_suffix(".part.xml"), _int8_file(given).with_suffix(".bin"))
    _int8_file(given).with_suffix(".part.xml").replace(_int8_file(given))


def _int8_file(given: PeerModel) -> Path:
    return given.made / f"openvino-{version('openvino')}-nncf-{version('nncf')}.xml"


def _answering(openvino: Any, model: Any) -> Any:
    """The part of a graph that gives an answer, for a batch of one: fixed shapes are its fastest."""
    size = model.input("image").partial_shape[1].get_length()
    model.reshape({"image": [1, size, size, 3]})
    return openvino.Model([model.output(name) for name in ANSWER_OUTPUTS], model.get_parameters(), "answering")


def _compiled(given: PeerModel, core: Any, model: Any, hint: str | None) -> Peer:
    settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": usable_threads()}
    if hint is not None:
        settings["INFERENCE_PRECISION_HINT"] = hint
    compiled = core.compile_model(model, "CPU", settings)
    request = compiled.create_infer_request()
    native = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    about = {
        "computes_in": compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name(),
        "threads": compiled.get_property("INFERENCE_NUM_THREADS"),
        "streams": compiled.get_property("NUM_STREAMS"),
    }
    if hint == "bf16" and not native:
        about["remark"] = "not here: this processor has no bf16 of its own; measured all the same"
    # Neither the image nor what comes out is copied: its fastest way.
    return Peer(
        {"answer": lambda image: request.infer({0: image}, share_inputs=True, share_outputs=True)},
        given.images(), given.answer_of_outputs, about,
    )  # fmt: skip
