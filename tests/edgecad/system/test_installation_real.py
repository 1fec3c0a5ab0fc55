"""The advice, pasted: real environments, EdgeCAD installed in four ways, and pip asked what it would do."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.soak, pytest.mark.skipif(os.name == "nt", reason="a POSIX shell is asked")]
ROOT = Path(__file__).resolve().parents[3]
PARTS = ("edgecad", "train", "export", "pyproject.toml", "README.md", "LICENSE")


def ran(*words: object, **more: object) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources in a folder whose name has a space and an apostrophe."""
    folder = tmp_path_factory.mktemp("sources") / "Ann's check out"
    folder.mkdir()
    for name in PARTS:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def wheels(checkout: Path) -> Path:
    """A folder with EdgeCAD's wheel."""
    folder = checkout.parent / "my wheels"
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(checkout)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"no wheel can be built here: {done.stderr.strip()[-200:]}")
    return folder


@pytest.mark.parametrize("way", ["editable", "folder", "wheel", "wheel that has gone", "find-links"])
def test_the_advice_can_be_pasted_and_installs_what_is_missing(
    way: str, checkout: Path, wheels: Path, tmp_path: Path
) -> None:
    place = tmp_path / "an env"
    ran(sys.executable, "-m", "venv", place)
    wheel = Path(shutil.copy(next(wheels.glob("*.whl")), tmp_path))
    source = {
        "editable": ["--editable", f"{checkout}[cpu]"],
        "folder": [f"{checkout}[cpu]"],
        "find-links": ["--find-links", str(wheels), "edgecad[cpu]"],
    }.get(way, [f"{wheel}[cpu]"])
    ran(place / "bin" / "python", "-m", "pip", "install", "--quiet", *source)
    if way == "wheel that has gone":
        wheel.unlink()
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    for path in (f"{place / 'bin'}:{os.environ['PATH']}", os.environ["PATH"]):
        asked = subprocess.run(
            [place / "bin" / "edgecad", "export"],
            capture_output=True, text=True, check=False, cwd=tmp_path, env=environment | {"PATH": path},
        )  # fmt: skip
        assert asked.returncode == 4, asked.stderr
        said = asked.stderr.strip().partition("; run: ")[2].partition(" (with the --find-links")
        assert bool(said[1]) is (way in ("find-links", "wheel that has gone"))
        command = shlex.split(said[0])
        at = command.index("install") + 1
        dry = [*command[:at], "--dry-run", "--quiet", "--report", str(tmp_path / "report.json"), *command[at:]]
        ran("sh", "-c", shlex.join(dry), env=environment | {"PATH": path}, cwd=tmp_path)
        report = (tmp_path / "report.json").read_text()
        for name in ("tensorflow", "tf2onnx", "onnx", "pydicom"):
            assert f'"name": "{name}"' in report.lower()


def test_the_wheel_holds_the_letters_of_pictures_and_their_licence(wheels: Path) -> None:
    with zipfile.ZipFile(next(wheels.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    beside = {"OFL.txt", "letters-400.png", "letters-700.png", "letters.json"}
    assert {f"edgecad/picture/letters/{name}" for name in beside} <= names
    assert any(name.endswith("licenses/edgecad/picture/letters/OFL.txt") for name in names)
