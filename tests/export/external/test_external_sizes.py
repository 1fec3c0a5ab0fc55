"""What a file declares is checked before anything is unpacked: no bomb goes off, and no other file is read."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from edgecad.errors import ModelInvalid
from edgecad_export.external import keras_file
from edgecad_export.external.contents import contents_of
from edgecad_export.external.keras_file import open_external

layers = keras.layers


def _saved(folder: Path, name: str) -> Path:
    model = keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(4, 3), layers.GlobalAveragePooling2D(),
                              layers.Dense(2, activation="softmax")])  # fmt: skip
    model.save(folder / name)
    return folder / name


@pytest.fixture
def never_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras_file, "load_keras", lambda *_: pytest.fail("it was loaded"))


def _refused(path: Path, *words: str) -> None:
    with pytest.raises(ModelInvalid) as told:
        open_external(path)
    for word in words:
        assert word in str(told.value)


@pytest.mark.usefixtures("never_loaded")
@pytest.mark.parametrize("member", ["model.weights.h5", "assets/notes.txt"])
def test_an_archive_that_grows_by_a_hundred_is_not_unpacked(member: str, tmp_path: Path) -> None:
    path = _saved(tmp_path, "model.keras")
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[member] = bytes(100 * 2**20)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert path.stat().st_size < 2**20
    _refused(path, "declares 100 MiB", member, "save the whole model")


@pytest.mark.usefixtures("never_loaded")
@pytest.mark.parametrize("member", ["config.json", "metadata.json"])
def test_a_description_of_many_megabytes_is_not_read(member: str, tmp_path: Path) -> None:
    path = _saved(tmp_path, "model.keras")
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[member] = b"[" + bytes(65 * 2**20)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    _refused(path, "more than 64 MiB")


def _declares(group: Any) -> None:
    group.create_dataset("more", (2**42,), "f4", chunks=(2**20,))


def _declares_packed(group: Any) -> None:
    group.create_dataset("more", data=np.zeros(2**25, np.float32), compression="gzip", chunks=(2**22,))


def _links_softly(group: Any) -> None:
    group["more"] = h5py.SoftLink("/model_weights")


def _links_outside(group: Any) -> None:
    group["more"] = h5py.ExternalLink("elsewhere.h5", "/x")


@pytest.mark.usefixtures("never_loaded")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_declares, ("declares", "'/model_weights/more'")),
        (_declares_packed, ("declares 128 MiB", "'/model_weights/more'")),
        (_links_softly, ("SoftLink", "Not allowed")),
        (_links_outside, ("ExternalLink", "Not allowed")),
    ],
)
def test_hdf5_that_declares_more_than_it_stores_or_links_away_is_not_loaded(
    change: Any, words: tuple[str, ...], tmp_path: Path
) -> None:
    path = _saved(tmp_path, "model.h5")
    with h5py.File(path, "a") as file:
        change(file["model_weights"])
    _refused(path, *words)


@pytest.mark.usefixtures("never_loaded")
@pytest.mark.parametrize("key", ["units", "filters"])
def test_a_layer_wider_than_all_weights_is_not_made(key: str, tmp_path: Path) -> None:
    path = _saved(tmp_path, "model.h5")
    with h5py.File(path, "a") as file:
        description = json.loads(file.attrs["model_config"])
        next(layer["config"] for layer in description["config"]["layers"] if key in layer["config"])[key] = 10**10
        file.attrs["model_config"] = json.dumps(description)
    _refused(path, "a layer of 10000000000 units", "bytes of weights", "save the whole model")


def test_a_group_inside_itself_ends(tmp_path: Path) -> None:
    path = _saved(tmp_path, "model.h5")
    with h5py.File(path, "a") as file:
        file["model_weights/round"] = file["model_weights"]
    assert contents_of(path).version == keras.__version__


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_what_a_file_says_of_itself(name: str, tmp_path: Path) -> None:
    contents = contents_of(_saved(tmp_path, name))
    assert (contents.archive, contents.version) == (name.endswith("keras"), keras.__version__)
    assert contents.description["class_name"] == "Sequential"
