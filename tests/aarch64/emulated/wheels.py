"""The runtime and its tests as wheels for aarch64, fetched here and installed there."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from emulated.errors import UNREACHED, Broken, Missing
from emulated.place import KeptFolder
from emulated.said import say

EXTRAS = "cpu,dicom,jpeg2000,watch,sign"
FOR_TESTS = ("onnx", "scipy", "pytest>=8.3,<9.2", "pytest-timeout", "pytest-xdist>=3.7")
"""As `make test-versions` installs them."""
OPENVINO = "openvino"
"""An extra of the runtime; its wheel may be none for this Debian."""
ENVIRONMENT = "/opt/edgecad"
BESIDE = "/opt/openvino"
"""Where OpenVINO is, without the telemetry that its wheel asks for."""
OLDEST_GLIBC = 17
FACTS = "import sys, platform; print(*sys.version_info[:2], platform.libc_ver()[1], platform.machine())"


@dataclass(frozen=True)
class Target:
    """For what wheels are fetched.

    Attributes:
        python: such as `(3, 11)`.
        glibc: its minor version, 36 for 2.36.
        machine: as Python there names it.
    """

    python: tuple[int, int]
    glibc: int
    machine: str

    @property
    def tags(self) -> tuple[str, ...]:
        """Platforms that pip may take; it matches each exactly, and never an older one by itself."""
        newer = (f"manylinux_2_{minor}_aarch64" for minor in range(self.glibc, OLDEST_GLIBC - 1, -1))
        return (*newer, "manylinux2014_aarch64", "linux_aarch64")


def target_there(place: KeptFolder) -> Target:
    """Ask the Debian's Python.

    Raises:
        Broken: it does not run, or not as aarch64.
    """
    done = place.run(["python3", "-c", FACTS])
    major, minor, glibc, machine = (*done.stdout.split(), "", "", "", "")[:4]
    if done.returncode or machine != "aarch64":
        raise Broken(f"Python in {place.root} does not run as aarch64: {done.stdout or done.stderr}")
    return Target((int(major), int(minor)), int(glibc.split(".")[1]), machine)


def fetch_wheels(place: KeptFolder, python: str, repository: Path, target: Target) -> str:
    """Build the runtime's wheel and fetch all that it and its tests need; all of it is made anew each time.

    Args:
        place: gets `wheels/`.
        python: of an environment with pip.
        repository: the sources.
        target: Python and platform there.

    Returns:
        Why OpenVINO is not among them; empty where it is.

    Raises:
        Missing: the packages cannot be fetched.
        Broken: pip failed otherwise, or a package has no such wheel.
    """
    say(f"wheels for Python {'.'.join(map(str, target.python))} on aarch64, glibc 2.{target.glibc}")
    place.clear(place.wheels)
    place.wheels.mkdir()
    _pip(python, "wheel", "--quiet", "--no-deps", "--wheel-dir", str(place.wheels), str(repository))
    own = next(place.wheels.glob("edgecad-*.whl"))
    pinned = ["--constraint", str(repository / "constraints.txt")] if target.python >= (3, 11) else []
    _fetch(python, place.wheels, target, [*pinned, f"{own}[{EXTRAS}]", *FOR_TESTS])
    if not _has_extra(own, OPENVINO):
        return f"edgecad has no extra {OPENVINO} in this state"
    try:
        with tempfile.TemporaryDirectory() as aside:  # half of it would be offered to pip there
            _fetch(python, Path(aside), target, [*pinned, f"{own}[{OPENVINO}]"])
            for wheel in Path(aside).glob("*.whl"):
                shutil.copy(wheel, place.wheels)
    except Broken as broken:
        return str(broken)
    return ""


def install_wheels(place: KeptFolder, openvino: bool) -> None:
    """Install the wheels there, in an environment that is kept; what is there in the same version stays.

    OpenVINO goes beside it, because the tests are of the runtime without it.

    Raises:
        Broken: pip there failed.
    """
    say("the wheels are installed there: minutes, the first time")
    if not (place.root / ENVIRONMENT.lstrip("/") / "bin/pip").exists():
        _there(place, ["python3", "-m", "venv", ENVIRONMENT])
    there = place.work / "wheels"
    place.clear(there)
    shutil.copytree(place.wheels, there)
    pip = [
        f"{ENVIRONMENT}/bin/pip",
        "install",
        "--quiet",
        "--no-index",
        "--no-compile",
        "--find-links",
        "/trial/wheels",
    ]
    own = f"/trial/wheels/{next(there.glob('edgecad-*.whl')).name}"
    _there(place, [*pip, f"{own}[{EXTRAS}]", *_exact(there)])
    _there(place, [*pip, "--no-deps", "--force-reinstall", own])  # the same version may hold other code
    _there(place, [f"{ENVIRONMENT}/bin/pip", "check"])
    if openvino:
        _there(place, [*pip, "--no-deps", "--upgrade", "--target", BESIDE, OPENVINO])


def _exact(folder: Path) -> Iterator[str]:
    """What was fetched, by name and version: pip replaces what an earlier run installed otherwise."""
    for wheel in sorted(folder.glob("*.whl")):
        name, version = wheel.name.split("-")[:2]
        if name != "edgecad" and not name.startswith(OPENVINO):
            yield f"{name}=={version}"


def _has_extra(wheel: Path, extra: str) -> bool:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return f"Provides-Extra: {extra}" in archive.read(name).decode().splitlines()


def _fetch(python: str, folder: Path, target: Target, wanted: list[str]) -> None:
    words = ["download", "--quiet", "--only-binary", ":all:", "--dest", str(folder)]
    words += ["--python-version", ".".join(map(str, target.python)), "--implementation", "cp"]
    for tag in target.tags:
        words += ["--platform", tag]
    _pip(python, *words, *wanted)


def _pip(python: str, *words: str) -> None:
    command = [python, "-m", "pip", "--disable-pip-version-check", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [done.stderr.strip()[-300:]]
    if UNREACHED.search(done.stderr):
        raise Missing(
            f"pip reaches no packages ({errors[0]})", "connect it to a network, or tell pip of a folder with wheels"
        )
    raise Broken(f"pip {words[0]}: {errors[-1]}")


def _there(place: KeptFolder, words: list[str]) -> None:
    done = place.run(words)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-600:]
        raise Broken(f"{' '.join(words[:3])} ended with {done.returncode}: {said}")
