"""A reader of the output that goes away, or an output that cannot be written: no traceback, at no moment."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

COMMANDS = {
    "inspect": "inspect {model}",
    "inspect as JSON": "inspect {model} --json",
    "help": "--help",
    "help of a command": "infer --help",
    "version": "--version",
    "tables": "table list",
    "engines": "cache list",
    "infer": "infer {scan} --model {model} --device cpu",
    "infer as CSV": "infer {scan} --model {model} --device cpu --csv",
    "verify": "verify {model} --device cpu",
    "completion": "--show-completion bash",
}
pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes are closed otherwise on Windows")


def run(words: Sequence[str], folder: Path, **streams: object) -> tuple[int, str]:
    """Exit code and standard error of the program with a standard output that fails."""
    done = subprocess.run(
        [sys.executable, "-m", "edgecad", *words], cwd=folder, timeout=60, check=False,
        **{"stderr": subprocess.PIPE, **streams},  # type: ignore[call-overload]
    )  # fmt: skip
    return done.returncode, (done.stderr or b"").decode()


def _words(command: str, model: Path, scan: Path) -> list[str]:
    return shlex.split(COMMANDS[command].format(model=shlex.quote(str(model)), scan=shlex.quote(str(scan))))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_that_has_gone_is_met_in_silence(
    command: str, model_folder: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    """However short the output is: what is short is written only as the interpreter ends."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        assert run(_words(command, model_folder, phantom_jpeg), tmp_path, stdout=writer) == (1, "")
    finally:
        os.close(writer)


def test_both_streams_may_lose_their_reader(tmp_path: Path) -> None:
    """As `edgecad infer absent.jpg 2>&1 | head -0` does it."""
    for words in (["infer", "absent.jpg"], ["nothing"], ["inspect", "absent"], ["doctor", "--nothing"]):
        reader, writer = os.pipe()
        os.close(reader)
        code, _ = run(words, tmp_path, stdout=writer, stderr=writer)
        os.close(writer)
        assert code != 120  # as an interpreter ends that could not write its last words
        assert code > 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("command", ["inspect", "version", "tables", "infer as CSV"])
def test_an_output_that_cannot_be_written_is_one_line(
    command: str, model_folder: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    with Path("/dev/full").open("wb") as full:
        code, told = run(_words(command, model_folder, phantom_jpeg), tmp_path, stdout=full)
    assert code == 1
    assert told.count("\n") == 1
    assert told.startswith("edgecad: ")
    assert "No space left" in told
