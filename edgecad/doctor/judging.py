"""Facts become remarks: what is well, what is worth knowing, what is wrong and the line that mends it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import edgecad
from edgecad.doctor.machine import Machine, machine_here
from edgecad.doctor.packages import Import, declared, imported, installed, is_older, several_of
from edgecad.runners.devices import DEVICES, Package
from edgecad.system.installation import install_command, pip, proviso

Level = Literal["well", "note", "wrong"]
Importing = Callable[[str, str], Import]
Versions = Mapping[str, str]

ONNXRUNTIMES = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino", "onnxruntime-directml", "onnxruntime-qnn")
OPENCVS = (
    "opencv-python-headless", "opencv-python", "opencv-contrib-python", "opencv-contrib-python-headless",
)  # fmt: skip
"""Each family's members own one folder of modules; two of them overwrite one another."""
ON_JETSON = {"tensorrt": "python3-libnvinfer"}
"""Distributions that come with JetPack, and the system's package that has them."""
_ADDITION = "CAg6NQoOCgF4CgF4EgF5IgNBZGQSAWdaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggBQgQKABAR"
"""A model of one addition, an ONNX file in base64: the smallest that CUDA can be asked to run."""
_OPEN_ON_CUDA = (
    "[getattr(onnxruntime, 'preload_dlls', int)(), "  # as the runtime does: the loader does not know pip's folders
    "options := onnxruntime.SessionOptions(), "
    "options.add_session_config_entry('session.disable_cpu_ep_fallback', '1'), "
    f"onnxruntime.InferenceSession(base64.b64decode('{_ADDITION}'), options, "
    "providers=['CUDAExecutionProvider']).get_providers()[0]][-1]"
)
CUDA_BUILDS = {"tensorrt-cu": (11, 12, 13), "tensorrt-rtx-cu": (12, 13)}
"""How distributions begin whose names end with the CUDA that they were built for, and the builds that there are."""


@dataclass(frozen=True)
class Remark:
    """One thing that was looked at.

    Attributes:
        about: a stable word for programs.
        mend: a line to paste; empty where nothing is to be done.
    """

    level: Level
    about: str
    text: str
    mend: str = ""


@dataclass(frozen=True)
class Report:
    """All that was found."""

    version: str
    machine: Machine
    remarks: tuple[Remark, ...]

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return all(remark.level != "wrong" for remark in self.remarks)


def examine() -> Report:
    """Look at this machine and what is installed on it; takes seconds, because every library is imported once."""
    machine, versions = machine_here(), installed()
    return Report(edgecad.__version__, machine, tuple(remarks_on(machine, versions, declared(), imported)))


def remarks_on(
    machine: Machine, versions: dict[str, str], needs: tuple[tuple[str, str], ...], importing: Importing
) -> Iterator[Remark]:
    """Judge facts.

    Args:
        versions: of the installed distributions, by canonical name.
        needs: name and oldest version of what the runtime declares.
        importing: module and question -> what came of it.
    """
    yield from _on_needs(versions, needs)
    yield from _on_opencv(versions, importing)
    yield from _on_onnxruntime(machine, versions, importing)
    yield from _on_engines(machine, versions, importing)
    yield from _on_cuda_builds(machine, versions)
    yield from _on_dicom(versions)
    yield from _on_processor(machine)


def _on_needs(versions: Versions, needs: tuple[tuple[str, str], ...]) -> Iterator[Remark]:
    for name, oldest in needs:
        if name.startswith("opencv"):  # any of its family will do, and is looked at as such
            continue
        if name not in versions:
            yield Remark("wrong", "package", f"{name} is not installed", f"{pip('install')} '{name}>={oldest}'")
        elif is_older(versions[name], oldest):
            text = f"{name} {versions[name]} is installed, {oldest} or later is needed"
            yield Remark("wrong", "package", text, f"{pip('install')} --upgrade '{name}>={oldest}'")


def _on_opencv(versions: dict[str, str], importing: Importing) -> Iterator[Remark]:
    found = several_of(OPENCVS, versions)
    keep = OPENCVS[0]
    if len(found) > 1:
        yield _clash("opencv", found, f"{pip('install')} {keep}")
        return
    cv2 = importing("cv2", "cv2.__version__")
    if not cv2.error:
        yield Remark("well", "opencv", f"OpenCV {cv2.says}{'' if found else ' of the system itself'}")
    elif not found:
        yield Remark("wrong", "opencv", "OpenCV is not installed", f"{pip('install')} {keep}")
    elif found[0] != keep:
        # Only the headless one can do without a display's libraries.
        yield Remark(
            "wrong", "opencv", f"{found[0]} cannot be imported: {cv2.error}",
            f"{pip('uninstall -y')} {found[0]} && {pip('install')} {keep}",
        )  # fmt: skip
    else:
        text = f"{keep} cannot be imported: {cv2.error}"
        yield Remark("wrong", "opencv", text, f"{pip('install')} --force-reinstall {keep}")


def _on_onnxruntime(machine: Machine, versions: dict[str, str], importing: Importing) -> Iterator[Remark]:
    found = several_of(ONNXRUNTIMES, versions)
    extra = "gpu" if machine.gpu is not None and not machine.jetson else "cpu"
    if len(found) > 1:
        yield _clash("onnxruntime", found, install_command(extra))
        return
    runtime = importing("onnxruntime", "' '.join([onnxruntime.__version__, *onnxruntime.get_available_providers()])")
    if runtime.error:
        if not found:
            yield _lacking("wrong", "onnxruntime", "no onnxruntime is installed", extra)
        else:
            text = f"{found[0]} cannot be imported: {runtime.error}"
            yield Remark("wrong", "onnxruntime", text, f"{pip('install')} --force-reinstall {found[0]}")
        return
    version, *providers = runtime.says.split()
    yield Remark("well", "onnxruntime", f"onnxruntime {version}: {', '.join(providers)}")
    yield from _on_cuda(machine, "CUDAExecutionProvider" in providers, found, importing)


def _on_cuda(machine: Machine, can: bool, found: list[str], importing: Importing) -> Iterator[Remark]:
    """What CUDA can do for onnxruntime, which was installed as `found`, if pip knows of it."""
    if machine.gpu is None:
        if can:
            text = "this onnxruntime can use CUDA, and no GPU answers: --device auto takes the CPU"
            yield Remark("note", "cuda", text, "nvidia-smi" if shutil.which("nvidia-smi") else "")
        return
    if not can:
        text = f"{machine.gpu} is here, and this onnxruntime cannot use it"
        if machine.jetson:
            # The index of packages has no CUDA build for Jetsons.
            yield Remark("note", "cuda", f"{text}; NVIDIA builds onnxruntime-gpu for {machine.jetson}")
        else:
            before = f"{pip('uninstall -y')} {' '.join(found)} && " if found else ""
            yield _lacking("note", "cuda", text, "gpu", before=before)
        return
    opened = importing("onnxruntime, base64", _OPEN_ON_CUDA)
    if opened.error:
        text = f"onnxruntime cannot use CUDA here: {opened.error}"
        own = machine.jetson or "onnxruntime-gpu" not in found  # with libraries that pip has no build of
        yield Remark("wrong", "cuda", text, "" if own else f"{pip('install')} 'onnxruntime-gpu[cuda,cudnn]'")
    else:
        yield Remark("well", "cuda", f"{machine.gpu}, driver {machine.gpu.driver}: --device cuda")


def _on_engines(machine: Machine, versions: Versions, importing: Importing) -> Iterator[Remark]:
    """The packages of all devices but ONNX Runtime's, whose distributions overwrite one another."""
    for row in DEVICES:
        for package in row.packages:
            expected = package.distribution in versions or (machine.jetson and package.distribution in ON_JETSON)
            if expected and package.distribution not in ONNXRUNTIMES:
                yield _on_package(machine, package, row.use or f"--device {row.word}", importing)


def _on_package(machine: Machine, package: Package, use: str, importing: Importing) -> Remark:
    name, module = package.distribution, package.module
    loaded = importing(module, f"{module}.__version__")
    if not loaded.error:
        return Remark("well", name, f"{module} {loaded.says}: {use}")
    text = f"{module} cannot be imported: {loaded.error}"
    if machine.jetson and name in ON_JETSON:
        return Remark("wrong", name, text, f"sudo apt-get install {ON_JETSON[name]}")
    return _lacking("wrong", name, text, package.extra)


def _on_cuda_builds(machine: Machine, versions: Versions) -> Iterator[Remark]:
    """A library built for a newer CUDA than the driver offers is installed without complaint and fails later."""
    offered = _cuda_of(machine)
    for name, version in sorted(versions.items()):
        stem = next((stem for stem in CUDA_BUILDS if name.startswith(stem)), None)
        built = name.removeprefix(stem).partition("-")[0] if stem else ""
        if offered and built.isdigit() and int(built) > offered and name == f"{stem}{built}":
            text = f"{name} {version} wants CUDA {built}, and the driver offers CUDA {offered}"
            fitting = f"{pip('uninstall -y')} {name} && {pip('install')} {stem}{offered}"
            if offered in CUDA_BUILDS[stem or ""]:
                yield Remark("wrong", "cuda-versions", text, fitting)
            else:
                yield Remark("wrong", "cuda-versions", f"{text}, for which there is no {stem}; install a newer driver")


def _cuda_of(machine: Machine) -> int:
    """Major version of the CUDA that the driver offers; 0 without one."""
    driver = machine.gpu.driver if machine.gpu else ""
    major = driver.rpartition("CUDA ")[2].partition(".")[0]
    return int(major) if major.isdigit() else 0


def _on_dicom(versions: Versions) -> Iterator[Remark]:
    if "pydicom" in versions:
        decoder = versions.get("pylibjpeg-openjpeg")
        coded = f"also in JPEG 2000 (pylibjpeg-openjpeg {decoder})" if decoder else "but none in JPEG 2000"
        text = f"pydicom {versions['pydicom']}: DICOM screens are read, {coded}"
        yield Remark("well", "dicom", text, "" if decoder else install_command("jpeg2000"))
    else:
        yield _lacking("note", "dicom", "without pydicom DICOM screens are not read", "dicom")


def _on_processor(machine: Machine) -> Iterator[Remark]:
    dot = {"avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm"} & set(machine.instructions)
    if dot:
        yield Remark("well", "int8", f"the processor multiplies 8-bit numbers by itself ({', '.join(sorted(dot))})")
    elif machine.instructions:
        yield Remark("note", "int8", "the processor has no 8-bit products of its own: int8 gains little here")
    if machine.threads < machine.processors:
        text = f"{machine.threads} of {machine.processors} processors may be used (affinity or cgroup)"
        yield Remark("note", "threads", text)


def _lacking(level: Level, about: str, text: str, extra: str, before: str = "") -> Remark:
    """What one of EdgeCAD's extras mends; `before` is the part of the line that comes first."""
    beside = proviso(extra)
    return Remark(level, about, f"{text}; install {beside}" if beside else text, before + install_command(extra))


def _clash(about: str, found: list[str], install: str) -> Remark:
    """Several distributions own one folder; all must go before one of them is whole again."""
    text = f"{', '.join(found[:-1])} and {found[-1]} are installed, and overwrite one another"
    return Remark("wrong", about, text, f"{pip('uninstall -y')} {' '.join(found)} && {install}")
