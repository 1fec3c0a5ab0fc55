"""From a run folder to a model folder: convert, prove, record the golden answers, publish."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from itertools import count
from pathlib import Path

import numpy as np
import onnx
from msgspec.structs import replace
from numpy.typing import NDArray

from edgecad.clinical.words import coefficient_words
from edgecad.contract import CONTRACT_VERSION, Contract, PooledOver, Precision
from edgecad.errors import GateFailed, ModelInvalid, UsageError
from edgecad.inference.replaying import golden_answers
from edgecad.modelfiles.file import FILES, own_file
from edgecad.modelfiles.pointer import put_in_force
from edgecad.modelfiles.sums import write_sums
from edgecad.system.folders import new_folder
from edgecad_export.candidates import Candidate, Candidates
from edgecad_export.exported import Exported, allowing, reason_of
from edgecad_export.graph.cam_head import explained_model
from edgecad_export.graph.onnx_from_keras import check_graph, onnx_from_keras
from edgecad_export.graph.parts import folded
from edgecad_export.graph.trained_classifier import TrainedClassifier, classifier_from_keras
from edgecad_export.modelfolder.card import model_card
from edgecad_export.modelfolder.engines import Engines, Say, check_engine_tools, engines_of
from edgecad_export.modelfolder.exported_file import ExportedFile
from edgecad_export.modelfolder.parity_file import write_parity_file
from edgecad_export.modelfolder.signing import private_key, sign
from edgecad_export.proof.gate import gate_of
from edgecad_export.request import ExportRequest
from edgecad_export.runfiles import Run
from edgecad_export.timing import network_milliseconds


def new_name(out: Path, name: str) -> Path:
    """A folder for this export: named as the run, with a number where that one was exported before.

    No model is ever written over: one may be in use at this moment.
    """
    numbered = (out / (name if number == 1 else f"{name}-{number}") for number in count(1))
    return next(folder for folder in numbered if not folder.exists())


def export_run(run: Run, folder: Path, request: ExportRequest, say: Say = lambda _: None) -> Exported:
    """Write a model folder, whole or not at all, and point `latest` to it.

    The folder has the files that hold. fp32 is what the others are made from and judged beside: if it does not hold,
    there is no folder.

    Args:
        say: told of every step, for people who wait.

    Raises:
        ModelInvalid: the run's model has no form that can be explained exactly.
        GateFailed: the fp32 file does not answer as the Keras model does; nothing is published.
        UsageError: int8 without training images to fit it to, or clinical columns that turn the image's score round.
    """
    _check_tools(request)
    _check_fusion(run.contract)
    _check_calibration(run, request)
    made, failed = _made(candidates_of(run, request, say), request, say)
    holding = [candidate for candidate in made if candidate.verdict.holds]
    refused = tuple(candidate for candidate in made if not candidate.verdict.holds)
    with new_folder(folder) as partial:
        files = _written(holding, partial, say)
        reasons = {precision: reason_of(error) for precision, error in failed.items()}
        write_parity_file(partial / "parity.json", files, refused, reasons, request.opset)
        engines = _engines(files, partial, request, say)
        card = model_card(folder.name, files, files[0].contract, refused, engines.built, run.method)
        (partial / "MODEL_CARD.md").write_text(card, "utf-8")
        write_sums(partial)
        if request.sign is not None:
            sign(partial, request.sign)
    put_in_force(folder, "edgecad export")
    return Exported(folder, tuple(files), refused, failed, engines)


def _made(
    candidates: Candidates, request: ExportRequest, say: Say
) -> tuple[list[Candidate], dict[Precision, Exception]]:
    """A candidate of each precision, fp32 first, and what went wrong with those that could not be made."""
    made: list[Candidate] = []
    failed: dict[Precision, Exception] = {}
    for precision in request.precisions:
        say(f"{precision}: making and judging the file")
        try:
            one = candidates.of(precision, request.tolerances[precision])
            made.append(candidates.with_executions(one, request.tolerances) if one.verdict.holds else one)
        except Exception as error:  # whatever a converter meets, the files that hold are kept
            if not made:
                raise
            failed[precision] = error
        _demand_reference(made[0])
    return made, failed


def _check_tools(request: ExportRequest) -> None:
    """Find out what is missing before minutes of work."""
    if request.sign is not None:
        private_key(request.sign)
    if request.tensorrt:
        check_engine_tools()


def _check_fusion(contract: Contract) -> None:
    """Refuse a fused score that falls where the image's own rises: its heat map would point the wrong way."""
    model = contract.clinical
    if model is not None and model.turns_image:
        found = coefficient_words(model.image.coefficient)
        raise UsageError(
            f"beside the clinical columns the image counts the wrong way round, {found} for each unit of its log-odds: "
            "what the heat map raises would lower the score; train without --clinical, or on more patients"
        )


def candidates_of(run: Run, request: ExportRequest, say: Say = lambda _: None) -> Candidates:
    """What makes and judges the files of a run: its gate, and its graph in fp32.

    Raises:
        ModelInvalid, GateFailed: as `export_run`.
    """
    classifier = _classifier(run)
    say("the trained model answers its validation images and the golden screens")
    gate = gate_of(classifier, run)
    say("Keras to ONNX")
    contract = _begun(run.contract, classifier)
    return Candidates(run, contract, gate, _graph(classifier, contract, run.centres, request.opset), say)


def _classifier(run: Run) -> TrainedClassifier:
    classifier = classifier_from_keras(run.model)
    contract = run.contract
    own, told = (f"{one.feature_layer!r} over {_cells(one.pooled_over)}" for one in (classifier, contract))
    if own != told:
        raise ModelInvalid(f"the model pools {own} and its contract says {told}; they are not of one run: train again")
    channels = classifier.features.shape[-1]
    if run.centres is not None and run.centres.shape[1] != channels:
        raise ModelInvalid(
            f"the model pools {channels} features and its centres have {run.centres.shape[1]}; they are not of one "
            "run: train again"
        )
    return classifier


def _cells(over: PooledOver) -> str:
    return "the disc" if over == "disc" else "all cells"


def _begun(contract: Contract, classifier: TrainedClassifier) -> Contract:
    """The contract in today's version, with what made it."""
    tools = {name: version(name) for name in ("tf2onnx", "onnx", "onnxruntime")}
    return replace(
        contract,
        version=CONTRACT_VERSION,
        activations=classifier.activations,
        versions={**contract.versions, **tools},
    )


def _graph(
    classifier: TrainedClassifier, contract: Contract, centres: NDArray[np.float32] | None, opset: int
) -> onnx.ModelProto:
    proto = folded(onnx_from_keras(explained_model(classifier, contract.decision.temperature, centres), opset))
    check_graph(proto)
    return proto


def _demand_reference(fp32: Candidate) -> None:
    """Raise `GateFailed` if the fp32 file does not hold, before anything is made from it."""
    if not fp32.verdict.holds:
        raise GateFailed(
            f"the exported file differs from the Keras model: {fp32.precision}: {fp32.verdict.summary}; nothing was "
            f"written under the model's name; report it{allowing([fp32])}"
        )


def _check_calibration(run: Run, request: ExportRequest) -> None:
    if request.int8 and not len(run.calibration):
        raise UsageError(
            f"{run.folder} comes with no training images, and int8 needs some to calibrate by; give "
            "--images for a model of someone else, run `edgecad train` again for a run, or export without --int8"
        )


def _engines(files: Sequence[ExportedFile], partial: Path, request: ExportRequest, say: Say) -> Engines:
    """Engines that were asked for, proven or called unproven."""
    return engines_of(files, partial, request.time_limit, say) if request.tensorrt else Engines()


def _written(holding: list[Candidate], partial: Path, say: Say) -> list[ExportedFile]:
    """Write the files that hold, each with its own golden answers inside, and time them in turn."""
    milliseconds = network_milliseconds([candidate.content() for candidate in holding])
    files = []
    for candidate, taken in zip(holding, milliseconds, strict=True):
        say(f"{candidate.precision}: golden answers")
        path = partial / FILES[candidate.precision]
        path.write_bytes(candidate.content())
        path.write_bytes(candidate.content(replace(candidate.contract, golden=golden_answers(path))))
        file = own_file(path)
        files.append(ExportedFile(path.name, len(file.content), file.sha256, candidate, file.contract, taken))
    return files
