"""What holds of the sources themselves: names, direction of imports, declared packages, no secrets of a machine."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import edgecad
from edgecad.cli.grammar.installed import NEEDS
from edgecad_train.cli import installed

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
ROOMS = {
    "edgecad": ROOT / "edgecad",
    "edgecad_train": ROOT / "train" / "edgecad_train",
    "edgecad_export": ROOT / "export" / "edgecad_export",
}
DISTRIBUTION_OF = {
    "cv2": "opencv-python-headless", "sklearn": "scikit-learn", "click": "typer", "cuda": "cuda-python",
    "openjpeg": "pylibjpeg-openjpeg",
}  # fmt: skip
"""Where the import's name is not the distribution's; typer brings click."""
EXTRAS_OF = {
    "edgecad": ("cpu", "dicom", "jpeg2000", "openvino", "plot", "sign", "tensorrt", "tensorrt-rtx", "watch"),
    # Phantoms are written as DICOM as well, for those who have that extra.
    "edgecad_train": ("train", "dicom", "cluster"),
    "edgecad_export": ("export", "cpu", "dicom", "sign"),
}
SERVES_ALL_ROOMS = ROOMS["edgecad"] / "system" / "extras.py"
"""Imports on behalf of whoever calls it, who names the extra."""


def sources(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(folder.rglob("*.py")):
        yield path, ast.parse(path.read_text("utf-8"), str(path))


def imported(tree: ast.AST) -> set[str]:
    """Top-level names of the packages that a tree imports, `require("name")` among them."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module or "")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "require":
            names |= {str(arg.value) for arg in node.args[:1] if isinstance(arg, ast.Constant)}
    return {name.partition(".")[0] for name in names}


def distributions(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower() for requirement in requirements}


def undeclared(names: set[str], extras: tuple[str, ...]) -> set[str]:
    declared = distributions(PROJECT["dependencies"])
    for extra in extras:
        declared |= distributions(PROJECT["optional-dependencies"][extra])
    outside = names - set(sys.stdlib_module_names) - set(ROOMS)
    return {name for name in outside if DISTRIBUTION_OF.get(name, name).lower() not in declared}


@pytest.mark.parametrize("room", ROOMS)
def test_every_package_that_a_room_imports_is_declared_in_its_extras(room: str) -> None:
    lacking = {
        str(path.relative_to(ROOT)): names
        for path, tree in sources(ROOMS[room])
        if path != SERVES_ALL_ROOMS and (names := undeclared(imported(tree), EXTRAS_OF[room]))
    }
    assert not lacking


def test_an_undeclared_package_is_found_however_it_is_imported() -> None:
    program = "import polars.io\ndef f():\n    from xarray import x\n    require('zarr', extra='e')\nimport os, cv2"
    assert undeclared(imported(ast.parse(program)), ("cpu",)) == {"polars", "xarray", "zarr"}


def required(tree: ast.AST) -> set[tuple[str, str]]:
    """Package and extra of each `require("package", extra="extra")`, `require_tensorflow(extra="extra")` and
    `check_installed("package", ..., extras=("extra",))`."""
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if getattr(node.func, "id", "") == "check_installed":
            found |= checked(node)
            continue
        words = [str(arg.value) for arg in node.args[:1] if isinstance(arg, ast.Constant)]
        extras = [str(key.value.value) for key in node.keywords if key.arg == "extra" and hasattr(key.value, "value")]
        name = getattr(node.func, "id", "")
        if name == "require_tensorflow" and extras:
            found.add(("tensorflow", extras[0]))
        elif name == "require" and extras and words:
            found.add((words[0].partition(".")[0], extras[0]))
    return found


def checked(node: ast.Call) -> set[tuple[str, str]]:
    """Packages and extra of a `check_installed` whose words all stand there; tables are held by their own test."""
    packages = [str(arg.value) for arg in node.args if isinstance(arg, ast.Constant)]
    extras = [extra.value for key in node.keywords for extra in getattr(key.value, "elts", ())
              if isinstance(extra, ast.Constant)]  # fmt: skip
    return {(package, str(extra)) for package in packages for extra in extras}


def test_the_extra_of_training_holds_what_its_commands_ask_for() -> None:
    held = distributions(PROJECT["optional-dependencies"][installed.EXTRA])
    assert {DISTRIBUTION_OF.get(package, package) for package in (*installed.FIGURES, *installed.TRAIN)} <= held


def test_the_extra_of_a_gpu_stands_beside_that_of_training() -> None:
    """The same TensorFlow with CUDA, on Linux alone: elsewhere it would end the installation of all extras."""
    train, gpu = (PROJECT["optional-dependencies"][extra] for extra in ("train", "train-gpu"))
    (plain,) = [line for line in train if line.startswith("tensorflow")]
    wanted, marker = plain.split("; ")
    assert gpu == [f"{wanted.replace('tensorflow', 'tensorflow[and-cuda]')}; {marker} and sys_platform == 'linux'"]


def test_the_demo_asks_for_what_its_extras_hold() -> None:
    for extra, packages in NEEDS["demo"].items():
        held = distributions(PROJECT["optional-dependencies"][extra])
        assert {DISTRIBUTION_OF.get(package, package) for package in packages} <= held


def test_no_message_says_how_to_install_but_the_room_that_knows() -> None:
    """`pip install 'edgecad[x]'` works only from an index, and EdgeCAD is on none."""
    room = ROOMS["edgecad"] / "system" / "installation.py"
    wanted = re.compile(r"edgecad\[|NAME\}?\[")
    saying = [
        path for folder in ROOMS.values() for path in folder.rglob("*.py") if wanted.search(path.read_text("utf-8"))
    ]
    assert saying == [room]


def test_the_extra_that_a_message_tells_to_install_holds_the_package_that_is_missing() -> None:
    pairs = {pair for folder in ROOMS.values() for _, tree in sources(folder) for pair in required(tree)}
    assert {("onnxruntime", "cpu"), ("tf2onnx", "export"), ("pydicom", "dicom"), ("ray", "cluster")} <= pairs
    for package, extra in pairs:
        held = distributions(PROJECT["optional-dependencies"][extra])
        assert DISTRIBUTION_OF.get(package, package) in held, (package, extra)


def test_what_the_runtime_imports_when_it_is_imported_needs_no_extra() -> None:
    """Imports inside of functions may need one; those of a module's top level may not."""
    for path, tree in sources(ROOMS["edgecad"]):
        top = ast.Module([node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)], [])
        assert not undeclared(imported(top), ()), path


def test_the_public_names_are_these_and_each_is_there() -> None:
    assert sorted(edgecad.__all__) == [
        "Classifier",
        "Contract",
        "EdgecadError",
        "InputRefused",
        "Prediction",
        "__version__",
    ]
    for name in edgecad.__all__:
        assert getattr(edgecad, name) is not None
    with pytest.raises(AttributeError, match="Classifyer"):
        _ = edgecad.Classifyer


def test_public_names_are_the_very_objects_of_their_modules() -> None:
    from edgecad.errors import InputRefused
    from edgecad.inference.classifier import Classifier

    assert edgecad.Classifier is Classifier
    assert edgecad.InputRefused is InputRefused


def test_the_package_is_marked_as_typed() -> None:
    for folder in ROOMS.values():
        assert (folder / "py.typed").is_file()


def test_imports_point_the_way_that_the_architecture_says() -> None:
    program = shutil.which("lint-imports", path=str(Path(sys.executable).parent)) or shutil.which("lint-imports")
    if program is None:
        pytest.skip("import-linter is not installed: pip install 'edgecad[dev]'")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"[1-9]\d* kept, 0 broken", done.stdout)


def repository_files() -> list[Path]:
    """Files that git knows or would take; all of them where there is no git."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout, so nothing says which files are the project's")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


MACHINE_PATHS = re.compile(rb"/(?:work|root|home/[a-z]+)/|/Users/[A-Za-z]+/")


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    files = repository_files()
    assert ROOT / "pyproject.toml" in files
    found = [path for path in files if path != Path(__file__) and MACHINE_PATHS.search(path.read_bytes())]
    assert not found


def test_a_path_of_a_machine_would_be_found() -> None:
    for path in (b'open("/work/a")', b"cd /root/x", b"/home/ann/data"):
        assert MACHINE_PATHS.search(path)
    assert not MACHINE_PATHS.search(b"https://host.org/homework/index, runs/work, network/")


def code_carriers(tree: ast.AST) -> set[str]:
    """Ways by which a file of data could carry code, as used in a tree."""
    found = imported(tree) & {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
    for node in ast.walk(tree):
        name = getattr(node, "attr", None) or getattr(node, "id", None)
        if name == "Lambda" or name == "enable_unsafe_deserialization":
            found.add(name)
        if isinstance(node, ast.keyword) and getattr(node.value, "value", None) is (node.arg == "allow_pickle"):
            found |= {"allow_pickle"} & {str(node.arg)}
        if isinstance(node, ast.keyword) and node.arg == "safe_mode" and getattr(node.value, "value", 1) is False:
            found.add("safe_mode=False")
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_reads_or_writes_files_that_carry_code(room: str) -> None:
    for path, tree in sources(ROOMS[room]):
        assert not code_carriers(tree), path


@pytest.mark.parametrize(
    "program",
    [
        "import pickle",
        "from joblib import load",
        "keras.layers.Lambda(f)",
        "np.load(x, allow_pickle=True)",
        "keras.models.load_model(x, safe_mode=False)",
    ],
)
def test_a_carrier_of_code_would_be_found(program: str) -> None:
    assert code_carriers(ast.parse(program))
    assert not code_carriers(ast.parse("np.load(x, allow_pickle=False); f = lambda: 1; load(x, safe_mode=True)"))


UNQUOTED = re.compile(r": edgecad (?!has no)(?:[\w-]+ )+\{(?!(?:shlex|named)\b)[^}]*\}")
"""A value within a command that a user is told to type, as it stands: a folder's name may hold a space."""


def unquoted(text: str) -> list[str]:
    """Commands in f-strings that would be taken apart at a space."""
    strings = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.JoinedStr))
    return [found[0] for node in strings if (found := UNQUOTED.search(ast.unparse(node)))]


def test_no_test_expects_a_command_that_a_space_would_break() -> None:
    wrong = {
        str(path.relative_to(ROOT)): commands
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if (commands := unquoted(path.read_text("utf-8")))
    }
    assert not wrong, "quote what may hold a space: shlex.quote(str(folder))"


def test_the_look_for_commands_without_quotes_can_fail() -> None:
    assert unquoted('assert line == f"next: edgecad verify {folder}"')
    assert not unquoted('assert line == f"next: edgecad verify {shlex.quote(str(folder))}"')
