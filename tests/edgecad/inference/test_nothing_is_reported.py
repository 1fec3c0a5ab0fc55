"""The runtime reports nothing to anybody, and leaves nothing in the user's home."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

OPEN = "import onnxruntime, sys; onnxruntime.InferenceSession(sys.argv[1], providers=['CPUExecutionProvider'])"
ANSWER = "from edgecad import Classifier; import sys; Classifier(sys.argv[1], device='cpu').replay(sys.argv[2])"
SUPPRESSORS = ("ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "PYTEST_CURRENT_TEST")


def left_behind(program: str, home: Path, *arguments: object) -> set[str]:
    """Files in an empty home after a program ran as on a machine that is no build server."""
    home.mkdir()
    kept = {
        name: value for name, value in os.environ.items()
        if name not in SUPPRESSORS and not name.startswith(("CI", "GITHUB", "XDG", "BUILD", "JENKINS", "TF_BUILD"))
    }  # fmt: skip
    environment = {**kept, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", program, *map(str, arguments)]
    subprocess.run(command, env=environment, check=True, timeout=120, cwd=home)
    return {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}


@pytest.mark.skipif(sys.platform == "win32", reason="there the system collects events, and no file tells")
def test_an_answer_leaves_nothing_in_the_users_home(model_folder: Path, phantom_jpeg: Path, tmp_path: Path) -> None:
    assert left_behind(ANSWER, tmp_path / "home", model_folder, phantom_jpeg) == set()


@pytest.mark.skipif(sys.platform == "win32", reason="there the system collects events, and no file tells")
def test_without_the_variable_this_onnxruntime_would_leave_an_identifier(model_folder: Path, tmp_path: Path) -> None:
    """So that the test above can fail."""
    if not left_behind(OPEN, tmp_path / "home", model_folder / "model.onnx"):
        pytest.skip("this onnxruntime was built without telemetry, or takes this machine for a build server")


def test_the_variable_is_set_before_onnxruntime_can_be_loaded() -> None:
    program = (
        "import edgecad, os, sys; assert 'onnxruntime' not in sys.modules; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.strip() == "1"
