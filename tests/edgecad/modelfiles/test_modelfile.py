"""The model is the one that was named: by the caller, by the environment, or by `models/latest`."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from edgecad.errors import EdgecadError, ModelInvalid
from edgecad.modelfiles.file import locate_model, read_model
from edgecad.system.folders import point_latest


@pytest.fixture(autouse=True)
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EDGECAD_MODEL", raising=False)


def model_at(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(folder.name.encode())
    return folder / "model.onnx"


def test_a_folder_an_onnx_file_and_a_pointer_lead_to_the_same_file(tmp_path: Path) -> None:
    file = model_at(tmp_path / "store" / "a")
    point_latest(file.parent)
    assert {locate_model(given) for given in (file, file.parent, tmp_path / "store" / "latest")} == {file}
    assert locate_model(str(file.parent)) == file


def test_the_caller_comes_before_the_environment_and_that_before_models_latest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, environment, latest = (model_at(tmp_path / "models" / name) for name in ("a", "b", "c"))
    point_latest(latest.parent)
    assert locate_model().resolve() == latest
    monkeypatch.setenv("EDGECAD_MODEL", str(environment.parent))
    assert locate_model() == environment
    assert locate_model(given) == given


def test_an_empty_variable_counts_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    latest = model_at(tmp_path / "models" / "a")
    point_latest(latest.parent)
    monkeypatch.setenv("EDGECAD_MODEL", "")
    assert locate_model().resolve() == latest


@pytest.mark.parametrize("given", [None, "absent", "absent/model.onnx", "empty", "dangling/latest"])
def test_no_model_is_an_error_with_the_next_step(tmp_path: Path, given: str | None) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "dangling").mkdir()
    (tmp_path / "dangling" / "latest").write_text("gone\n")
    with pytest.raises(ModelInvalid, match=r"edgecad export.*another model.*EDGECAD_MODEL"):
        locate_model(given)


def test_a_pointer_to_a_folder_elsewhere_is_not_followed(tmp_path: Path) -> None:
    model_at(tmp_path / "elsewhere")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "latest").write_text("../elsewhere\n")
    with pytest.raises(EdgecadError, match="give the folder itself"):
        locate_model()


def test_what_is_hashed_is_what_was_read(tmp_path: Path) -> None:
    file = read_model(model_at(tmp_path / "a"))
    assert file.content == b"a"
    assert file.sha256 == hashlib.sha256(b"a").hexdigest()
