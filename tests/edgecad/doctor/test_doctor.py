"""What clashes on a machine is found, with the line that mends it; made-up machines, and this one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from edgecad.cli.doctor import command as doctor
from edgecad.doctor import judging
from edgecad.doctor.judging import Remark, remarks_on
from edgecad.doctor.machine import Machine, instructions_in, jetson_in
from edgecad.doctor.packages import Import, declared, imported, installed, is_for, is_older
from edgecad.engines.gpu import Gpu

PLAIN = Machine("Linux 6.1 x86_64", "3.11.7", "a CPU", ("avx2", "avx512_vnni"), 4, 4, 16.0, None, "")
WITH_GPU = replace(PLAIN, gpu=Gpu("NVIDIA Test", "8.9", "550.54.15 (CUDA 12.4)"))
JETSON = replace(
    PLAIN, instructions=("asimd",), gpu=Gpu("Orin", "8.7", "CUDA 12.6"), jetson="JetPack 6 (Jetson Linux 36.4.3)"
)
GOOD = {"numpy": "2.1.0", "opencv-python-headless": "4.11", "onnxruntime": "1.20", "pydicom": "3.0.1"}
NEEDS = (("numpy", "1.26"), ("opencv-python-headless", "4.8"))
CPU_ONLY = Import("", "1.20 CPUExecutionProvider")
WITH_CUDA = Import("", "1.20 CUDAExecutionProvider CPUExecutionProvider")


@pytest.fixture(autouse=True)
def _installation(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that is active, and an EdgeCAD that came from an index."""
    monkeypatch.setattr(judging, "pip", lambda verb: f"pip {verb}")
    monkeypatch.setattr(judging, "install_command", lambda extra: f"INSTALL [{extra}]")
    monkeypatch.setattr(judging, "proviso", lambda extra: "with the --find-links")


def found(
    machine: Machine = PLAIN, versions: dict[str, str] | None = None, **imports: Import
) -> dict[tuple[str, str], Remark]:
    """Remarks by level and what they are about."""
    answers = {"cv2": Import("", "4.11"), "onnxruntime": CPU_ONLY, **imports}

    def importing(module: str, expression: str) -> Import:
        return answers.get(module.partition(",")[0], Import("", "1"))

    remarks = remarks_on(machine, GOOD if versions is None else versions, NEEDS, importing)
    return {(remark.level, remark.about): remark for remark in remarks}


def wrong(remarks: dict[tuple[str, str], Remark]) -> dict[str, Remark]:
    return {about: remark for (level, about), remark in remarks.items() if level == "wrong"}


def test_a_good_machine_has_nothing_to_mend() -> None:
    assert not wrong(found())
    assert {about for _, about in found()} == {"opencv", "onnxruntime", "dicom", "int8"}


@pytest.mark.parametrize(
    ("change", "imports", "about", "seen", "mend"),
    [
        ({"onnxruntime-gpu": "1.20"}, {}, "onnxruntime", "onnxruntime and onnxruntime-gpu", "&& INSTALL [cpu]"),
        ({"opencv-python": "4.8"}, {}, "opencv", "overwrite one another", "pip install opencv-python-headless"),
        ({"numpy": "1.24.4"}, {}, "package", "1.24.4 is installed, 1.26", "pip install --upgrade 'numpy>=1.26'"),
        ({"numpy": None}, {}, "package", "numpy is not installed", "pip install 'numpy>=1.26'"),
        ({"onnxruntime": None}, {"onnxruntime": Import("No module")}, "onnxruntime", "no onnxruntime", "INSTALL [cpu]"),
        ({}, {"onnxruntime": Import("numpy.core.multiarray failed")}, "onnxruntime", "multiarray", "--force-reinstall"),
        (
            {"opencv-python-headless": None, "opencv-python": "4.11"},
            {"cv2": Import("ImportError: libGL.so.1: cannot open shared object file")},
            "opencv", "libGL", "pip uninstall -y opencv-python && pip install opencv-python-headless",
        ),
        ({"opencv-python-headless": None}, {"cv2": Import("No module")}, "opencv", "OpenCV is not installed", "pip"),
        ({"tensorrt": "10.3"}, {"tensorrt": Import("libnvinfer.so.10")}, "tensorrt", "libnvinfer", "[tensorrt]"),
    ],
)  # fmt: skip
def test_what_clashes_is_said_with_the_line_that_mends_it(
    change: dict[str, str | None], imports: dict[str, Import], about: str, seen: str, mend: str
) -> None:
    versions = {name: version for name, version in {**GOOD, **change}.items() if version is not None}
    (remark,) = wrong(found(versions=versions, **imports)).values()
    assert remark.about == about
    assert seen in remark.text
    assert mend in remark.mend


def test_a_gpu_that_onnxruntime_cannot_use_is_a_note_with_the_extra() -> None:
    remark = found(WITH_GPU)["note", "cuda"]
    assert "NVIDIA Test" in remark.text
    assert remark.mend == "pip uninstall -y onnxruntime && INSTALL [gpu]"


def test_where_an_extra_is_to_be_had_is_said_if_the_line_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    without = {name: version for name, version in GOOD.items() if name != "pydicom"}
    assert found(versions=without)["note", "dicom"].text.endswith("are not read; install with the --find-links")
    monkeypatch.setattr(judging, "proviso", lambda extra: "")
    assert found(versions=without)["note", "dicom"].text.endswith("are not read")


def test_whether_dicom_in_jpeg_2000_is_read_is_said_with_the_extra() -> None:
    remark = found()["well", "dicom"]
    assert "none in JPEG 2000" in remark.text
    assert remark.mend == "INSTALL [jpeg2000]"
    remark = found(versions={**GOOD, "pylibjpeg-openjpeg": "2.6.0"})["well", "dicom"]
    assert "also in JPEG 2000 (pylibjpeg-openjpeg 2.6.0)" in remark.text
    assert not remark.mend


def test_cuda_libraries_that_are_missing_are_wrong() -> None:
    missing = Import("OSError: libcudnn.so.9: cannot open shared object file")
    answers = {"onnxruntime": WITH_CUDA, "onnxruntime, base64": missing, "cv2": Import("", "4.11")}
    remarks = remarks_on(WITH_GPU, GOOD, NEEDS, lambda module, _: answers.get(module, Import("", "1")))
    assert "libcudnn" in next(remark for remark in remarks if remark.level == "wrong").text
    assert ("well", "cuda") in found(WITH_GPU, onnxruntime=WITH_CUDA)


def test_an_onnxruntime_for_cuda_without_a_gpu_is_a_note() -> None:
    assert "no GPU answers" in found(onnxruntime=WITH_CUDA)["note", "cuda"].text


def test_a_library_for_a_newer_cuda_than_the_drivers_is_wrong() -> None:
    versions = {**GOOD, "tensorrt-rtx": "1.7", "tensorrt-rtx-cu13": "1.7", "tensorrt-rtx-cu13-libs": "1.7"}
    remark = wrong(found(WITH_GPU, versions))["cuda-versions"]
    assert "wants CUDA 13, and the driver offers CUDA 12" in remark.text
    assert remark.mend == "pip uninstall -y tensorrt-rtx-cu13 && pip install tensorrt-rtx-cu12"
    newer = replace(WITH_GPU, gpu=Gpu("NVIDIA Test", "9.0", "CUDA 13.0"))
    assert not wrong(found(newer, versions))


def test_a_command_that_is_not_here_is_not_proposed(monkeypatch: pytest.MonkeyPatch) -> None:
    for found_at in (None, "/usr/bin/nvidia-smi"):
        monkeypatch.setattr("shutil.which", lambda name, place=found_at: place)
        assert found(onnxruntime=WITH_CUDA)["note", "cuda"].mend == ("nvidia-smi" if found_at else "")


@pytest.mark.parametrize("there", ["onnxruntime-openvino", "onnxruntime", None])
def test_only_what_is_installed_is_to_be_removed(there: str | None) -> None:
    versions = {name: version for name, version in GOOD.items() if name != "onnxruntime"}
    remark = found(WITH_GPU, {**versions, **({there: "1.20"} if there else {})})["note", "cuda"]
    assert remark.mend == (f"pip uninstall -y {there} && INSTALL [gpu]" if there else "INSTALL [gpu]")


@pytest.mark.parametrize(("machine", "there"), [(JETSON, "onnxruntime-gpu"), (WITH_GPU, "onnxruntime")])
def test_a_build_that_nobody_offers_is_not_proposed(machine: Machine, there: str) -> None:
    missing = Import("OSError: libcudnn.so.9: cannot open shared object file")
    answers = {"onnxruntime": WITH_CUDA, "onnxruntime, base64": missing, "cv2": Import("", "4.11")}
    versions = {**{name: version for name, version in GOOD.items() if name != "onnxruntime"}, there: "1.20"}
    remarks = remarks_on(machine, versions, NEEDS, lambda module, _: answers.get(module, Import("", "1")))
    assert [remark.mend for remark in remarks if remark.level == "wrong"] == [""]


@pytest.mark.parametrize(
    ("name", "offered", "mended"),
    [("tensorrt-cu", 12, True), ("tensorrt-cu", 11, True), ("tensorrt-cu", 10, False), ("tensorrt-rtx-cu", 11, False)],
)
def test_a_cuda_without_a_build_of_the_library_wants_another_driver(name: str, offered: int, mended: bool) -> None:
    machine = replace(PLAIN, gpu=Gpu("NVIDIA Test", "9.0", f"CUDA {offered}.4"))
    remark = wrong(found(machine, {**GOOD, f"{name}13": "1.7"}))["cuda-versions"]
    assert bool(remark.mend) is mended
    assert ("install a newer driver" in remark.text) is not mended


def test_the_next_step_is_one_that_can_be_taken(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: ())
    assert doctor._next_step() == "edgecad verify --model MODEL"
    rooms = [EntryPoint(name, "nowhere:app", "edgecad.commands") for name in ("phantom", "train", "export")]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: rooms)
    assert doctor._next_step() == "edgecad demo"
    monkeypatch.setenv("EDGECAD_MODEL", str(model_folder))
    assert doctor._next_step() == "edgecad verify"


def test_a_jetson_is_told_where_its_packages_come_from() -> None:
    remark = found(JETSON)["note", "cuda"]
    assert "JetPack 6" in remark.text
    assert not remark.mend
    broken = wrong(found(JETSON, tensorrt=Import("No module named tensorrt")))["tensorrt"]
    assert broken.mend == "sudo apt-get install python3-libnvinfer"
    assert ("note", "int8") in found(JETSON)


def test_fewer_threads_than_processors_are_said() -> None:
    assert "2 of 4" in found(replace(PLAIN, threads=2))["note", "threads"].text


def test_a_jetsons_release_and_a_processors_instructions_are_read() -> None:
    release = "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64"
    assert jetson_in(release) == "JetPack 6 (Jetson Linux 36.4.3)"
    assert jetson_in("# R39 (release), REVISION: 2.0, GCID: 1, BOARD: generic") == "JetPack 7 (Jetson Linux 39.2.0)"
    assert "unknown here" in jetson_in("# R99 (release), REVISION: 1.0")
    assert jetson_in("") == jetson_in("Ubuntu 22.04") == ""
    assert instructions_in("flags\t\t: fpu avx2 avx512_vnni\n") == ("avx2", "avx512_vnni")
    assert instructions_in("Features\t: fp asimd asimddp\n") == ("asimd", "asimddp")
    assert instructions_in("") == ()


@pytest.mark.parametrize(
    ("version", "oldest", "older"),
    [("1.26.4", "1.26", False), ("1.9", "1.10", True), ("2.0.0rc1", "2.0", False), ("1.26", "1.26.0", False),
     ("0.18.5", "0.18.6", True)],
)  # fmt: skip
def test_versions_are_compared_as_numbers(version: str, oldest: str, older: bool) -> None:
    assert is_older(version, oldest) is older


@pytest.mark.parametrize(
    ("line", "older", "newer"),
    [
        ("numpy>=1.26", True, True),
        ("tomli>=2; python_version < '3.11'", True, False),
        ('tomli >=2 ; python_version < "3.11"', True, False),
        ("keras>=3; python_version >= '3.11'", False, True),
    ],
)
def test_a_requirement_counts_on_the_pythons_that_it_names(line: str, older: bool, newer: bool) -> None:
    assert (is_for(line, (3, 10)), is_for(line, (3, 11))) == (older, newer)


def test_this_installation_is_looked_at_from_outside() -> None:
    needs = dict(declared())
    assert {"numpy", "msgspec", "typer", "opencv-python-headless"} <= set(needs)
    assert "tensorflow" not in needs
    versions = installed()
    assert all(not is_older(versions[name], oldest) for name, oldest in needs.items())
    assert imported("json", "json.__name__") == Import("", "json")
    assert "No module named 'absent'" in imported("absent", "1").error
    crashed = imported("os", "os.abort()")
    assert crashed.error


def test_the_question_about_cuda_is_one_that_onnxruntime_understands() -> None:
    here = judging._OPEN_ON_CUDA.replace("CUDAExecution", "CPUExecution").replace("fallback', '1'", "fallback', '0'")
    answer = imported("onnxruntime, base64", here)
    assert answer == Import("", "CPUExecutionProvider")


def test_the_command_says_what_is_here(edgecad: Callable[..., Any]) -> None:
    ended = edgecad("doctor")
    assert ended.code in (0, 4)
    assert "onnxruntime" in ended.stdout
    told = json.loads(edgecad("doctor", "--json").stdout)
    assert told["schema"] == 1
    assert told["well"] is (ended.code == 0)
    assert all(remark["mend"] for remark in told["remarks"] if remark["level"] == "wrong")
