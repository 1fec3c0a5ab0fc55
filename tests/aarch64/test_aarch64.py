"""`make test-aarch64`: what a machine lacks is said and skipped, its folder is safe, its summary tells the truth."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PROGRAM = Path(__file__).with_name("emulate.py")
ENABLED = (
    "enabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: {flags}\noffset 0\n"
    "magic 7f454c460201010000000000000000000200b700\nmask ffffffffffffff00\n"
)


@pytest.fixture
def emulated(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Import a module of the program."""
    monkeypatch.syspath_prepend(PROGRAM.parent)
    return lambda name: importlib.import_module(f"emulated.{name}")


@pytest.fixture
def binfmt(tmp_path: Path) -> Path:
    """A kernel's list of emulators, with one for aarch64."""
    folder = tmp_path / "binfmt_misc"
    folder.mkdir()
    (folder / "register").touch()
    (folder / "status").write_text("enabled\n")
    (folder / "python3.11").write_text("enabled\ninterpreter /usr/bin/python3.11\nflags: \nmagic a70d0d0a\n")
    (folder / "qemu-aarch64").write_text(ENABLED.format(flags="F"))
    return folder


@pytest.fixture
def lacks(emulated: Any, binfmt: Path, tmp_path: Path) -> Callable[..., str]:
    """What a machine lacks that has all but for some answers."""
    lacking, place = emulated("lacking"), emulated("place").KeptFolder(tmp_path / "kept")
    whole = lacking.Here(
        root=lambda: True,
        system=lambda: "Linux",
        processor=lambda: "x86_64",
        program=lambda name: f"/usr/bin/{name}",
        binfmt=binfmt,
        mounts=lambda: True,
        free=lambda folder: lacking.ROOM,
    )
    return lambda **answers: "\n".join(map(str, lacking.lacking(place, replace(whole, **answers))))


def test_a_machine_that_has_all_lacks_nothing(lacks: Callable[..., str]) -> None:
    assert lacks() == ""


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"system": lambda: "Darwin"}, ("Darwin", "Linux")),
        ({"root": lambda: False}, ("root", "sudo make test-aarch64")),
        ({"program": lambda name: None if name == "debootstrap" else name}, ("apt-get install debootstrap",)),
        ({"program": lambda name: None}, ("apt-get install coreutils debootstrap mount util-linux",)),
        ({"mounts": lambda: False}, ("may not mount", "container")),
        ({"free": lambda folder: 10}, ("GiB free", "AARCH64=FOLDER")),
    ],
)
def test_each_missing_part_is_named_with_how_to_get_it(
    answers: dict[str, Any], words: tuple[str, ...], lacks: Callable[..., str]
) -> None:
    said = lacks(**answers)
    assert len(said.splitlines()) == 1
    for word in words:
        assert word in said


def test_an_emulator_must_be_mounted_registered_switched_on_and_found_in_another_root(
    lacks: Callable[..., str], binfmt: Path, tmp_path: Path
) -> None:
    assert "mount -t binfmt_misc" in lacks(binfmt=tmp_path / "not mounted")
    entry = binfmt / "qemu-aarch64"
    entry.write_text(ENABLED.format(flags="PF"))
    assert lacks() == ""
    entry.write_text(ENABLED.format(flags="P"))
    assert "flag F" in lacks()
    entry.write_text(ENABLED.format(flags="F").replace("enabled", "disabled"))
    assert "update-binfmts --enable qemu-aarch64" in lacks()
    entry.unlink()
    assert "apt-get install qemu-user-static binfmt-support" in lacks()
    assert lacks(processor=lambda: "aarch64") == "", "an Arm machine needs no emulator"


def test_all_that_is_missing_is_said_at_once(lacks: Callable[..., str], tmp_path: Path) -> None:
    said = lacks(root=lambda: False, program=lambda name: None, binfmt=tmp_path / "none", free=lambda folder: 0)
    assert len(said.splitlines()) == 4


def test_the_program_says_skipped_ends_with_0_and_makes_nothing(tmp_path: Path) -> None:
    """As a machine without any of the tools runs it; nothing is set up before that is known."""
    kept = tmp_path / "kept"
    command = [sys.executable, str(PROGRAM), "--folder", str(kept), "--make", str(tmp_path / "no such make")]
    done = subprocess.run(
        command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    *reasons, last = done.stdout.splitlines()
    assert last == "skipped"
    assert reasons
    assert not kept.exists()


@pytest.mark.parametrize(("said", "from_here"), [(".venv/bin/python", True), ("python3.11", False)])
def test_a_python_named_from_here_runs_in_every_folder(
    said: str, from_here: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    order, _ = importlib.import_module("emulate")._order(["--python", said])
    assert order.python == (str(tmp_path / said) if from_here else said)


def test_packages_that_cannot_be_reached_are_skipped_and_a_failure_is_none(
    emulated: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    debian, errors = emulated("debian"), emulated("errors")
    place = emulated("place").KeptFolder(tmp_path)
    for said, kind in {
        "E: Failed getting release file http://mirror/dists/bookworm/Release": errors.Missing,
        "W: Failure trying to run: chroot": errors.Broken,
    }.items():
        monkeypatch.setattr(debian, "PRIVATE", ("sh", "-c", f"echo '{said}'; exit 1"))
        with pytest.raises(kind):
            debian._stage(place, ["debootstrap"])


def test_the_mirror_is_the_one_of_this_machines_apt_and_never_that_of_security(emulated: Any) -> None:
    rows = (
        "Debian main bookworm-security http://security/debian-security/\nDebian main trixie http://mirror/trixie/\n"
        "Debian contrib bookworm http://mirror/contrib/\nother main bookworm http://other/\n"
        "Debian main bookworm http://mirror/debian/\n"
    )
    debian = emulated("debian")
    assert next(debian._mirrors(rows, "bookworm")) == "http://mirror/debian/"
    assert next(debian._mirrors(rows, "trixie")) == "http://mirror/trixie/"
    assert list(debian._mirrors("Ubuntu main noble http://mirror/ubuntu/\n", "bookworm")) == []


def test_a_folder_of_others_is_neither_taken_nor_removed(emulated: Any, tmp_path: Path) -> None:
    place, broken = emulated("place").KeptFolder(tmp_path / "thesis"), emulated("errors").Broken
    place.remove()  # there is none
    place.folder.mkdir()
    (place.folder / "chapter.txt").write_text("years of work")
    for step in (place.claim, place.remove):
        with pytest.raises(broken):
            step()
    assert (place.folder / "chapter.txt").is_file()
    with pytest.raises(broken, match="no folder"):
        emulated("place").KeptFolder(place.folder / "chapter.txt").claim()


def test_our_own_folder_is_removed_with_all_that_is_in_it(emulated: Any, tmp_path: Path) -> None:
    place = emulated("place").KeptFolder(tmp_path / "kept")
    place.claim()
    (place.root / "dev").mkdir(parents=True)
    place.claim()
    command = [sys.executable, str(PROGRAM), "--folder", str(place.folder), "--clean"]
    assert subprocess.run(command, check=False).returncode == 0
    assert not place.folder.exists()


def test_nothing_is_removed_through_a_mount(emulated: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = emulated("place")
    place = module.KeptFolder(tmp_path / "kept here")
    place.claim()
    table = tmp_path / "mountinfo"
    row = "30 20 0:5 / {} rw - devtmpfs devtmpfs rw\n"
    monkeypatch.setattr(module, "MOUNTS", table)
    table.write_text(row.format(str(place.root / "dev").replace(" ", "\\040")))
    with pytest.raises(emulated("errors").Broken, match="umount it first"):
        place.remove()
    assert place.mark.is_file()
    table.write_text(row.format(f"{place.folder}-of-others".replace(" ", "\\040")))
    place.remove()
    assert not place.folder.exists()


@pytest.mark.parametrize("name", ["plain", "two words", "Übung", "λ", "日本 語", "a\\b", "tab\tbed"])
def test_a_mount_is_known_by_any_name(
    emulated: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The kernel escapes a space, a tab, a newline and a backslash; it writes all other bytes as they are."""
    module, table = emulated("place"), tmp_path / "mountinfo"
    path = Path("/mnt") / name
    written = b"".join(b"\\%03o" % byte if byte in b" \t\n\\" else bytes([byte]) for byte in os.fsencode(path))
    table.write_bytes(b"30 20 0:5 / " + written + b" rw - tmpfs tmpfs rw\n")
    monkeypatch.setattr(module, "MOUNTS", table)
    assert module.mounts() == [path]


@pytest.mark.skipif(os.name == "nt" or not Path("/proc/self/mountinfo").exists(), reason="mounts are read on Linux")
def test_a_real_mount_in_the_folder_keeps_it(emulated: Any, mounted: Callable[[str], Path]) -> None:
    disk = mounted("size=64k")
    place = emulated("place").KeptFolder(disk.parent)
    with pytest.raises(emulated("errors").Broken, match="umount it first"):
        place.clear(disk.parent)
    assert disk.is_dir()


def test_pip_gets_every_tag_up_to_the_glibc_there_and_none_beyond(emulated: Any) -> None:
    tags = emulated("wheels").Target((3, 11), 36, "aarch64").tags
    assert tags[0] == "manylinux_2_36_aarch64"
    assert {"manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64", "linux_aarch64"} <= set(tags)
    assert not any("2_37" in tag for tag in tags)


REPORT = """<testsuites><testsuite time="12.5">
<testcase classname="tests.a" name="one"/><testcase classname="tests.a" name="two"/>
<testcase classname="tests.a" name="three"><failure message="no"/></testcase>
<testcase classname="tests.b" name="four"><skipped message="needs  a GPU"/></testcase>
<testcase classname="tests.b" name="five"><skipped message="needs a&#10;GPU"/></testcase>
<testcase classname="tests.b" name="six"><error message="setup"/></testcase>
{more}</testsuite></testsuites>"""


def test_a_report_is_counted_with_reasons(emulated: Any) -> None:
    suite = emulated("suite")
    tested = suite.read_report(REPORT.format(more=""), 1)
    assert (tested.passed, tested.failed, tested.seconds) == (2, ("tests.a::three", "tests.b::six"), 12.5)
    assert tested.skipped == {"needs a GPU": 2}
    assert tested.rooms == {}, "none is of the runtime"
    assert not tested.right(1)
    well = replace(tested, failed=(), code=0)
    assert well.right(2)
    assert not well.right(3), "fewer passed than were wanted"
    assert not replace(well, code=5).right(0), "no test was found"


def test_a_broken_teardown_of_a_test_that_passed_is_a_failure(emulated: Any) -> None:
    twice = '<testcase classname="tests.a" name="one"><error message="teardown"/></testcase>'
    tested = emulated("suite").read_report(REPORT.format(more=twice), 1)
    assert "tests.a::one" in tested.failed


@pytest.fixture
def findings(emulated: Any) -> Any:
    """A trial in which all holds."""
    golden, suite, trial = emulated("golden"), emulated("suite"), emulated("trial")
    held = golden.Replayed("cpu", "fp32", 0, 3, 8e-7, 0.999999, 0.0)
    return trial.Findings(
        machine="Linux aarch64",
        versions={"edgecad": "0.2"},
        openvino="no wheel",
        replayed=[held, replace(held, precision="int8")],
        fp16=replace(held, precision="fp16", code=5, said="differs"),
        taken=[golden.Taken(("fp32", "int8", "fp16"), "int8", ""), golden.Taken(("fp32", "fp16"), "fp32", "")],
        tested=suite.Tested(700, (), {"needs a GPU": 2}, {"golden": (10, 10), "watch": (9, 99)}, 10.0, 0),
        least_passed=700,
    )


def test_a_trial_in_which_all_holds_has_no_fault_even_where_fp16_is_refused(findings: Any) -> None:
    assert findings.faults == []
    said = "\n".join(findings.lines())
    for words in ("700 passed", "skipped 2: needs a GPU", "fp32: 3 samples", "fp16 on the processor", "no wheel"):
        assert words in said
    assert "  watch: 9 of 99 passed" in said
    assert json.loads(json.dumps(findings.as_json()))["faults"] == []


@pytest.mark.parametrize(("precision", "code", "faults"), [("int8", 4, 0), ("int8", 5, 1), ("fp32", 4, 1)])
def test_openvino_may_say_of_int8_alone_that_it_is_not_available(
    precision: str, code: int, faults: int, findings: Any
) -> None:
    told = replace(findings.replayed[0], device="openvino", precision=precision, code=code, samples=0, said="no int8")
    assert len(replace(findings, replayed=[*findings.replayed, told]).faults) == faults


@pytest.mark.parametrize(
    "change",
    [
        lambda found: {"replayed": [replace(found.replayed[0], code=5, said="differs"), *found.replayed[1:]]},
        lambda found: {"replayed": [replace(found.replayed[0], samples=0), *found.replayed[1:]]},
        lambda found: {"replayed": found.replayed[1:]},
        lambda found: {"taken": [replace(found.taken[0], precision="fp16"), *found.taken[1:]]},
        lambda found: {"taken": [replace(found.taken[0], precision="", said="no model"), *found.taken[1:]]},
        lambda found: {"tested": replace(found.tested, passed=699)},
        lambda found: {"tested": replace(found.tested, failed=("tests.a::one",), code=1)},
    ],
)  # fmt: skip
def test_what_does_not_hold_is_a_fault(change: Callable[[Any], dict[str, Any]], findings: Any) -> None:
    broken = replace(findings, **change(findings))
    assert len(broken.faults) == 1
    assert f"NOT RIGHT: {broken.faults[0]}" in broken.lines()
