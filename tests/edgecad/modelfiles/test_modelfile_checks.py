"""What is checked of a model's file before anything opens it, wherever it lies and however it is named."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from edgecad.contract import Contract
from edgecad.errors import ModelInvalid
from edgecad.frozen import json_from_struct
from edgecad.inference.classifier import Classifier
from edgecad.modelfiles.digest import NOT_CARRIED
from edgecad.modelfiles.file import read_model
from edgecad.modelfiles.folder import check_integrity
from edgecad.modelfiles.signature import NOT_CHECKED
from edgecad.modelfiles.sums import write_sums
from edgecad.system.folders import point_latest

Build = Callable[..., bytes]
links = pytest.mark.skipif(os.name == "nt", reason="links are a privilege on Windows")


@pytest.fixture
def folder(model_folder: Path, tmp_path: Path) -> Path:
    """A folder with sums, and a pointer beside it."""
    folder = Path(shutil.copytree(model_folder, tmp_path / "store" / "tiny"))
    write_sums(folder)
    point_latest(folder)
    return folder


# --- named through links: each way leads to the sums -------------------------------------------------------------


def linked_file(folder: Path, place: Path) -> Path:
    (place / "mine.onnx").symlink_to(folder / "model.onnx")
    return place / "mine.onnx"


def linked_twice(folder: Path, place: Path) -> Path:
    (place / "first.onnx").symlink_to(os.path.relpath(folder / "model.onnx", place))
    (place / "second.onnx").symlink_to("first.onnx")
    return place / "second.onnx"


def linked_folder(folder: Path, place: Path) -> Path:
    (place / "folder").symlink_to(folder, target_is_directory=True)
    return place / "folder"


def file_in_a_linked_folder(folder: Path, place: Path) -> Path:
    return linked_folder(folder, place) / "model.onnx"


def pointer(folder: Path, place: Path) -> Path:
    return folder.parent / "latest"


def linked_pointer(folder: Path, place: Path) -> Path:
    (place / "in-force").symlink_to(folder.parent / "latest")
    return place / "in-force"


def pointer_to_a_link(folder: Path, place: Path) -> Path:
    linked_folder(folder, place)
    (place / "latest").write_text("folder\n")
    return place / "latest"


def folder_of_links(folder: Path, place: Path) -> Path:
    """As a store has it that keeps contents by their hashes: sums and file are links into it."""
    blobs, view = place / "blobs", place / "view"
    blobs.mkdir()
    view.mkdir()
    for number, name in enumerate(("model.onnx", "SHA256SUMS")):
        shutil.copy(folder / name, blobs / str(number))
        (view / name).symlink_to(blobs / str(number))
    return view


WAYS = [
    linked_file, linked_twice, linked_folder, file_in_a_linked_folder, pointer, linked_pointer, pointer_to_a_link,
    folder_of_links,
]  # fmt: skip


@links
@pytest.mark.parametrize("way", WAYS)
def test_sums_are_found_however_a_model_is_named(
    way: Callable[[Path, Path], Path], folder: Path, tmp_path: Path, tiny_model: Build
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    named = way(folder, place)
    whole = (folder / "model.onnx").read_bytes()
    assert read_model(named).content == whole
    other = tiny_model(off_logits=1.0)  # its digest is right, and it is not what was listed
    read_model(_written(tmp_path / "alone.onnx", other))
    _written((named / "model.onnx" if named.is_dir() else read_model(named).path).resolve(), other)
    with pytest.raises(ModelInvalid, match="changed since it was listed in the SHA256SUMS beside it"):
        read_model(named)


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@links
@pytest.mark.parametrize("name", ["a", "latest"])
def test_links_in_a_circle_are_no_model(name: str, tmp_path: Path) -> None:
    (tmp_path / name).symlink_to("b")
    (tmp_path / "b").symlink_to(name)
    with pytest.raises(ModelInvalid, match=r"edgecad export|Symlink loop|Too many"):
        read_model(tmp_path / name)


# --- sums that cannot be read are not the same as none -----------------------------------------------------------


def a_folder(sums: Path) -> None:
    sums.mkdir()


def dangling(sums: Path) -> None:
    sums.symlink_to("gone")


def empty(sums: Path) -> None:
    sums.write_bytes(b"")


def endless(sums: Path) -> None:
    with sums.open("wb") as file:
        file.truncate(20 * 2**30)


def a_pipe(sums: Path) -> None:
    os.mkfifo(sums)


def a_device(sums: Path) -> None:
    sums.symlink_to("/dev/zero")


def unreadable(sums: Path) -> None:
    sums.write_bytes(b"x")
    sums.chmod(0)
    if os.access(sums, os.R_OK):
        pytest.skip("this user may read everything")


def failing(sums: Path) -> None:
    """A file of Linux that is there and gives an error when it is read."""
    if not Path("/proc/self/mem").is_file():
        pytest.skip("no file fails when it is read here")
    sums.symlink_to("/proc/self/mem")


@links
@pytest.mark.parametrize("what", [a_folder, dangling, empty, endless, a_pipe, a_device, unreadable, failing])
def test_sums_that_cannot_be_read_are_an_error(what: Callable[[Path], None], folder: Path) -> None:
    (folder / "SHA256SUMS").unlink()
    what(folder / "SHA256SUMS")
    for named in (folder, folder / "model.onnx"):
        with pytest.raises(ModelInvalid, match=r"SHA256SUMS.*(copy the folder again|export it again)"):
            Classifier(named, device="cpu")
    with pytest.raises(ModelInvalid, match="SHA256SUMS"):
        check_integrity(folder)


# --- the digest, and what is said where there is none ------------------------------------------------------------


def test_a_contract_of_this_version_without_a_digest_is_refused(
    tiny_model: Build, tiny_contract: Contract, tmp_path: Path
) -> None:
    path = _written(tmp_path / "model.onnx", tiny_model(json_from_struct(tiny_contract)))
    with pytest.raises(ModelInvalid, match=r"carries no digest, .*; export it again"):
        Classifier(path, device="cpu")


def test_a_contract_of_version_1_has_none_and_every_record_says_so(
    tiny_model: Build, tiny_contract: Contract, tmp_path: Path, phantom_jpeg: Path
) -> None:
    from edgecad.answer.records import record_of_answer
    from edgecad.contract import json_from_contract
    from edgecad.inference.answering import provenance_of

    old = json_from_contract(replace(tiny_contract, version=1, activations=None))
    with Classifier(_written(tmp_path / "model.onnx", tiny_model(old)), device="cpu") as classifier:
        assert classifier.remarks == provenance_of(classifier).remarks == (NOT_CARRIED,)
        record = record_of_answer("a", classifier(phantom_jpeg), classifier.contract)
        assert record.remarks == (NOT_CARRIED,)


@pytest.mark.parametrize("kind", ["file", "folder", "dangling"])
def test_a_signature_that_nobody_checked_is_a_remark(kind: str, folder: Path) -> None:
    signature = folder / "SHA256SUMS.sig"
    if kind == "file":
        signature.write_bytes(bytes(64))
    elif kind == "folder":
        signature.mkdir()
    else:
        signature.symlink_to("gone")
    assert read_model(folder).remarks == read_model(folder / "model.onnx").remarks == (NOT_CHECKED,)
    signature.rmdir() if kind == "folder" else signature.unlink()
    assert read_model(folder).remarks == ()


# --- precisions of one folder ------------------------------------------------------------------------------------


def test_a_precision_beside_it_that_is_no_model_is_refused(folder_of: Callable[..., Path]) -> None:
    folder = folder_of("fp32", "int8")
    for content in (b"", b"no model", (folder / "model.onnx").read_bytes()[:200], bytes(10**6)):
        (folder / "model.int8.onnx").write_bytes(content)
        write_sums(folder)
        with pytest.raises(ModelInvalid, match=r"model\.int8\.onnx lies beside model\.onnx .* carries no EdgeCAD"):
            read_model(folder)


def test_the_weights_of_other_precisions_are_not_read(
    folder_of: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a file of 2 GB, nearly all of it one tensor that is a hole, no more than its ends is looked at."""
    onnx = pytest.importorskip("onnx")
    from edgecad.modelfiles.metadata import metadata_in

    folder = folder_of("fp32")
    path = folder / "model.onnx"
    proto = onnx.load(path)
    entry = bytes(onnx.ModelProto(metadata_props=proto.metadata_props).SerializeToString())
    size = 2_000_000_000
    head = b"\x3a" + bytes((size >> shift & 0x7F) | (0x80 if shift < 28 else 0) for shift in (0, 7, 14, 21, 28))
    with (folder / "model.fp16.onnx").open("wb") as file:
        file.write(head)
        file.truncate(len(head) + size)
        file.seek(0, os.SEEK_END)
        file.write(entry)
    assert metadata_in(folder / "model.fp16.onnx") == metadata_in(path)


@links
@pytest.mark.parametrize("named", ["folder", "file", "link to the file"])
def test_another_models_precision_is_found_however_the_first_is_named(
    named: str, folder_of: Callable[..., Path], tiny_model: Build, tiny_contract: Contract, tmp_path: Path
) -> None:
    folder = folder_of("fp32", "int8")
    (tmp_path / "mine.onnx").symlink_to(folder / "model.onnx")
    path = {"folder": folder, "file": folder / "model.onnx"}.get(named, tmp_path / "mine.onnx")
    read_model(path)
    other = replace(tiny_contract, precision="int8", created="2020-02-02T00:00:00Z", positive="nonCAD")
    (folder / "model.int8.onnx").write_bytes(tiny_model(other))
    write_sums(folder)
    with pytest.raises(ModelInvalid, match=r"not of one export: they differ in created, positive; copy the folder"):
        read_model(path)


@pytest.mark.parametrize("digest", ["", "0" * 63, "0" * 65, "F" * 64, "a\u0301" * 32, 5, True, [], {"a": 1}, "none"])
def test_what_is_no_digest_is_refused_as_one(
    digest: object, tiny_model: Build, tiny_contract: Contract, tmp_path: Path
) -> None:
    said = {**json.loads(json_from_struct(tiny_contract)), "digest": digest}
    path = _written(tmp_path / "model.onnx", tiny_model(json.dumps(said, ensure_ascii=False)))
    with pytest.raises(ModelInvalid, match="changed since it was exported"):
        Classifier(path, device="cpu")


@pytest.mark.parametrize("version", [0, -1, 3, 1.5, "2", "1", None, True, [1]])
def test_a_version_that_never_was_is_refused_with_or_without_a_digest(
    version: object, tiny_model: Build, tiny_contract: Contract, tmp_path: Path
) -> None:
    said = {**json.loads(json_from_struct(tiny_contract)), "version": version}
    for name in ("digest", "activations", "positive"):
        said.pop(name, None)
        path = _written(tmp_path / "model.onnx", tiny_model(json.dumps(said)))
        with pytest.raises(ModelInvalid):
            Classifier(path, device="cpu")
