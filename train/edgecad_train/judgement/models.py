"""What is judged: a training run's Keras model, or an exported model, behind one small value."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.familiarity import distances
from edgecad.answer.folding import map_on_disc
from edgecad.answer.heatmap import class_activation, score_map
from edgecad.contract import Contract, contract_from_json
from edgecad.contract.graph import FAMILIARITY
from edgecad.errors import ModelInvalid, UsageError
from edgecad.system.digests import file_sha256
from edgecad.system.folders import followed
from edgecad_train.classes import CLASSES, POSITIVE
from edgecad_train.runs.names import CONTRACT, MODEL, RUN, SPLIT
from edgecad_train.runs.names import FAMILIARITY as CENTRES
from edgecad_train.runs.partition import partition_from_json, parts_in_model
from edgecad_train.runs.scans import scans_of_run

Kind = Literal["run", "model"]
POOLING = "pooling"
"""Name of the layer that pools a network's features."""
TRAIN_AGAIN = "run `edgecad train` again"


@dataclass(frozen=True)
class JudgedAnswers:
    """What a model answers to `n` prepared images.

    Attributes:
        logits: `(n, 2)`, raw, in the contract's order.
        maps: heat maps of the score as they are shown, `(n, h, w)`, logit units; None of a model that cannot tell them.
        distances: to the training scans, `(n,)`; None where nobody measured familiarity.
    """

    logits: NDArray[np.float64]
    maps: NDArray[np.float32] | None = None
    distances: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class JudgedModel:
    """A model whose answers are to be judged.

    Attributes:
        name: of its folder or file, safe as a part of a file's name.
        kind: a training run or an exported model.
        contract: what it was trained on and how it decides.
        sha256: of the model's file.
        answers: to prepared images `(n, size, size, 3)` uint8 RGB.
        part_of: the part of each patient in the model's training; None where that is not known.
        patient_of: the patient of each scan of the model's training, by the SHA-256 of the scan's file; None where
            that is not known.
        whole: the contract as it is, where `contract` is the same as it is about a fused score; None elsewhere.
    """

    name: str
    kind: Kind
    contract: Contract
    sha256: str
    answers: Callable[[NDArray[np.uint8]], JudgedAnswers]
    part_of: Mapping[str, str] | None
    patient_of: Mapping[str, str] | None = None
    whole: Contract | None = None

    def __post_init__(self) -> None:
        if set(self.contract.classes) != set(CLASSES):
            raise ModelInvalid(
                f"{self.name} tells {' from '.join(self.contract.classes)}, and data are labelled {CLASSES[0]} and "
                f"{CLASSES[1]}; name a model of these classes"
            )

    def logits(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Logits of prepared images `(n, size, size, 3)`, `(n, 2)`, raw, in the contract's order."""
        return self.answers(images).logits


def open_model(path: Path, key: Path | None = None) -> JudgedModel:
    """Open a run folder or its `model.keras`, a model folder, a pointer to one of them, or an `.onnx` file.

    Args:
        key: the public key that an exported model must be signed with; default: `$EDGECAD_KEY`. A run has no
            signature.

    Raises:
        ModelInvalid: nothing is there, it is damaged, not signed with the key, or newer than this version.
        UsageError: the key cannot be used, or it was named for a run.
    """
    try:
        target = followed(path)
    except UsageError as error:
        raise ModelInvalid(str(error)) from error
    if target.name == MODEL and target.is_file():
        target = target.parent
    if (target / "model.onnx").is_file() or target.is_file():
        return _open_exported(target, key)
    if not target.is_dir():
        where = f" (it names {target})" if target != path else ""
        raise ModelInvalid(f"no run and no model at {path}{where}; name a run folder, a model folder or an .onnx file")
    if key is not None:
        raise UsageError(
            f"{path} is a run, which carries no signature; leave --key out, or export it with --sign first"
        )
    return _open_run(target)


def _open_exported(path: Path, key: Path | None) -> JudgedModel:
    from edgecad.inference.classifier import Classifier

    classifier = Classifier(path, precision=None, key=key)
    wanted = ("logits", "cam", *(() if classifier.contract.familiarity is None else (FAMILIARITY,)))
    outputs = [name for name in wanted if name in classifier.facts.outputs]

    def answers(images: NDArray[np.uint8]) -> JudgedAnswers:
        given = classifier.run(images, outputs)
        maps = _shown(given["cam"], classifier.contract) if "cam" in given else None
        distances = np.asarray(given[FAMILIARITY][:, 0], np.float64) if FAMILIARITY in given else None
        return JudgedAnswers(np.asarray(given["logits"], np.float64), maps, distances)

    name = path.name if path.is_dir() else path.stem if path.stem != "model" else path.resolve().parent.name
    return JudgedModel(name, "model", classifier.contract, classifier.model_sha256, answers, None)


def _open_run(folder: Path) -> JudgedModel:
    _check_method(folder)
    text = _whole(folder, CONTRACT)
    contract = contract_from_json(text.read_bytes(), TRAIN_AGAIN, str(text))
    file = _whole(folder, MODEL)
    centres = None if contract.familiarity is None else _centres(_whole(folder, CENTRES))
    # Here, because an exported model is judged without Keras.
    from edgecad_train.networks.loading import load_network

    answers = _answers_of(load_network(file, contract.preparation.size), contract, centres)
    sha256 = file_sha256(file)
    kept, parts = scans_of_run(folder), _parts(folder / SPLIT)
    patient_of = kept.patient_of() if kept else None
    return JudgedModel(folder.resolve().name, "run", contract, sha256, answers, parts, patient_of)


def _check_method(folder: Path) -> None:
    """See that it is not the run of a method that left no model."""
    from edgecad_train.runs.reading import read_record  # statistics, which nothing needs before there is a run

    method = read_record(folder).method if (folder / RUN).is_file() else None
    if method is not None and method.row_only:
        raise ModelInvalid(
            f"{folder} is a run of {method.name}, a row of a study without a model: {method.row_only}; name another run"
        )


def _whole(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise ModelInvalid(
            f"{folder} has no {name}, so it is neither a finished run nor a model; name another, or {TRAIN_AGAIN}"
        )
    return path


def _centres(path: Path) -> NDArray[np.float32]:
    """Of the training scans' features, `(k, channels)`, each of length 1."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return np.asarray(arrays["directions"], np.float32)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ModelInvalid(f"{path} is damaged: {error}; {TRAIN_AGAIN}") from error


def _answers_of(
    model: Any, contract: Contract, centres: NDArray[np.float32] | None
) -> Callable[[NDArray[np.uint8]], JudgedAnswers]:
    """Answers of a Keras model, with maps and distances by the runtime's formulas where EdgeCAD built it."""
    import keras

    from edgecad_train.networks.explain import dense_layers
    from edgecad_train.networks.network import HIDDEN, LOGITS

    layers = {layer.name: layer for layer in model.layers}
    features = layers[POOLING].input if {POOLING, LOGITS} <= layers.keys() else None
    told = model if features is None else keras.Model(model.input, [model.output, features])
    head = dense_layers([layers[name] for name in (HIDDEN, LOGITS) if name in layers])

    def answers(images: NDArray[np.uint8]) -> JudgedAnswers:
        given = told.predict(images, batch_size=16, verbose=0)
        if features is None:
            return JudgedAnswers(np.asarray(given, np.float64))
        seen = np.asarray(given[1], np.float64)
        apart = None if centres is None else distances(seen.mean(axis=(1, 2)), centres)
        return JudgedAnswers(
            np.asarray(given[0], np.float64), _shown(class_activation(seen, head).cam, contract), apart
        )

    return answers


def _shown(cam: NDArray[np.floating], contract: Contract) -> NDArray[np.float32]:
    """Heat maps of the score of CAD, `(n, h, w)`, from those of both classes."""
    return np.asarray(map_on_disc(score_map(cam, contract.classes.index(POSITIVE)), contract), np.float32)


def _parts(path: Path) -> Mapping[str, str] | None:
    """The part of each patient; None where the run kept no split."""
    if not path.is_file():
        return None
    return parts_in_model(partition_from_json(path.read_bytes(), f"the split {path}", TRAIN_AGAIN))
