"""From a run folder to a model folder: convert, prove, record the golden answers, publish."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import count
from pathlib import Path

import numpy as np
import onnx
from msgspec.structs import replace

from edgecad.contract import CONTRACT_VERSION, Contract, Precision
from edgecad.errors import EdgecadError, GateFailed, ModelInvalid, UsageError
from edgecad.inference.checks import probabilities_of
from edgecad.inference.classifier import golden_answers
from edgecad.modelfiles.file import FILES
from edgecad.modelfiles.sums import write_sums
from edgecad.system.folders import new_folder, point_latest
from edgecad_export.candidates import Candidate, Candidates
from edgecad_export.graph.cam_head import ClassifierParts, classifier_from_keras, explained_model
from edgecad_export.graph.onnx_from_keras import check_graph, onnx_from_keras
from edgecad_export.graph.parts import folded
from edgecad_export.modelfolder.card import model_card
from edgecad_export.modelfolder.engines import Engines, check_engine_tools, engines_of
from edgecad_export.modelfolder.exported_file import ExportedFile
from edgecad_export.modelfolder.parity_file import write_parity_file
from edgecad_export.modelfolder.signing import private_key, sign
from edgecad_export.proof.gate import gate_of
from edgecad_export.request import ExportRequest
from edgecad_export.runfiles import Run
from edgecad_export.timing import network_milliseconds

Say = Callable[[str], None]


@dataclass(frozen=True)
class Exported:
    """What an export wrote, and what it proved."""

    folder: Path
    files: tuple[ExportedFile, ...]
    """Those that hold, fp32 first."""
    refused: tuple[Candidate, ...] = ()
    """Those that were asked for and do not hold; nothing of them was written but what was measured."""
    failed: Mapping[Precision, Exception] = field(default_factory=dict)
    """Those that could not be made, and what went wrong."""
    engines: Engines = field(default_factory=Engines)

    @property
    def golden_spread(self) -> float:
        """How far apart the golden samples' scores lie, 0 to 1; a model that learnt nothing has almost none."""
        contract = self.files[0].contract
        logits = np.array([answer.logits for answer in contract.golden])
        scores = probabilities_of(logits, contract.decision.temperature)[:, contract.positive_index]
        return float(np.ptp(scores))


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
        UsageError: int8 without training images to fit it to.
    """
    _check_tools(request)
    _check_calibration(run, request)
    candidates = candidates_of(run, request, say)
    made = []
    failed: dict[Precision, Exception] = {}
    for precision in request.precisions:
        say(f"{precision}: making and judging the file")
        try:
            made.append(candidates.of(precision, request.tolerances[precision]))
        except Exception as error:  # whatever a converter meets, the files that hold are kept
            if not made:
                raise
            failed[precision] = error
        _demand_reference(made[0])
    holding = [candidate for candidate in made if candidate.verdict.holds]
    refused = tuple(candidate for candidate in made if not candidate.verdict.holds)
    with new_folder(folder) as partial:
        files = _written(holding, refused, partial, request.opset, say)
        engines = _engines(files, partial, request, say)
        card = model_card(folder.name, files, files[0].contract, refused, engines.built)
        (partial / "MODEL_CARD.md").write_text(card, "utf-8")
        write_sums(partial)
        if request.sign is not None:
            sign(partial, request.sign)
    point_latest(folder)
    return Exported(folder, tuple(files), refused, failed, engines)


def _check_tools(request: ExportRequest) -> None:
    """Find out what is missing before minutes of work."""
    if request.sign is not None:
        private_key(request.sign)
    if request.tensorrt:
        check_engine_tools()


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
    return Candidates(run, contract, gate, _graph(classifier, contract, request.opset), say)


def _classifier(run: Run) -> ClassifierParts:
    classifier = classifier_from_keras(run.model)
    if classifier.feature_layer != run.contract.feature_layer:
        raise ModelInvalid(
            f"the model pools {classifier.feature_layer!r} and its contract says {run.contract.feature_layer!r}; "
            "they are not of one run: train again"
        )
    return classifier


def _begun(contract: Contract, classifier: ClassifierParts) -> Contract:
    """The contract in today's version, with what made it."""
    tools = {name: version(name) for name in ("tf2onnx", "onnx", "onnxruntime")}
    return replace(
        contract,
        version=CONTRACT_VERSION,
        activations=classifier.activations,
        versions={**contract.versions, **tools},
    )


def _graph(classifier: ClassifierParts, contract: Contract, opset: int) -> onnx.ModelProto:
    proto = folded(onnx_from_keras(explained_model(classifier, contract.decision.temperature), opset))
    check_graph(proto)
    return proto


def _demand_reference(fp32: Candidate) -> None:
    """Raise `GateFailed` if the fp32 file does not hold, before anything is made from it."""
    if not fp32.verdict.holds:
        raise GateFailed(
            f"the exported file differs from the Keras model: {fp32.precision}: {fp32.verdict.summary}; nothing was "
            f"written under the model's name; report it{_allowing([fp32])}"
        )


def failure_of(exported: Exported) -> EdgecadError | None:
    """What of an export was refused or not built, why, what was kept, and the next step; None where all is there."""
    failures: list[EdgecadError] = [GateFailed(_refusal(exported))] if exported.refused else []
    failures += [EdgecadError(f"{own} was not made: {_first_line(error)}") for own, error in exported.failed.items()]
    failures += exported.engines.failures
    if not failures:
        return None
    kept = ", ".join(entry.name for entry in exported.files)
    words = f"{'. '.join(map(str, failures))}; what holds is in {exported.folder}: {kept}"
    leave = [f"--{precision}" for precision in (*(own.precision for own in exported.refused), *exported.failed)]
    leave += ["--tensorrt"] if exported.engines.failures else []
    step = f"; use that, or export again without {' '.join(leave)}{_allowing(exported.refused)}"
    # What nobody foresaw is said first: its code is 1.
    worst = min(failures, key=lambda failure: (failure.exit_code != EdgecadError.exit_code, -failure.exit_code))
    return type(worst)(words + step)


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:160]}; please report it"


def _refusal(exported: Exported) -> str:
    said = [
        f"{candidate.precision} was refused after {_counted(len(candidate.narrowed.attempts))}: "
        f"{candidate.verdict.summary}"
        for candidate in exported.refused
    ]
    return ". ".join(said)


def _allowing(refused: Sequence[Candidate]) -> str:
    """The options that would let these files pass; nothing where no bound would."""
    missed = [(candidate.precision, miss.tolerance) for candidate in refused for miss in candidate.verdict.misses]
    if not missed or any(name is None for _, name in missed):
        return ""
    words = " ".join(dict.fromkeys(f"--tolerance {precision}.{name}=VALUE" for precision, name in missed))
    return f", or allow what you can defend: {words}"


def _counted(attempts: int) -> str:
    return f"{attempts} attempt{'' if attempts == 1 else 's'}"


def _check_calibration(run: Run, request: ExportRequest) -> None:
    if request.int8 and not len(run.calibration):
        raise UsageError(
            f"{run.folder} comes with no training images, and int8 needs some to calibrate by; give "
            "--images for a model of someone else, run `edgecad train` again for a run, or export without --int8"
        )


def _engines(files: Sequence[ExportedFile], partial: Path, request: ExportRequest, say: Say) -> Engines:
    """Engines that were asked for, proven or called unproven."""
    return engines_of(files, partial, request.time_limit, say) if request.tensorrt else Engines()


def _written(
    holding: list[Candidate], refused: Sequence[Candidate], partial: Path, opset: int, say: Say
) -> list[ExportedFile]:
    """Write the files that hold, each with its own golden answers inside, and time them in turn."""
    milliseconds = network_milliseconds([candidate.content() for candidate in holding])
    files = []
    for candidate, taken in zip(holding, milliseconds, strict=True):
        say(f"{candidate.precision}: golden answers")
        path = partial / FILES[candidate.precision]
        path.write_bytes(candidate.content())
        contract = replace(candidate.contract, golden=golden_answers(path))
        content = candidate.content(contract)
        path.write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        files.append(ExportedFile(path.name, len(content), sha256, candidate, contract, taken))
    write_parity_file(files, refused, opset, partial / "parity.json")
    return files
