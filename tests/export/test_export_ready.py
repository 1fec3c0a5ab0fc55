"""What an export lacks is said before TensorFlow is imported or a run is opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgecad.system.installation import install_words

Run = Callable[..., Any]
NEEDED = ["tensorflow", "keras", "h5py", "onnx", "tf2onnx", "sklearn", "pydicom"]
EXTERNAL = ("m.keras", "--classes", "CAD,nonCAD", "--positive", "CAD", "--scaling", "tf")


def at_once(done: Any, code: int, told: str, hidden: str = "") -> None:
    assert done.code == code, done.stderr
    assert told in done.stderr
    assert (done.stdout, done.stderr.count("\n")) == ("", 1)
    slow = {"tensorflow", "keras", "onnx"} - {hidden}
    assert not slow & {name.partition(".")[0] for name in done.modules}


@pytest.mark.parametrize("run", [("runs/latest",), EXTERNAL])
@pytest.mark.parametrize(("module", "extra"), [("onnxruntime", "cpu"), *((name, "export") for name in NEEDED)])
def test_a_missing_extra_is_said_at_once(edgecad: Run, run: tuple[str, ...], module: str, extra: str) -> None:
    hide = f"sys.modules[{module!r}] = None\npathlib.Path('m.keras').touch()"
    done = edgecad("export", *run, before=hide)
    at_once(done, 4, f"edgecad: {module} is not installed, and this needs it; {install_words(extra)}\n", module)


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("--out", "file"), 2, "file is not a folder, and file must be one"),
        (("--out", "file/models"), 2, "file is not a folder, and file/models must be one"),
        (("--sign", "no.pem"), 2, "no.pem"),
        (("--sign", "file"), 2, "file"),
    ],
)
def test_what_cannot_be_used_is_said_at_once(
    edgecad: Run, options: tuple[str, ...], code: int, told: str, tmp_path: Path
) -> None:
    done = edgecad("export", *options, before="pathlib.Path('file').touch()")
    at_once(done, code, told)
    assert [path.name for path in (tmp_path / "place").iterdir()] == ["file"]


def test_a_disk_that_cannot_be_written_is_said_at_once(edgecad: Run, closed_folder: Path) -> None:
    at_once(edgecad("export", "--out", closed_folder / "models"), 1, f"{closed_folder}/models; choose another place")


def test_engines_that_cannot_be_built_are_said_at_once(edgecad: Run) -> None:
    hide = "import importlib.util\nsys.modules['tensorrt'] = sys.modules['tensorrt_rtx'] = None"
    at_once(edgecad("export", "--tensorrt", before=hide), 4, "neither tensorrt nor tensorrt_rtx is installed")
