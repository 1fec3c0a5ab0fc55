"""The command that installs an extra fits how EdgeCAD was installed, and can be pasted; made-up installations."""

from __future__ import annotations

import json
import shlex
import sys
from importlib.metadata import requires
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from edgecad.errors import NotAvailable
from edgecad.system import installation
from edgecad.system.extras import check_installed, require
from edgecad.system.installation import PROVISO, Installation, install_command, install_words, pip

REQUIRES = (
    "numpy>=1.26",
    "onnxruntime>=1.18; extra == 'cpu'",
    "h5py>=3.10; extra == 'export'",
    'onnx>=1.23; (python_version >= "3.0") and extra == "export"',
    "tf2onnx>=1.17; python_version < '3.0' and extra == 'export'",
    "tensorrt-rtx>=1.4; extra == 'tensorrt-rtx'",
    "tensorrt>=10.3; extra == 'tensorrt'",
    "winonly>=1; (sys_platform == 'win32') and extra == 'watch'",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder of sources whose name has a space and an apostrophe."""
    folder = tmp_path / "Ann's check out"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    return folder


def installed(url: str = "", **more: Any) -> Installation:
    return Installation({"url": url, **more} if url else {}, REQUIRES)


def test_a_checkout_is_installed_again_as_it_was(checkout: Path) -> None:
    plain = installed(checkout.as_uri(), dir_info={})
    assert plain.words("export") == (f"{checkout}[export]",)
    editable = installed(checkout.as_uri(), dir_info={"editable": True})
    assert editable.words("cpu", "train") == ("-e", f"{checkout}[cpu,train]")


def test_a_wheel_is_named_with_the_extra(tmp_path: Path) -> None:
    wheel = tmp_path / "my wheels" / "edgecad-0.1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.touch()
    found = installed(wheel.as_uri(), archive_info={"hash": "sha256=0"})
    assert found.words("export") == (f"{wheel}[export]",)
    assert found.is_direct("export")


@pytest.mark.parametrize(
    ("record", "word"),
    [
        (
            {"url": "https://host.org/edgecad.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            "edgecad[sign] @ git+https://host.org/edgecad.git@abc",
        ),
        (
            {"url": "ssh://host.org/all.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}, "subdirectory": "here"},
            "edgecad[sign] @ git+ssh://host.org/all.git@abc#subdirectory=here",
        ),
        ({"url": "https://host.org/edgecad.whl", "archive_info": {}}, "edgecad[sign] @ https://host.org/edgecad.whl"),
    ],
)
def test_what_came_over_the_network_comes_from_there_again(record: dict[str, Any], word: str) -> None:
    assert Installation(record, REQUIRES).words("sign") == (word,)


@pytest.mark.parametrize("gone", ["checkout", "wheel", "moved sources"])
def test_a_place_that_is_gone_is_not_named(gone: str, tmp_path: Path) -> None:
    if gone == "wheel":
        found = installed((tmp_path / "edgecad.whl").as_uri(), archive_info={})
    else:
        folder = tmp_path / "sources"
        if gone == "moved sources":
            folder.mkdir()  # it is there, and holds something else
        found = installed(folder.as_uri(), dir_info={"editable": True})
    assert found.words("cpu") == ("onnxruntime>=1.18",)
    assert not found.is_direct("cpu")


def test_from_an_index_or_a_folder_of_wheels_the_packages_of_the_extra_are_named() -> None:
    found = installed()
    assert found.words("export") == ("h5py>=3.10", "onnx>=1.23")
    assert found.words("tensorrt") == ("tensorrt>=10.3",)
    assert found.words("cpu", "export", "cpu") == ("onnxruntime>=1.18", "h5py>=3.10", "onnx>=1.23")


def test_a_marker_that_is_not_understood_is_left_to_pip() -> None:
    assert installed().words("watch") == ("winonly>=1; (sys_platform == 'win32')",)


@pytest.mark.parametrize(
    ("marker", "wanted"), [(">= '3.0'", True), ("< '3.0'", False), ("== '3.99'", False), ("!= '3.99'", True),
                           (">= '3.100'", False), ("<= '3.100'", True)],
)  # fmt: skip
def test_markers_of_python_are_compared_as_numbers(marker: str, wanted: bool) -> None:
    found = Installation({}, (f"x>=1; python_version {marker} and extra == 'e'",))
    assert (found.words("e") == ("x>=1",)) is wanted


def test_every_extra_of_this_distribution_is_understood() -> None:
    lines = tuple(requires("edgecad") or ())
    found = Installation({}, lines)
    for extra in ("cpu", "gpu", "export", "tensorrt-rtx", "dicom", "sign", "plot", "watch"):
        words = found.words(extra)
        assert words, extra
        assert not any(";" in word or "extra" in word for word in words)
    assert "train" in {line.rpartition("'")[0].rpartition("'")[2] for line in lines}


@pytest.mark.parametrize("text", ["", "not json", "[]", "{}"])
def test_a_record_that_cannot_be_read_is_no_record(text: str) -> None:
    assert installation._decoded(text) == {}


def told(monkeypatch: pytest.MonkeyPatch, here: Installation) -> None:
    monkeypatch.setattr(installation, "_here", lambda: here)
    monkeypatch.setattr(installation, "pip", lambda verb: f"pip {verb}")


def test_the_command_can_be_pasted_whatever_the_folder_is_called(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(monkeypatch, installed(checkout.as_uri(), dir_info={"editable": True}))
    assert shlex.split(install_command("export")) == ["pip", "install", "-e", f"{checkout}[export]"]
    assert install_words("export") == f"run: {install_command('export')}"
    first = install_words("gpu", before="pip uninstall -y onnxruntime")
    assert first == f"run: pip uninstall -y onnxruntime && {install_command('gpu')}"


def test_where_packages_are_to_be_had_is_said_if_only_the_user_can_know(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, installed())
    assert install_words("export") == f"run: pip install 'h5py>=3.10' 'onnx>=1.23' ({PROVISO})"


def test_what_is_missing_is_said_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, installed())
    words = "no_such_thing is not installed, and this needs it; run: pip install 'onnxruntime>=1.18' (with "
    for look in (
        lambda: require("no_such_thing", extra="cpu"),
        lambda: require("no_such_thing.within.it", extra="cpu"),
        lambda: check_installed("json", "no_such_thing", extras=("cpu",)),
    ):
        with pytest.raises(NotAvailable) as caught:
            look()
        assert str(caught.value).startswith(words)


def test_pip_is_this_pythons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def program(folder: str, name: str) -> Path:
        path = tmp_path / folder / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
        path.chmod(0o755)
        return path

    program("my env", "pip")
    program("other", "pip")
    monkeypatch.setattr(sys, "executable", str(program("my env", "python")))
    monkeypatch.setenv("PATH", str(tmp_path / "my env"))
    assert pip("install") == "pip install"
    monkeypatch.setenv("PATH", str(tmp_path / "other"))
    assert pip("uninstall -y") == f"'{sys.executable}' -m pip uninstall -y"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "pip" else find_spec(name))
    assert pip("install") == f"'{sys.executable}' -m ensurepip && '{sys.executable}' -m pip install"
    program("other", "uv")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert pip("install") == f"uv pip install --python '{sys.executable}'"
    assert pip("uninstall -y") == f"uv pip uninstall --python '{sys.executable}'"


def test_sources_that_run_without_being_installed_are_named(checkout: Path) -> None:
    assert Installation({}, (), checkout).words("cpu") == ("-e", f"{checkout}[cpu]")
    assert Installation({}, ()).words("cpu") == ("edgecad[cpu]",)


def test_this_installation_has_a_command() -> None:
    record = installation._here()
    assert record.requires
    assert json.dumps(record.direct_url)
    assert install_command("cpu").count("install") >= 1
