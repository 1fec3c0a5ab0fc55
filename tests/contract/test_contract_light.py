"""The runtime stays light: what each command loads, and that the check itself can fail."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import edgecad as package
from edgecad.system.installation import install_words

Run = Callable[..., Any]
HEAVY = frozenset({"tensorflow", "keras", "onnx", "sklearn", "matplotlib", "scipy", "tf2onnx", "pandas"})
ROOMS = frozenset({"edgecad_train", "edgecad_export"})
ARRAYS = frozenset({"cv2", "numpy", "onnxruntime", "pydicom"})
ROOT = Path(package.__file__).parent
MODULES = sorted(
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in ROOT.rglob("*.py")
    if path.name != "__main__.py"
)


def top_levels(done: Any) -> frozenset[str]:
    return frozenset(name.partition(".")[0] for name in done.modules)


@pytest.fixture
def arguments(model_folder: Path, phantom_jpeg: Path) -> dict[str, list[object]]:
    return {
        "infer": ["infer", phantom_jpeg, "--model", model_folder],
        "verify": ["verify", model_folder],
        "bench": ["bench", model_folder, "--device", "cpu", "--scenario", "single-stream", "--runs", 20],
        "--help": ["--help"],
        "infer --help": ["infer", "--help"],
        "bench --help": ["bench", "--help"],
        "verify --help": ["verify", "--help"],
        "inspect": ["inspect", model_folder],
        "inspect --help": ["inspect", "--help"],
        "cache list": ["cache", "list"],
        "cache --help": ["cache", "--help"],
        "--version": ["--version"],
    }


@pytest.mark.parametrize("command", ["infer", "verify", "bench", "inspect"])
def test_a_runtime_command_loads_nothing_of_training_or_export(
    edgecad: Run, arguments: dict[str, list[object]], command: str
) -> None:
    done = edgecad(*arguments[command], fresh=True)
    assert done.code == 0, done.stderr
    loaded = top_levels(done)
    # Who measures does so in processes of their own.
    own = {"msgspec"} if command == "bench" else {"numpy", "cv2", "onnxruntime"}
    assert own <= loaded, "the command ran and the modules were seen"
    assert not loaded & (HEAVY | ROOMS)


@pytest.mark.parametrize(
    "command",
    [
        "--help",
        "--version",
        "infer --help",
        "bench --help",
        "verify --help",
        "inspect --help",
        "cache --help",
        "cache list",
    ],
)
def test_help_and_version_load_neither_arrays_nor_engines(
    edgecad: Run, arguments: dict[str, list[object]], command: str
) -> None:
    done = edgecad(*arguments[command], fresh=True)
    assert done.code == 0, done.stderr
    assert done.stdout
    assert "typer" in top_levels(done)
    assert not top_levels(done) & (HEAVY | ARRAYS)


@pytest.mark.parametrize("words", ["edgecad ", "edgecad infer --", "edgecad infer --device ", "edgecad train --"])
def test_completion_loads_neither_arrays_nor_engines(edgecad: Run, words: str) -> None:
    asked = {"_EDGECAD_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": words}
    done = edgecad(before=f"os.environ.update({asked!r})", fresh=True)
    assert done.code == 0, done.stderr
    assert done.stdout.startswith("_arguments")
    assert not top_levels(done) & (HEAVY | ARRAYS)
    if "infer" in words:
        assert not top_levels(done) & ROOMS, "one command's words cost no other room"


@pytest.mark.parametrize("heavy", ["scipy", "cv2"])
def test_the_check_sees_a_heavy_import(edgecad: Run, heavy: str) -> None:
    if find_spec(heavy) is None:
        pytest.skip(f"{heavy} is not installed here")
    done = edgecad("--version", before=f"import {heavy}", fresh=True)
    assert done.code == 0
    assert top_levels(done) & (HEAVY | ARRAYS)


def in_fresh_interpreter(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_package_loads_no_array_and_no_engine() -> None:
    loaded = in_fresh_interpreter("import edgecad, sys; print(*{n.partition('.')[0] for n in sys.modules})")
    assert "edgecad" in loaded.split()
    assert not set(loaded.split()) & (HEAVY | ARRAYS | {"typer", "rich", "msgspec"})


BLOCKED = f"""
import importlib, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {set(HEAVY | ROOMS)!r}:
            raise ModuleNotFoundError(f"{{name}} is blocked", name=name)

sys.meta_path.insert(0, Blocked())
"""


def test_every_module_of_the_runtime_imports_where_training_and_export_are_not_installed() -> None:
    assert "edgecad.inference.classifier" in MODULES
    imports = f"for name in {MODULES!r}: importlib.import_module(name)"
    in_fresh_interpreter(f"{BLOCKED}\n{imports}")


@pytest.mark.parametrize("module", ["scipy", "edgecad_train.phantoms"])
def test_what_is_blocked_cannot_be_imported(module: str) -> None:
    with pytest.raises(AssertionError, match="is blocked"):
        in_fresh_interpreter(f"{BLOCKED}\nimport {module}")


def test_every_module_of_the_runtime_imports_without_onnxruntime_and_pydicom() -> None:
    """They are extras: their absence is an answer at run time and never a failing import."""
    program = BLOCKED.replace("'scipy'", "'scipy', 'onnxruntime', 'pydicom'")
    assert "'pydicom'" in program
    in_fresh_interpreter(f"{program}\nfor name in {MODULES!r}: importlib.import_module(name)")


def test_without_onnxruntime_the_program_says_how_to_install_it(
    edgecad: Run, model_folder: Path, phantom_jpeg: Path
) -> None:
    done = edgecad(
        "infer", phantom_jpeg, "--model", model_folder, before="import sys; sys.modules['onnxruntime'] = None"
    )
    assert done.code == 4
    assert install_words("cpu") in done.stderr
