"""Completion, asked as each shell asks: by variables of the environment, and once by a real bash."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from edgecad.cli.completion import VARIABLE
from edgecad.cli.options import PRECISIONS
from edgecad.cli.program import OWN
from edgecad.modelfiles.file import FILES
from edgecad.runners.devices import device_words, parse_device

Run = Callable[..., Any]
SHELLS = ("bash", "zsh", "fish")


@pytest.fixture
def completed(edgecad: Run) -> Callable[..., list[str]]:
    """What bash is offered for the last of some words."""

    def ask(*words: str) -> list[str]:
        line = shlex.join(["edgecad", *words[:-1]]) + f" {words[-1]}"
        asked = {VARIABLE: "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words))}
        done = edgecad(before=f"os.environ.update({asked!r})")
        assert (done.code, done.stderr) == (0, "")
        return [word for word in done.stdout.splitlines() if word]

    return ask


def test_commands_are_completed_before_they_are_imported(completed: Callable[..., list[str]]) -> None:
    assert set(OWN) <= set(completed(""))
    assert completed("inf") == ["infer"]
    assert completed("cache", "") == ["list", "build", "clear", "forget"]
    assert completed("trian", "--bo") == []


@pytest.mark.skipif(find_spec("edgecad_train") is None, reason="needs the training room")
def test_commands_of_other_rooms_are_completed_too(completed: Callable[..., list[str]]) -> None:
    assert completed("tr") == ["train"]
    assert completed("train", "--backb") == ["--backbone"]


def test_options_are_completed_each_once(completed: Callable[..., list[str]]) -> None:
    assert {"--model", "--device", "--precision", "--csv", "--help"} <= set(completed("infer", "--"))
    assert completed("infer", "--dev") == ["--device"]
    assert "--device" not in completed("infer", "--device", "cpu", "--")
    assert completed("infer", "--no-such", "x", "--prec") == ["--precision"]
    assert "--show-completion" in completed("--")


@pytest.mark.parametrize("command", ["infer", "watch", "verify", "bench", "inspect"])
def test_devices_and_precisions_are_completed(completed: Callable[..., list[str]], command: str) -> None:
    devices = [word for word in completed(command, "--device", "") if word != "all"]
    assert devices == ["auto", "cpu", "cuda", "tensorrt", "openvino"]
    assert completed(command, "--device", "c") == ["cpu", "cuda"]
    own = [word for word in completed(command, "--precision", "") if word not in ("all", "auto")]
    assert own[:3] == ["fp32", "fp16", "int8"]


def test_what_only_some_commands_take_is_completed_there(completed: Callable[..., list[str]]) -> None:
    assert completed("verify", "--precision", "a") == completed("bench", "--precision", "a") == ["all"]
    assert completed("bench", "--scenario", "") == ["all", "single-stream", "offline"]
    assert completed("verify", "--against-precision", "fp") == ["fp32", "fp16"]
    assert completed("cache", "build", "--precision", "") == ["fp32", "fp16"]
    assert completed("--show-completion", "") == list(SHELLS)


def test_files_are_left_to_the_shell(completed: Callable[..., list[str]], tmp_path: Path) -> None:
    (tmp_path / "place" / "scan.jpg").write_bytes(b"")
    assert completed("infer", "sc") == []
    assert completed("infer", "--model", "sc") == []


def test_what_is_offered_is_what_is_taken() -> None:
    assert set(PRECISIONS) == set(FILES)
    assert [parse_device(word).kind for word in device_words()] == list(device_words())


def test_zsh_and_fish_are_answered_with_help(edgecad: Run) -> None:
    for shell, more in (("zsh", {}), ("fish", {"_TYPER_COMPLETE_FISH_ACTION": "get-args"})):
        asked = {VARIABLE: f"complete_{shell}", "_TYPER_COMPLETE_ARGS": "edgecad infer --", **more}
        done = edgecad(before=f"os.environ.update({asked!r})")
        assert done.code == 0, done.stderr
        assert "--device" in done.stdout
        assert "strict" in done.stdout
    # fish takes every line for a word.
    assert all(line.startswith("--") and "\t" in line for line in done.stdout.splitlines())


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_printed_and_nothing_is_written(edgecad: Run, tmp_path: Path, shell: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    done = edgecad("--show-completion", shell, before=f"os.environ['HOME'] = {str(home)!r}")
    assert (done.code, done.stderr) == (0, "")
    assert f"{VARIABLE}=complete_{shell}" in done.stdout
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("words", [["--show-completion", "tcsh"], ["--show-completion"], ["--install-completion"]])
def test_another_shell_is_refused_in_one_line(edgecad: Run, words: list[str]) -> None:
    done = edgecad(*words)
    assert (done.code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.endswith("see: edgecad --help")


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not here")
def test_bash_itself_completes_with_the_script(tmp_path: Path) -> None:
    program = tmp_path / "edgecad"
    # No interpreter in its first line: that one may hold no path with a space.
    code = "import sys; sys.argv[0] = 'edgecad'; from edgecad.cli import main; main()"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(code)} "$@"\n')
    program.chmod(0o755)
    test = """
        eval "$(edgecad --show-completion bash)"
        complete -p edgecad
        COMP_WORDS=(edgecad infer --device c) COMP_CWORD=3
        _edgecad_completion edgecad
        echo "${COMPREPLY[@]}"
        COMP_WORDS=(edgecad infer --device = t) COMP_CWORD=4
        _edgecad_completion edgecad
        echo "${COMPREPLY[@]}"
    """
    place = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", test], capture_output=True, text=True, env=place, check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "complete -o default -F _edgecad_completion edgecad",
        "cpu cuda",
        "tensorrt",
    ]
