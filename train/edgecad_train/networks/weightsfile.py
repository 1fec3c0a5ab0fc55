"""Files that can hold first weights, looked into without Keras, which takes seconds to import."""

from __future__ import annotations

import zipfile
from pathlib import Path

HDF5, ZIP = b"\x89HDF\r\n\x1a\n", b"PK"
KINDS = {".h5": HDF5, ".hdf5": HDF5, ".keras": ZIP, ".npz": ZIP}
"""Ends of the names of files that can hold weights, and the bytes that such files begin with."""


def flaw_of(path: Path) -> str:
    """Why a file, which is there, cannot hold weights, as a clause; empty where it can, whether or not they fit."""
    begins = KINDS.get(path.suffix)
    if begins is None:
        return f"its name ends with none of {', '.join(KINDS)}"
    with path.open("rb") as file:
        if file.read(len(begins)) != begins:
            return f"it does not begin as a {path.suffix} file does"
    return _flaw_of_zip(path) if begins == ZIP else _flaw_of_hdf5(path)


def _flaw_of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            return "" if archive.namelist() else "it is an empty archive"
    except zipfile.BadZipFile:
        return "it is damaged, or its end is missing"


def _flaw_of_hdf5(path: Path) -> str:
    import h5py

    try:
        with h5py.File(path) as file:  # notices a file that was cut off
            return "" if len(file) else "it holds nothing"
    except OSError:
        return "it is damaged, or its end is missing"
