"""What a supervisor hears: on a path, in the abstract namespace, and nothing where there is none."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgecad.spool.supervision.supervisor import VARIABLE, tell_supervisor

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no Unix sockets")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _listener(address: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(address)
    listener.settimeout(5)
    return listener


def test_a_supervisor_hears_that_the_process_lives_and_that_it_stops(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = str(place / "notify")
    monkeypatch.setenv(VARIABLE, address)
    with _listener(address) as listener:
        tell_supervisor(status="watching\n3 records today")
        assert listener.recv(4096).decode().splitlines() == ["READY=1", "WATCHDOG=1", "STATUS=watching 3 records today"]
        tell_supervisor(status="stopped", stopping=True)
        assert listener.recv(4096).decode().splitlines() == ["STOPPING=1", "STATUS=stopped"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has abstract sockets")
def test_an_abstract_socket_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"edgecad-test-{os.getpid()}"
    monkeypatch.setenv(VARIABLE, f"@{name}")
    with _listener(f"\0{name}") as listener:
        tell_supervisor(status="watching")
        assert b"WATCHDOG=1" in listener.recv(4096)


@pytest.mark.parametrize("address", ["", "nowhere", "/no/such/socket", "/" + "x" * 500, "@"])
def test_nobody_listening_is_no_fault(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, address)
    tell_supervisor(status="watching")
