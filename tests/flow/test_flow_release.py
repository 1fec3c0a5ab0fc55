"""`make wheels` and `make release`, as a person runs them; and an installation from the wheels alone."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import edgecad

ROOT = Path(__file__).parents[2]
RUNTIME = "edgecad[cpu,dicom,watch,sign]"
UNCOMPILED = {"PIP_COMPILE": "0"}
"""Three environments are made here; to compile all of their packages takes longer than to run the few that are run."""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("make") or not shutil.which("git"), reason="make and git are wanted"),
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="a release is made from a git checkout"),
]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean clone, in a folder with a space in its name."""
    folder = tmp_path_factory.mktemp("a release") / "clone"
    _done(["git", "clone", "--quiet", str(ROOT), str(folder)])
    return folder


def _done(words: list[str], folder: Path = ROOT, **variables: str) -> str:
    """Run a command; what it printed."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | UNCOMPILED | variables
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode and "No matching distribution" in done.stderr:
        pytest.skip("no package index can be reached here")
    assert done.returncode == 0, f"{words} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _sums_hold(folder: Path) -> Iterator[str]:
    """Files that a list of sums names, each as it says."""
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        sha256, name = line.split("  ", 1)
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256
        yield name


def test_wheels_install_without_an_index_and_answer(clone: Path, tmp_path: Path) -> None:
    _done(["make", "wheels", f"PYTHON={sys.executable}"], clone)
    wheels = clone / "wheels"
    assert set(_sums_hold(wheels)) == {path.name for path in wheels.glob("*.whl")}
    elsewhere = tmp_path / "without a network"
    _done([sys.executable, "-m", "venv", str(elsewhere)])
    # No configuration of pip's either: it may name an index, or folders with other wheels.
    offline = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": ""}
    pip = [str(elsewhere / "bin/python"), "-m", "pip", "install", "--quiet", "--no-index", "--find-links", str(wheels)]
    _done([*pip, RUNTIME], tmp_path, **offline)
    program = str(elsewhere / "bin/edgecad")
    assert _done([program, "--version"], tmp_path).strip() == f"edgecad {edgecad.__version__}"
    machine = json.loads(_done([program, "doctor", "--json"], tmp_path))
    assert machine, "doctor says nothing of a machine that was set up from wheels"


def test_a_folder_of_wheels_is_never_mixed_with_another(clone: Path) -> None:
    (clone / "old").mkdir()
    (clone / "old" / "old.whl").write_bytes(b"")
    done = subprocess.run(["make", "wheels", "WHEELS=old"], cwd=clone, capture_output=True, text=True, check=False)
    assert done.returncode
    assert "is not empty" in done.stdout


def test_a_release_has_source_wheel_bill_of_materials_and_sums(clone: Path) -> None:
    shutil.rmtree(clone / "old", ignore_errors=True)
    _done(["make", "release", f"PYTHON={sys.executable}"], clone)
    files = set(_sums_hold(clone / "dist"))
    wheel = f"edgecad-{edgecad.__version__}-py3-none-any.whl"
    assert {wheel, f"edgecad-{edgecad.__version__}.tar.gz", "sbom-runtime.cdx.json", "CHANGELOG.md"} <= files
    names = zipfile.ZipFile(clone / "dist" / wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {
        "edgecad",
        "edgecad_export",
        "edgecad_train",
    }
    tracked = _done(["git", "ls-files", "edgecad"], clone).split()
    assert set(tracked) <= set(names), "the wheel lacks a file of the runtime"
    bill = json.loads((clone / "dist" / "sbom-runtime.cdx.json").read_text())
    assert bill["metadata"]["component"]["version"] == edgecad.__version__
    names_there = {part["name"] for part in bill["components"]}
    assert {"numpy", "onnxruntime", "opencv-python-headless", "msgspec", "cryptography", "pydicom"} <= names_there
    assert not {"tensorflow", "keras"} & names_there


def test_no_release_is_made_from_a_checkout_with_changes(clone: Path) -> None:
    (clone / "README.md").write_text("changed")
    done = subprocess.run(["make", "release"], cwd=clone, capture_output=True, text=True, check=False)
    assert done.returncode
    assert "clean" in done.stdout + done.stderr
    _done(["git", "checkout", "--quiet", "README.md"], clone)
