"""The unit and the Containerfile that are shipped: the system's own checker takes them, and their commands are ours."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from .pages import ROOT, text_of

UNIT = ROOT / "docs/operation/edgecad-watch@.service"
COMMANDS = "docs/reference/commands.md"


def _watch_options() -> set[str]:
    section = text_of(COMMANDS).split("## edgecad watch", 1)[1].split("\n## ", 1)[0]
    return set(re.findall(r"--[a-z][a-z-]+", section))


@pytest.mark.parametrize("name", ["edgecad-watch@.service", "Containerfile"])
def test_what_is_started_is_a_command_with_options_that_it_has(name: str) -> None:
    text = (ROOT / "docs/operation" / name).read_text()
    start = re.search(r"^(?:ExecStart|CMD)[= ](.+(?:\\\n.+)*)", text, re.MULTILINE)
    assert start
    assert "watch" in start[1]
    assert set(re.findall(r"--[a-z][a-z-]+", start[1])) <= _watch_options()


def test_the_unit_ends_what_is_silent_or_takes_too_much_and_protects_the_system() -> None:
    settings = dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.MULTILINE))
    assert settings["Type"] == "notify"
    assert {"WatchdogSec", "MemoryMax", "ReadWritePaths"} <= settings.keys()
    assert settings["ProtectSystem"] == "strict"
    assert settings["PrivateNetwork"] == "yes"


def test_the_system_s_own_checker_takes_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    # Its program is not installed here, and the checker looks for it.
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/edgecad/venv/bin/edgecad", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    if "Failed to initialize manager" in done.stderr or "Failed to setup" in done.stderr:
        pytest.skip("systemd-analyze cannot work here")
    assert done.returncode == 0, done.stderr
    assert UNIT.name not in done.stderr.replace("@i", "@"), done.stderr
