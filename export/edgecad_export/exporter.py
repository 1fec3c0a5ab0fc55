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

from edgecad.checks import probabilities_of
from edgecad.classifier import golden_answers
from edgecad.contract import Contract, Precision, json_from_struct
from edgecad.engines.builder import build_engine
from edgecad.engines.gpu import gpu_here
from edgecad.engines.libraries import chosen_library
from edgecad.engines.record import Batches, EngineRecord
from edgecad.errors import GateFailed, ModelInvalid
from edgecad.folders import new_folder, point_latest
from edgecad.modelfiles.file import FILES
from edgecad.modelfiles.sums import write_sums
from edgecad_export.cam_head import Classifier, classifier_from_keras, explained_model
from edgecad_export.candidates import Candidate, Candidates
from edgecad_export.gate import gate_of
from edgecad_export.graph import folded
from edgecad_export.modelfolder.card import model_card
from edgecad_export.modelfolder.exported_file import ExportedFile
from edgecad_export.modelfolder.parity_file import write_parity_file
from edgecad_export.modelfolder.signing import private_key, sign
from edgecad_export.onnx_from_keras import check_graph, onnx_from_keras
from edgecad_export.runfiles import Run
from edgecad_export.timing import network_milliseconds
from edgecad_export.tolerances import TOLERANCES, Tolerances

Say = Callable[[str], None]


@dataclass(frozen=True)
class Request:
    """What is wanted of an export.

    Attributes:
        precisions: files to write, fp32 first; it is what the others are made from.
        engines: seconds that TensorRT may take to build an engine, or None for no engines.
        key: file of the private Ed25519 key to sign with.
    """

    precisions: tuple[Precision, ...] = ("fp32",)
    opset: int = 17
    tolerances: Mapping[Precision, Tolerances] = field(default_factory=lambda: TOLERANCES)
    engines: float | None = None
    key: Path | None = None


@dataclass(frozen=True)
class Exported:
    """What an export wrote, and what it proved."""

    folder: Path
    files: tuple[ExportedFile, ...]
    engines: tuple[tuple[str, EngineRecord], ...] = ()
    """File names of TensorRT engines, and what they were built from and for."""

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


def export_run(run: Run, folder: Path, request: Request, say: Say = lambda _: None) -> Exported:
    """Write a model folder, whole or not at all, and point `latest` to it.

    Args:
        say: told of every step, for people who wait.

    Raises:
        ModelInvalid: the run's model has no form that can be explained exactly.
        GateFailed: a file does not answer as the Keras model does; nothing is published.
    """
    _check_tools(request)
    candidates = candidates_of(run, request, say)
    made = []
    for precision in request.precisions:
        say(f"{precision}: making and judging the file")
        made.append(candidates.of(precision, request.tolerances[precision]))
    _enforce(made)
    with new_folder(folder) as partial:
        files = _written(made, partial, request.opset, say)
        engines = _engines(files, partial, request, say)
        card = model_card(folder.name, files, files[0].contract)
        (partial / "MODEL_CARD.md").write_text(card, "utf-8")
        write_sums(partial)
        if request.key is not None:
            sign(partial, request.key)
    point_latest(folder)
    return Exported(folder, tuple(files), engines)


def _check_tools(request: Request) -> None:
    """Find out what is missing before minutes of work."""
    if request.key is not None:
        private_key(request.key)
    if request.engines is not None:
        chosen_library(None, gpu_here())


def candidates_of(run: Run, request: Request, say: Say = lambda _: None) -> Candidates:
    """What makes and judges the files of a run: its gate, and its graph in fp32.

    Raises:
        ModelInvalid, GateFailed: as `export_run`.
    """
    classifier = _classifier(run)
    say("the trained model answers its validation images and the golden screens")
    gate = gate_of(classifier, run)
    say("Keras to ONNX")
    contract = _begun(run.contract)
    return Candidates(run, contract, gate, _graph(classifier, contract, request.opset), say)


def _classifier(run: Run) -> Classifier:
    classifier = classifier_from_keras(run.model)
    if classifier.feature_layer != run.contract.feature_layer:
        raise ModelInvalid(
            f"the model pools {classifier.feature_layer!r} and its contract says {run.contract.feature_layer!r}; "
            "they are not of one run: train again"
        )
    return classifier


def _begun(contract: Contract) -> Contract:
    tools = {name: version(name) for name in ("tf2onnx", "onnx", "onnxruntime")}
    return replace(contract, versions={**contract.versions, **tools})


def _graph(classifier: Classifier, contract: Contract, opset: int) -> onnx.ModelProto:
    proto = folded(onnx_from_keras(explained_model(classifier, contract.decision.temperature), opset))
    check_graph(proto)
    return proto


def _enforce(made: list[Candidate]) -> None:
    """Raise `GateFailed` if any file does not hold, with what was tried."""
    failed = [candidate for candidate in made if not candidate.verdict.holds]
    if not failed:
        return
    said = [f"{candidate.precision}: {candidate.verdict.summary}" for candidate in failed]
    tried = sum(len(candidate.narrowed.attempts) for candidate in failed)
    more = f" after {tried} attempts" if tried else ""
    narrower = [f"--{candidate.precision}" for candidate in failed if candidate.precision != "fp32"]
    names = f"{failed[-1].precision}.heatmap_correlation=VALUE (or .probabilities, .neighbourhood)"
    step = (
        f"; export without {' '.join(narrower)}, or allow what you can defend: --tolerance {names}" if narrower else ""
    )
    raise GateFailed(
        f"the exported file differs from the Keras model{more}: {'. '.join(said)}; nothing was written under the "
        f"model's name{step}"
    )


def _engines(
    files: Sequence[ExportedFile], partial: Path, request: Request, say: Say
) -> tuple[tuple[str, EngineRecord], ...]:
    """Build an engine of every file that TensorRT takes; int8 is for CPUs."""
    if request.engines is None:
        return ()
    built = []
    for entry in files:
        precision = entry.candidate.precision
        if precision == "int8":
            continue
        name = Path(entry.name).with_suffix(".plan").name

        record = build_engine(
            (partial / entry.name).read_bytes(),
            partial / name,
            precision,
            json_from_struct(entry.contract),
            Batches(1, 1, 8),
            request.engines,
            progress=_by_phase(name, say),
        )
        built.append((name, record))
    return tuple(built)


def _by_phase(name: str, say: Say) -> Callable[[str, int, int], None]:
    """Say each phase of a build once: its steps come several a second, for minutes."""
    said: set[str] = set()

    def told(phase: str, done: int, total: int) -> None:
        if phase not in said:
            said.add(phase)
            say(f"{name}: {phase}")

    return told


def _written(made: list[Candidate], partial: Path, opset: int, say: Say) -> list[ExportedFile]:
    """Write the files that hold, each with its own golden answers inside, and time them in turn."""
    milliseconds = network_milliseconds([candidate.content() for candidate in made])
    files = []
    for candidate, taken in zip(made, milliseconds, strict=True):
        say(f"{candidate.precision}: golden answers")
        path = partial / FILES[candidate.precision]
        path.write_bytes(candidate.content())
        contract = replace(candidate.contract, golden=golden_answers(path))
        content = candidate.content(contract)
        path.write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        files.append(ExportedFile(path.name, len(content), sha256, candidate, contract, taken))
    write_parity_file(files, opset, partial / "parity.json")
    return files
