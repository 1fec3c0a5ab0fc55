"""Taking scans and putting them away, so that a process may be killed between any two steps.

    1  taken/CLAIM.json is written      what was taken, under which name, when
    2  IN/... -> taken/CLAIM.scan       from here on the scan is ours
    3  its record is written            by the watcher; it bears the claim
    4  taken/CLAIM.scan -> done/ or refused/
    5  taken/CLAIM.json is removed

A claim without a scan is a process that was killed before 2 or after 4: nothing is left to do.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from edgecad.errors import UsageError
from edgecad.folders import sync_folder, write_whole
from edgecad.watch.arrivals import Arrival, Traits

SCAN, CLAIM = ".scan", ".json"


class Claim(msgspec.Struct, frozen=True):
    """A scan that was taken.

    Attributes:
        id: sorts by time.
        scan: its name in IN, relative, with `/`.
        received: when it was taken, UTC.
        traits: of the file that was found to be whole.
        attempts: how often it was begun; more than one if the process ended over it.
    """

    id: str
    scan: str
    received: str
    traits: Traits
    attempts: int = 1


@dataclass(frozen=True)
class Desk:
    """The folder of what was taken and is not put away yet."""

    folder: Path

    def take(self, arrival: Arrival) -> Claim | None:
        """Take a file that is whole; None if another took it first.

        Raises:
            OSError: it cannot be moved. On Windows that is so while another program has it open.
        """
        now = datetime.now(timezone.utc)
        claim = Claim(
            id=f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}",
            # A name that is not UTF-8 cannot stand in JSON: its bytes are written out.
            scan=os.fsencode(arrival.name).decode("utf-8", "backslashreplace"),
            received=time_text(now),
            traits=arrival.traits,
        )
        self._write(claim)
        try:
            arrival.path.rename(self.scan_of(claim))
        except OSError as error:
            self._file_of(claim).unlink()
            if isinstance(error, FileNotFoundError):
                return None
            raise
        sync_folder(arrival.path.parent)
        sync_folder(self.folder)
        return claim

    def wait_until_still(self, claim: Claim, pause: float) -> None:
        """Wait while somebody writes on in a file that was found to be whole: it may change until it is taken.

        It is waited for where it is, for a way back could meet another file of its name.
        """
        before = claim.traits
        while (now := Traits.of(os.lstat(self.scan_of(claim)))) != before:
            before = now
            time.sleep(pause)

    def left(self) -> Iterator[Claim]:
        """What was taken and is not put away, oldest first.

        Raises:
            UsageError: something lies there that is not ours.
        """
        for path in sorted(self.folder.glob(f"*{CLAIM}")):
            try:
                claim = msgspec.json.decode(path.read_bytes(), type=Claim)
            except msgspec.DecodeError as error:
                raise UsageError(
                    f"{path} is not a claim of edgecad watch ({error}); move it and its scan away"
                ) from error
            if os.path.lexists(self.scan_of(claim)):
                yield claim
            else:
                path.unlink()

    def begin_again(self, claim: Claim) -> Claim:
        """Note that a process ended over a scan, before it is tried once more."""
        again = msgspec.structs.replace(claim, attempts=claim.attempts + 1)
        self._write(again)
        return again

    def scan_of(self, claim: Claim) -> Path:
        """Where a scan lies that was taken."""
        return self.folder / f"{claim.id}{SCAN}"

    def put_away(self, claim: Claim, final: Path) -> None:
        """Move a scan whose record is written to its last place."""
        final.parent.mkdir(parents=True, exist_ok=True)
        self.scan_of(claim).rename(final)
        sync_folder(final.parent)
        sync_folder(self.folder)
        self._file_of(claim).unlink()

    def _write(self, claim: Claim) -> None:
        write_whole(self._file_of(claim), msgspec.json.encode(claim))

    def _file_of(self, claim: Claim) -> Path:
        return self.folder / f"{claim.id}{CLAIM}"


def time_text(time: datetime) -> str:
    """A time in UTC as records have it (ISO 8601)."""
    return f"{time:%Y-%m-%dT%H:%M:%S.%fZ}"
