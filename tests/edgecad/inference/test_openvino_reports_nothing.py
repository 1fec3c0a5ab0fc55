"""OpenVINO reports each import to its maker; under EdgeCAD nothing is sent, and nothing is left in the home."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("openvino", reason="OpenVINO is not installed: pip install 'edgecad[openvino]'")

ANSWER = """
import sys
from edgecad import Classifier
prediction = Classifier(sys.argv[1], device="openvino").replay(sys.argv[2])
print(prediction.device, repr(prediction.probability))
"""
LOOK = """
from edgecad.doctor.packages import imported
print(imported("openvino", "openvino.__version__"))
"""
IMPORT = "import openvino"
BUILD_SERVERS = ("CI", "GITHUB", "XDG", "BUILD", "JENKINS", "TF_BUILD", "TEAMCITY")
"""How variables begin by which the package knows a build server, from which it reports nothing."""
OWN_NETWORK = ("unshare", "--map-root-user", "--net")


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(BUILD_SERVERS)}
    return {**kept, "HOME": str(home), "EDGECAD_CACHE": str(home / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}


def _ran(home: Path, program: str, *arguments: object, under: tuple[str, ...] = ()) -> str:
    """What a program prints that runs with an empty home, as on a machine that is no build server."""
    home.mkdir(exist_ok=True)
    command = [*under, sys.executable, "-c", program, *map(str, arguments)]
    ended = subprocess.run(
        command, env=_environment(home), capture_output=True, text=True, check=True, timeout=120, cwd=home
    )
    return ended.stdout


def _left(home: Path) -> set[str]:
    return {path.relative_to(home).parts[0] for path in home.rglob("*") if path.is_file()} - {"cache"}


@pytest.fixture(scope="module")
def without_network() -> tuple[str, ...]:
    """What a command is put behind so that it has no network."""
    if shutil.which("unshare") is None or subprocess.run([*OWN_NETWORK, "true"], capture_output=True).returncode:
        pytest.skip("this user may not make a network of its own (unshare --map-root-user --net)")
    return OWN_NETWORK


def test_an_answer_and_a_look_leave_nothing(model_folder: Path, phantom_jpeg: Path, tmp_path: Path) -> None:
    told = _ran(tmp_path / "a", ANSWER, model_folder, phantom_jpeg)
    assert told.startswith("openvino:cpu ")
    assert _left(tmp_path / "a") == set()
    assert "error=''" in _ran(tmp_path / "b", LOOK)
    assert _left(tmp_path / "b") == set()


def test_an_answer_is_the_same_without_a_network(
    model_folder: Path, phantom_jpeg: Path, tmp_path: Path, without_network: tuple[str, ...]
) -> None:
    with_one = _ran(tmp_path / "a", ANSWER, model_folder, phantom_jpeg)
    assert _ran(tmp_path / "b", ANSWER, model_folder, phantom_jpeg, under=without_network) == with_one


def test_alone_the_package_would_leave_an_identifier(tmp_path: Path, without_network: tuple[str, ...]) -> None:
    """So that the tests here can fail; without a network, because it would be sent."""
    _ran(tmp_path / "home", IMPORT, under=without_network)
    if not _left(tmp_path / "home"):
        pytest.skip("this OpenVINO reports nothing, or takes this machine for a build server")


def _reached(trace: str) -> list[str]:
    """Calls that reach another machine, or look for one."""
    return [line for line in trace.splitlines() if re.search(r"\b(connect|sendto|sendmsg)\(.*AF_INET", line)]


def test_no_process_of_an_answer_reaches_for_another_machine(
    model_folder: Path, phantom_jpeg: Path, tmp_path: Path, without_network: tuple[str, ...]
) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not here: apt-get install strace")
    traced = ("strace", "-f", "-qq", "-e", "trace=network", "-o")
    _ran(tmp_path / "home", ANSWER, model_folder, phantom_jpeg, under=(*traced, str(tmp_path / "ours")))
    assert _reached((tmp_path / "ours").read_text()) == []
    _ran(tmp_path / "other", IMPORT, under=(*without_network, *traced, str(tmp_path / "alone")))
    if _left(tmp_path / "other"):
        assert _reached((tmp_path / "alone").read_text()), "nothing would be seen here in any case"


def test_what_sends_cannot_be_imported_once_edgecad_is() -> None:
    program = "import edgecad, sys\ntry:\n    import openvino_telemetry\nexcept ImportError:\n    print('none')"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout == "none\n"
