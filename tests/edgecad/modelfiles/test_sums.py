"""SHA256SUMS is what coreutils reads, and tells every file that changed, went or came."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edgecad.errors import ModelInvalid
from edgecad.modelfiles.sums import check_sums, measured, write_sums


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "engines").mkdir(parents=True)
    (folder / "model.onnx").write_bytes(bytes(range(256)) * 9000)  # more than one chunk
    (folder / "MODEL CARD.md").write_text("a name with a blank")
    (folder / "engines" / "one.plan").write_bytes(b"")
    (folder / "SHA256SUMS.sig").write_bytes(b"a signature is not listed")
    write_sums(folder)
    return folder


def test_every_file_but_the_list_and_its_signature_is_listed_with_its_sum(folder: Path) -> None:
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    names = ["MODEL CARD.md", "engines/one.plan", "model.onnx"]
    assert lines == [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}" for name in names]


def test_checking_gives_the_files_with_their_sizes(folder: Path) -> None:
    files = {entry.name: entry.size_bytes for entry in check_sums(folder)}
    assert files == {"MODEL CARD.md": 19, "engines/one.plan": 0, "model.onnx": 256 * 9000}
    assert check_sums(folder) == measured(folder)


def test_sha256sum_agrees(folder: Path) -> None:
    program = shutil.which("sha256sum")
    if program is None:
        pytest.skip("sha256sum is not on this machine")
    command = [program, "--check", "--strict", "SHA256SUMS"]
    assert subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0
    (folder / "model.onnx").write_bytes(b"other")
    assert subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 1


def one_bit(folder: Path) -> None:
    content = bytearray((folder / "model.onnx").read_bytes())
    content[-1] ^= 1
    (folder / "model.onnx").write_bytes(content)


def replaced_by_a_folder(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    (folder / "model.onnx").mkdir()


CHANGES: dict[str, Callable[[Path], object]] = {
    "model.onnx is changed": one_bit,
    "model.onnx is missing": lambda folder: (folder / "model.onnx").unlink(),
    r"model.onnx is missing; ": replaced_by_a_folder,
    "new.bin is there without being listed": lambda folder: (folder / "new.bin").write_bytes(b"x"),
    "engines/two.plan is there without": lambda folder: (folder / "engines" / "two.plan").write_bytes(b"x"),
}


@pytest.mark.parametrize("said", CHANGES)
def test_a_file_that_changed_went_or_came_is_named(folder: Path, said: str) -> None:
    CHANGES[said](folder)
    with pytest.raises(ModelInvalid, match=said):
        check_sums(folder)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not a list\n",
        f"{'0' * 64}  /etc/hostname\n",
        f"{'0' * 64}  ../outside\n",
        f"{'0' * 63}  model.onnx\n",
        f"{'0' * 64}  model.onnx\n{'1' * 64}  model.onnx\n",
        "\udcff\udcfe",
    ],
)
def test_a_damaged_list_is_an_error_and_leads_nowhere_outside(folder: Path, text: str) -> None:
    (folder / "SHA256SUMS").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ModelInvalid, match=r"SHA256SUMS is (not a|no) list"):
        check_sums(folder)


def test_without_a_list_nothing_can_be_checked(folder: Path) -> None:
    (folder / "SHA256SUMS").unlink()
    with pytest.raises(ModelInvalid, match="has no SHA256SUMS"):
        check_sums(folder)


def test_a_name_that_would_break_the_list_is_not_written(folder: Path) -> None:
    (folder / "two\nlines").write_bytes(b"x")
    before = (folder / "SHA256SUMS").read_bytes()
    with pytest.raises(ModelInvalid, match="cannot list"):
        write_sums(folder)
    assert (folder / "SHA256SUMS").read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="pipes lie in folders on POSIX systems alone")
@pytest.mark.parametrize("what", ["a hole", "a pipe", "an endless device"])
def test_what_would_be_summed_for_ever_is_refused_at_once(what: str, folder: Path) -> None:
    extra = folder / "extra"
    if what == "a hole":
        extra.touch()
        os.truncate(extra, 20 * 10**9)
    elif what == "a pipe":
        os.mkfifo(extra)
    else:
        extra.symlink_to("/dev/zero")
    with pytest.raises(ModelInvalid, match=r"is the most|a pipe or a device"):
        check_sums(folder)
