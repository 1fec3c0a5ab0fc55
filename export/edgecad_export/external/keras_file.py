"""Open a file that somebody else wrote, and let it run nothing: whole Keras models only, of Keras' own layers.

Keras itself refuses Lambda layers in safe mode. Here the file's description is read first, so that whatever else
would be looked up by name, and may be code, is refused before Keras sees it, and in words that help.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras

from edgecad.errors import ModelInvalid
from edgecad_export.runfiles import load_keras

SAVE_AGAIN = "save the whole model with model.save('model.keras') where it was trained"
MAX_DESCRIPTION = 64 * 2**20
"""Bytes of a model's description; ResNet152V2's is 1 MB."""
CODE = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")
"""Layers of Keras that run what is in the file, or in another."""
OF_KERAS = ("keras", "keras.src", "tensorflow.keras", "tf_keras", "builtins")
"""Modules whose classes are Keras' own; Keras 2 wrote the third."""


def open_external(path: Path) -> keras.Model:
    """Load a whole Keras model, `.keras` or `.h5`.

    Raises:
        ModelInvalid: it is no whole Keras model, damaged, or wants code that is not Keras' own.
    """
    if path.is_dir():
        raise ModelInvalid(f"{path} is a folder{_of_what(path)}, and a .keras or .h5 file is wanted; {SAVE_AGAIN}")
    if not path.is_file():
        raise ModelInvalid(f"no model at {path}; name a .keras or .h5 file, or a run folder")
    _check_description(path, _description(path))
    return load_keras(path, SAVE_AGAIN)


def _of_what(folder: Path) -> str:
    return (
        " with a TensorFlow SavedModel, which does not tell its layers" if (folder / "saved_model.pb").is_file() else ""
    )


def _description(path: Path) -> Any:
    """What the file says of the model's layers, by its content and not its name."""
    try:
        if zipfile.is_zipfile(path):
            text: str | bytes = _from_zip(path)
        elif _is_hdf5(path):
            text = _from_hdf5(path)
        else:
            raise ModelInvalid(f"{path} is neither a .keras archive nor HDF5, or was cut short; {SAVE_AGAIN}")
        return json.loads(text)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, RecursionError) as error:
        raise ModelInvalid(f"{path} is damaged: {_one_line(error)}; {SAVE_AGAIN}") from error


def _from_zip(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        if not {"config.json", "model.weights.h5"} <= set(archive.namelist()):
            raise ModelInvalid(f"{path} is a zip archive without a Keras model's config.json and weights; {SAVE_AGAIN}")
        if archive.getinfo("config.json").file_size > MAX_DESCRIPTION:
            raise ModelInvalid(
                f"{path} describes its layers in more than 64 MiB, so it is no Keras model; {SAVE_AGAIN}"
            )
        if path.suffix != ".keras":
            raise ModelInvalid(f"{path} is a .keras archive by its content and {path.suffix} by its name; rename it")
        return archive.read("config.json")


def _is_hdf5(path: Path) -> bool:
    import h5py

    return bool(h5py.is_hdf5(path))


def _from_hdf5(path: Path) -> str | bytes:
    import h5py

    if path.suffix not in (".h5", ".hdf5"):
        raise ModelInvalid(
            f"{path} is HDF5 by its content and {path.suffix or 'nothing'} by its name; rename it to .h5"
        )
    with h5py.File(path, "r") as file:
        text = file.attrs.get("model_config")
    if not isinstance(text, (str, bytes)):
        raise ModelInvalid(f"{path} holds weights alone and does not tell the layers; {SAVE_AGAIN}")
    return text


def _check_description(path: Path, description: Any) -> None:
    kind = description.get("class_name") if isinstance(description, dict) else None
    if kind not in ("Functional", "Sequential", "Model"):
        raise ModelInvalid(
            f"{path} is a model of class {kind}, whose layers only its own code knows; call it on a keras.Input, make "
            "keras.Model(input, output) of that, and save this one"
        )
    for module, name in _classes(description):
        if name in CODE:
            raise ModelInvalid(
                f"{path} has a layer {name}, which is code, and no code of others is run; replace it by layers of Keras"
            )
        if module is not None and not _of_keras(module):
            raise ModelInvalid(
                f"{path} wants {name} of {module}, which is not Keras' own, and no code of others is run; "
                "replace it by layers of Keras"
            )


def _of_keras(module: str) -> bool:
    return any(module == own or module.startswith(f"{own}.") for own in OF_KERAS)


def _classes(part: Any) -> Iterator[tuple[str | None, str]]:
    """Module, where it is told, and name of everything that the description would make."""
    waiting = [part]
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, dict):
            if isinstance(entry.get("class_name"), str):
                yield entry.get("module"), entry["class_name"]
            waiting.extend(entry.values())
        elif isinstance(entry, list):
            waiting.extend(entry)


def _one_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:160] or type(error).__name__
