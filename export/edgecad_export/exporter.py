"""From a run folder to a model folder: convert, prove, record the golden answers, publish."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import msgspec
import numpy as np
import onnx
from msgspec.structs import replace

from edgecad.checks import probabilities_of
from edgecad.contract import METADATA_KEY, Contract, json_from_struct
from edgecad.errors import ModelInvalid
from edgecad.folders import new_folder, point_latest
from edgecad.golden import golden_answers
from edgecad_export.cam_head import classifier_from_keras, explained_model
from edgecad_export.onnx_from_keras import node_summary, onnx_from_keras, set_metadata
from edgecad_export.parity import Parity, Tolerances, enforce, measure
from edgecad_export.runfiles import Run


@dataclass(frozen=True)
class Exported:
    """What an export wrote, and what it proved."""

    folder: Path
    size_bytes: int
    parity: Parity
    contract: Contract

    @property
    def golden_spread(self) -> float:
        """How far apart the golden samples' scores lie, 0 to 1; a model that learnt nothing has almost none."""
        logits = np.array([answer.logits for answer in self.contract.golden])
        scores = probabilities_of(logits, self.contract.decision.temperature)[:, self.contract.positive_index]
        return float(np.ptp(scores))


def export_run(run: Run, folder: Path, opset: int, tolerances: Tolerances) -> Exported:
    """Write a model folder, whole or not at all, and point `latest` to it.

    Raises:
        ModelInvalid: the run's model has no form that can be explained exactly.
        GateFailed: the file does not answer as the Keras model does; nothing is published.
    """
    classifier = classifier_from_keras(run.model)
    if classifier.feature_layer != run.contract.feature_layer:
        raise ModelInvalid(
            f"the model pools {classifier.feature_layer!r} and its contract says {run.contract.feature_layer!r}; "
            "they are not of one run: train again"
        )
    proto = onnx_from_keras(explained_model(classifier, run.contract.decision.temperature), opset)
    contract = replace(
        run.contract,
        tolerances=asdict(tolerances),
        versions={
            **run.contract.versions,
            **{name: version(name) for name in ("tf2onnx", "onnx", "onnxruntime")},
        },
    )
    parity = measure(classifier, run, _with_contract(proto, contract), tolerances)
    enforce(parity, tolerances)
    with new_folder(folder) as partial:
        path = partial / "model.onnx"
        path.write_bytes(_with_contract(proto, contract))
        contract = replace(contract, golden=golden_answers(path))
        path.write_bytes(_with_contract(proto, contract))
        report = {"schema": 1, "opset": opset, "nodes": node_summary(proto), "tolerances": asdict(tolerances)}
        report["parity"] = asdict(parity)
        (partial / "parity.json").write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1))
        size = path.stat().st_size
    point_latest(folder)
    return Exported(folder, size, parity, contract)


def _with_contract(proto: onnx.ModelProto, contract: Contract) -> bytes:
    set_metadata(proto, {METADATA_KEY: json_from_struct(contract)})
    return bytes(proto.SerializeToString())
