"""What a model's file holds, before Keras sees it: its description, its training, and sizes that are checked first.

An archive or an HDF5 file of a few kilobytes can declare terabytes, and can point into other files. Both are found
here by what is declared, and nothing is unpacked for it.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edgecad.errors import ModelInvalid

SAVE_AGAIN = "save the whole model with model.save('model.keras') where it was trained"
MAX_DESCRIPTION = 64 * 2**20
"""Bytes of a model's description; ResNet152V2's is 1 MB."""
MAX_WEIGHTS = 8 * 2**30
"""Bytes of all weights, those of an optimiser included."""
MAX_GROWTH, SMALL = 20, 64 * 2**20
"""Weights hardly shrink when packed: what grows by more than this factor, and beyond so many bytes, is none."""


@dataclass(frozen=True)
class FileContents:
    """What a file says in words.

    Attributes:
        archive: whether it is a `.keras` archive, and not HDF5.
        description: of the model's layers, without what it and models inside it were compiled with.
        training: what it was compiled with; None where the file does not tell.
        trained_inside: whether a model inside it was compiled by itself.
        version: of the Keras that wrote it; None where the file does not tell.
        weight_bytes: at most so many bytes of weights.
    """

    archive: bool
    description: Any
    training: Any
    version: str | None
    weight_bytes: int
    trained_inside: bool = False


def contents_of(path: Path) -> FileContents:
    """Read what a file says, by its content and not its name.

    Raises:
        ModelInvalid: it is no whole Keras model, it is damaged, or it declares what it cannot hold.
    """
    try:
        if zipfile.is_zipfile(path):
            return _of_archive(path)
        if _is_hdf5(path):
            return _of_hdf5(path)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, RecursionError) as error:
        raise ModelInvalid(f"{path} is damaged: {_one_line(error)}; {SAVE_AGAIN}") from error
    raise ModelInvalid(f"{path} is neither a .keras archive nor HDF5, or was cut short; {SAVE_AGAIN}")


def _of_archive(path: Path) -> FileContents:
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        if not {"config.json", "model.weights.h5"} <= names:
            raise ModelInvalid(f"{path} is a zip archive without a Keras model's config.json and weights; {SAVE_AGAIN}")
        for name in ("config.json", "metadata.json"):
            if name in names and archive.getinfo(name).file_size > MAX_DESCRIPTION:
                raise ModelInvalid(
                    f"{path} describes itself in more than 64 MiB, so it is no Keras model; {SAVE_AGAIN}"
                )
        for member in archive.infolist():
            _check_size(path, member.filename, member.file_size, member.compress_size)
        if path.suffix != ".keras":
            raise ModelInvalid(f"{path} is a .keras archive by its content and {path.suffix} by its name; rename it")
        description = json.loads(archive.read("config.json"))
        weight_bytes = archive.getinfo("model.weights.h5").file_size
        about = json.loads(archive.read("metadata.json")) if "metadata.json" in names else {}
    training = description.pop("compile_config", None) if isinstance(description, dict) else None
    version = _version(about.get("keras_version") if isinstance(about, dict) else None)
    inside = _take_out_training(description)
    return FileContents(True, description, training, version, weight_bytes, trained_inside=inside)


def _take_out_training(description: Any) -> bool:
    """Take out what models inside a model were compiled with; whether there was anything."""
    waiting, found = [description], False
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, dict):
            found |= "class_name" in entry and entry.pop("compile_config", None) is not None
            waiting.extend(entry.values())
        elif isinstance(entry, list):
            waiting.extend(entry)
    return found


def _is_hdf5(path: Path) -> bool:
    import h5py

    return bool(h5py.is_hdf5(path))


def _of_hdf5(path: Path) -> FileContents:
    import h5py

    if path.suffix not in (".h5", ".hdf5"):
        raise ModelInvalid(
            f"{path} is HDF5 by its content and {path.suffix or 'nothing'} by its name; rename it to .h5"
        )
    with h5py.File(path, "r") as file:
        texts = {name: file.attrs.get(name) for name in ("model_config", "training_config")}
        version = _version(file.attrs.get("keras_version"))
        if not isinstance(texts["model_config"], (str, bytes)):
            raise ModelInvalid(f"{path} holds weights alone and does not tell the layers; {SAVE_AGAIN}")
        check_hdf5(path, file)
    told = {name: json.loads(text) for name, text in texts.items() if isinstance(text, (str, bytes))}
    return FileContents(False, told["model_config"], told.get("training_config"), version, path.stat().st_size)


def _version(told: Any) -> str | None:
    text = told.decode(errors="replace") if isinstance(told, bytes) else told
    return text if isinstance(text, str) and text[:1].isdigit() else None


def check_hdf5(path: Path, file: Any) -> None:
    """Check that an open HDF5 file keeps all in itself, and that its arrays are of the size they take.

    Raises:
        ModelInvalid: it links to another place, or an array is declared far beyond what is stored.
    """
    declared = 0
    for name, array in _arrays(path, file):
        if array.external or array.is_virtual:
            raise _elsewhere(path, name, "values that lie in another file")
        _check_size(path, name, array.nbytes, array.id.get_storage_size())
        declared += array.nbytes
    _check_size(path, "all", declared, declared)


def _arrays(path: Path, file: Any) -> Iterator[tuple[str, Any]]:
    """Each array once, without following a link."""
    import h5py

    seen, waiting = set(), [("", file)]
    while waiting:
        place, group = waiting.pop()
        for name in group:
            link, full = group.get(name, getlink=True), f"{place}/{name}"
            if not isinstance(link, h5py.HardLink):
                raise _elsewhere(path, full, f"a {type(link).__name__}")
            part = group[name]
            address = h5py.h5o.get_info(part.id).addr
            if address in seen:
                continue
            seen.add(address)
            if isinstance(part, h5py.Group):
                waiting.append((full, part))
            elif isinstance(part, h5py.Dataset):
                yield full, part


def _elsewhere(path: Path, name: str, what: str) -> ModelInvalid:
    return ModelInvalid(f"{path} cannot be loaded: Not allowed: {name} is {what}; {SAVE_AGAIN}")


def _check_size(path: Path, name: str, declared: int, stored: int) -> None:
    if declared > MAX_WEIGHTS or (declared > SMALL and declared > MAX_GROWTH * stored):
        raise ModelInvalid(
            f"{path} declares {declared / 2**20:.0f} MiB for {name!r} and stores {stored / 2**20:.0f}, so it is no "
            f"model's: at most {MAX_WEIGHTS // 2**30} GiB, and {MAX_GROWTH} times what is stored; {SAVE_AGAIN}"
        )


@contextmanager
def weights_opened(path: Path, archive: bool) -> Iterator[Any]:
    """The HDF5 file with the weights, open and checked; of an archive a copy that is removed afterwards.

    Raises:
        ModelInvalid: as `check_hdf5`.
    """
    import h5py

    with TemporaryDirectory() as folder:
        if archive:
            with zipfile.ZipFile(path) as whole:
                path_of_weights = Path(whole.extract("model.weights.h5", folder))
        else:
            path_of_weights = path
        with h5py.File(path_of_weights, "r") as file:
            if archive:
                check_hdf5(path, file)
            yield file


def _one_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:160] or type(error).__name__
