"""Open a file that somebody else wrote, and let it run nothing: whole Keras models only, of Keras' own layers.

Keras itself refuses Lambda layers in safe mode. Here the file's description is read first, so that whatever else
would be looked up by name, and may be code, is refused before Keras sees it, and in words that help.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from edgecad.errors import ModelInvalid
from edgecad_export.external.contents import SAVE_AGAIN, FileContents, contents_of, weights_opened
from edgecad_export.external.keras2 import AGAIN, UNUSED, model_of_keras_2, of_keras_2
from edgecad_export.external.keras2_weights import give_weights_of_h5, give_weights_of_keras
from edgecad_export.external.losses import FileLoss, loss_of
from edgecad_export.runfiles import load_keras, reason_of

CODE = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")
"""Layers of Keras that run what is in the file, or in another."""
OF_KERAS = ("keras", "keras.src", "tensorflow.keras", "tensorflow.python.keras", "tf_keras", "builtins")
"""Modules whose classes are Keras' own; Keras 2 wrote the third to the fifth."""
OWN_CODE = "its own code"
"""What stands for the module that Keras does not tell: of a function, and of a class of the program that saved it."""


@dataclass(frozen=True)
class OpenedModel:
    """What a file holds.

    Attributes:
        loss: that the model was compiled with; None where the file does not tell.
        keras_2: the version of the Keras 2 that wrote the file; None for Keras 3.
    """

    model: keras.Model
    loss: FileLoss | None
    keras_2: str | None


def open_external(path: Path) -> OpenedModel:
    """Load a whole Keras model, `.keras` or `.h5`, of Keras 2 or 3.

    Raises:
        ModelInvalid: it is no whole Keras model, damaged, or wants code that is not Keras' own.
    """
    if path.is_dir():
        raise ModelInvalid(f"{path} is a folder{_of_what(path)}, and a .keras or .h5 file is wanted; {SAVE_AGAIN}")
    if not path.is_file():
        raise ModelInvalid(f"no model at {path}; name a .keras or .h5 file, or a run folder")
    contents = contents_of(path)
    keras_2 = contents.version if of_keras_2(contents.version) else None
    _check_description(path, contents.description, UNUSED if keras_2 else ())
    _check_widths(path, contents)
    model = _of_keras_3(path, contents) if keras_2 is None else _of_keras_2(path, contents)
    return OpenedModel(model, loss_of(contents.training), keras_2)


def _of_keras_3(path: Path, contents: FileContents) -> keras.Model:
    """Keras leaves out what the whole model was compiled with, and compiles models inside it all the same."""
    if not contents.trained_inside:
        return load_keras(path, SAVE_AGAIN)
    try:
        model: keras.Model = keras.saving.deserialize_keras_object(contents.description, safe_mode=True)
        model.load_weights(path)
    except Exception as error:  # Keras raises whatever the damaged part happens to hit.
        raise ModelInvalid(f"{path} cannot be loaded: {reason_of(error)}; {SAVE_AGAIN}") from error
    return model


def _of_keras_2(path: Path, contents: FileContents) -> keras.Model:
    try:
        model = model_of_keras_2(contents.description)
        with weights_opened(path, contents.archive) as file:
            if contents.archive:
                give_weights_of_keras(model, file, contents.description)
            else:
                give_weights_of_h5(model, file)
    except Exception as error:  # Keras raises whatever the part that it does not know happens to hit.
        raise ModelInvalid(
            f"{path} was written by Keras {contents.version}, and Keras {keras.__version__} cannot be given it: "
            f"{reason_of(error)}; {AGAIN.format(name=path.name)}"
        ) from error
    return model


def _of_what(folder: Path) -> str:
    return (
        " with a TensorFlow SavedModel, which does not tell its layers" if (folder / "saved_model.pb").is_file() else ""
    )


def _check_description(path: Path, description: Any, passed_over: tuple[str, ...]) -> None:
    """Refuse code; `passed_over` are ends of the names of what is never made."""
    kind = description.get("class_name") if isinstance(description, dict) else None
    if not isinstance(kind, str):
        raise ModelInvalid(f"{path} does not describe a model; {SAVE_AGAIN}")
    if kind not in ("Functional", "Sequential", "Model"):
        raise ModelInvalid(
            f"{path} is a model of class {kind}, whose layers only its own code knows; call it on a keras.Input, make "
            "keras.Model(input, output) of that, and save this one"
        )
    for module, name in _classes(description, passed_over):
        if name in CODE:
            raise ModelInvalid(
                f"{path} has a layer {name}, which is code, and no code of others is run; replace it by layers of Keras"
            )
        if not _of_keras(module) or ">" in name:
            raise ModelInvalid(
                f"{path} wants {name} of {module}, which is not Keras' own, and no code of others is run; "
                "replace it by what Keras has in the code that made the model, read the weights with "
                f"model.load_weights('{path.name}'), and save it with model.save('model.keras')"
            )


def _check_widths(path: Path, contents: FileContents) -> None:
    """A layer of more units than the file has weights is none: Keras would make them before it reads any."""
    widest = max(_widths(contents.description), default=0)
    if widest > 2 * contents.weight_bytes:
        raise ModelInvalid(
            f"{path} describes a layer of {widest} units and holds {contents.weight_bytes} bytes of weights, so it is "
            f"no model's; {SAVE_AGAIN}"
        )


def _widths(part: Any) -> Iterator[int]:
    waiting = [part]
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, dict):
            yield from (entry[key] for key in ("units", "filters") if isinstance(entry.get(key), int))
            waiting.extend(entry.values())
        elif isinstance(entry, list):
            waiting.extend(entry)


def _of_keras(module: str) -> bool:
    return any(module == own or module.startswith(f"{own}.") for own in OF_KERAS)


def _classes(part: Any, passed_over: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Module and name of everything that the description would make; a file without modules has Keras' own."""
    waiting = [part]
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, dict):
            kind = entry.get("class_name")
            if kind == "function" and isinstance(entry.get("config"), str):  # Keras' own stand there by name alone
                yield OWN_CODE, entry["config"]
            elif isinstance(kind, str):
                yield entry.get("module", "keras") or OWN_CODE, kind
            waiting.extend(value for key, value in entry.items() if not str(key).endswith(passed_over))
        elif isinstance(entry, list):
            waiting.extend(entry)
