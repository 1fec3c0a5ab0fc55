"""Broken input and broken machines: one clear line and an exit code; the model in force stays in force."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import edgecad
from edgecad.errors import EdgecadError, ModelInvalid
from edgecad.inference.classifier import Classifier
from edgecad.modelfiles.digest import with_digest
from edgecad.modelfiles.sums import SUMS, check_sums, write_sums
from edgecad.system import folders
from edgecad_export import exporter
from edgecad_export.request import ExportRequest
from edgecad_export.runfiles import read_run

Command = Callable[..., tuple[int, str]]
Write = Callable[..., Path]
Build = Callable[..., Any]


@pytest.fixture(scope="module")
def prepared(run_folder: Write, small_classifier: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs, of which the first is exported."""
    root = tmp_path_factory.mktemp("broken")
    run_folder(root / "runs" / "first", small_classifier())
    run_folder(root / "runs" / "second", small_classifier(hidden=(5,)))
    exporter.export_run(read_run(root / "runs" / "first"), root / "models" / "first", ExportRequest())
    return root


@pytest.fixture
def exported(edgecad_here: Command, prepared: Path) -> Command:
    """A first export is in force, and a second run waits; give the command to try."""
    shutil.copytree(prepared, Path.cwd(), dirs_exist_ok=True)
    return edgecad_here


def _refused(answer: tuple[int, str], code: int, *words: str) -> None:
    assert answer[0] == code, answer
    (line,) = [line for line in answer[1].splitlines() if line.startswith("edgecad: ")]
    for word in words:
        assert word in line, line


def _only_the_first_is_there(models: Path = Path("models")) -> None:
    """Nothing half-written, and the pointer names a model that answers."""
    assert sorted(path.name for path in models.iterdir()) == [".latest.lock", "first", "latest", "latest-history.json"]
    with Classifier(models / "latest", device="cpu") as classifier:
        assert classifier.contract.name == "first"
        assert all(entry.holds for entry in classifier.replay_golden())


# --- runs that are none ----------------------------------------------------------------------------------------


def test_a_contract_that_names_another_feature_layer(exported: Command) -> None:
    path = Path("runs/second/contract.json")
    text = path.read_text()
    (name,) = [line for line in text.splitlines() if '"feature_layer"' in line]
    path.write_text(text.replace(name, '"feature_layer": "post_relu",'))
    _refused(exported("export", "runs/second"), 6, "post_relu", "not of one run")
    _only_the_first_is_there()


def test_a_external_archive_in_the_place_of_the_model(exported: Command) -> None:
    with zipfile.ZipFile("runs/second/model.keras", "w") as archive:
        archive.writestr("letter.txt", "dear reader")
    _refused(exported("export", "runs/second"), 6, "model.keras cannot be loaded")
    _only_the_first_is_there()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_convolution_whose_weights_are_not_finite(
    value: float, exported: Command, run_folder: Write, small_classifier: Build
) -> None:
    model = small_classifier()
    layer = next(layer for layer in model.layers if type(layer).__name__ == "Conv2D")
    kernel, bias = layer.get_weights()
    kernel[0, 0, 0, 0] = value
    layer.set_weights([kernel, bias])
    run_folder(Path("runs/third"), model)
    _refused(exported("export", "runs/third"), 5, "not finite")
    _only_the_first_is_there()


# --- exported files that changed -------------------------------------------------------------------------------


def test_one_changed_byte_anywhere_is_told_by_the_sums_and_never_crashes(exported: Command, tmp_path: Path) -> None:
    """The sums tell every byte, and so does the digest of a lone file.

    Where somebody writes the digest again as well, the file opens and is replayed, or is refused in our words.
    """
    folder = Path(shutil.copytree("models/first", tmp_path / "changed"))
    (folder / SUMS).unlink(missing_ok=True)
    write_sums(folder)
    check_sums(folder)
    path, lone = folder / "model.onnx", tmp_path / "lone.onnx"
    content = path.read_bytes()
    came_out = {"refused": 0, "differs": 0, "holds": 0}
    for at in (*range(3, len(content), len(content) // 60), *_exponents(content)):
        changed = bytearray(content)
        changed[at] ^= 0x5A
        path.write_bytes(bytes(changed))
        with pytest.raises(ModelInvalid, match=r"model\.onnx"):
            check_sums(folder)
        with pytest.raises(
            ModelInvalid, match=r"changed since it was listed|no model that `edgecad export` makes is so"
        ):
            Classifier(folder, device="cpu")
        lone.write_bytes(bytes(changed))
        with pytest.raises(ModelInvalid):
            Classifier(lone, device="cpu")
        came_out[_outcome(lone)] += 1
    assert min(came_out["refused"], came_out["differs"]) > 0, came_out


def _exponents(content: bytes, count: int = 10) -> list[int]:
    """Places of the highest bytes of some weights, those of the largest tensor: changed, they move every answer."""
    tensors = [tensor.raw_data for tensor in onnx.load_from_string(content).graph.initializer]
    weights = max(tensors, key=len)
    begin, step = content.index(weights), len(weights) // 4 // count
    return [begin + 4 * step * number + 3 for number in range(count)]


def _outcome(path: Path) -> str:
    try:
        path.write_bytes(with_digest(path.read_bytes()))
        with Classifier(path, device="cpu", replay="never") as classifier:
            return "holds" if all(entry.holds for entry in classifier.replay_golden()) else "differs"
    except EdgecadError:
        return "refused"


# --- disks and folders -----------------------------------------------------------------------------------------


def test_a_file_where_the_folder_of_models_should_be(exported: Command) -> None:
    Path("taken").write_text("a file")
    _refused(exported("export", "runs/second", "--out", "taken/models"), 2, "taken is not a folder", "another place")
    assert Path("taken").read_text() == "a file"
    _only_the_first_is_there()


def test_a_folder_that_may_not_be_written(exported: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write anywhere, so the system's refusal is played."""
    honest = Path.mkdir

    def refused(path: Path, *words: Any, **more: Any) -> None:
        if path.name.endswith(".partial"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        honest(path, *words, **more)

    monkeypatch.setattr(Path, "mkdir", refused)
    _refused(exported("export", "runs/second"), 1, "Permission denied", "models")
    _only_the_first_is_there()


@pytest.mark.parametrize("moment", ["write", "second file", "sync", "pointer"])
def test_a_disk_that_fills_up_leaves_nothing_behind(
    moment: str, exported: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if moment in ("write", "second file"):
        honest, name = Path.write_bytes, "model.onnx" if moment == "write" else "model.fp16.onnx"

        def half(path: Path, content: bytes) -> int:
            if path.name != name:
                return honest(path, content)
            honest(path, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(Path, "write_bytes", half)
    elif moment == "sync":
        monkeypatch.setattr(folders, "sync_file", full)
    else:
        monkeypatch.setattr(exporter, "put_in_force", full)
    _refused(exported("export", "runs/second", "--fp16"), 1, "No space left on device", "free the disk")
    if moment == "pointer":  # the new folder is whole by then; it is not in force
        assert {path.name for path in Path("models/second").iterdir()} >= {"model.onnx", "parity.json"}
        shutil.rmtree("models/second")
    _only_the_first_is_there()


@pytest.fixture
def small_disk(mounted: Callable[[str], Path]) -> Path:
    """A file system of 64 KiB."""
    return mounted("size=64k")


def test_a_real_disk_that_is_full_keeps_the_old_model(exported: Command, small_disk: Path) -> None:
    shutil.copytree("models", small_disk / "models")
    room = shutil.disk_usage(small_disk).free
    (small_disk / "other").write_bytes(bytes(max(0, room - 4096)))
    answer = exported("export", "runs/second", "--out", small_disk / "models")
    _refused(answer, 1, "No space left on device", "free the disk")
    _only_the_first_is_there(small_disk / "models")


# --- killed ----------------------------------------------------------------------------------------------------

KILLED = """
import sys, time
from pathlib import Path
from edgecad_export import exporter
from edgecad_export.request import ExportRequest
from edgecad_export.runfiles import read_run

honest = exporter.{moment}

def slow(*words):
    Path("here").touch()
    time.sleep(600)

exporter.{moment} = slow
sys.argv = ["edgecad", "export", "runs/second"]
from edgecad.cli import main
main()
"""


@pytest.mark.parametrize("moment", ["golden_answers", pytest.param("put_in_force", marks=pytest.mark.soak)])
def test_killed_in_the_middle_the_old_model_stays_in_force(moment: str, exported: Command) -> None:
    roots = [str(Path(edgecad.__file__).parents[1] / room) for room in ("", "train", "export")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(roots), "TF_CPP_MIN_LOG_LEVEL": "3"}
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED.format(moment=moment)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    try:
        _until(lambda: Path("here").exists() or child.poll() is not None)
        assert child.poll() is None
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    left = {path.name for path in Path("models").iterdir()} - {"first", "latest", "latest-history.json", ".latest.lock"}
    assert all(name == "second" or (name.startswith(".") and name.endswith(".partial")) for name in left)
    assert ("second" in left) == (moment == "put_in_force")
    with Classifier("models/latest", device="cpu") as classifier:
        assert classifier.contract.name == "first"
    code, told = exported("export", "runs/second")
    assert code == 0, told
    with Classifier("models/latest", device="cpu") as classifier:
        assert classifier.contract.name == "second"


def _until(holds: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)
