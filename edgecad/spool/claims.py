"""Taking scans and putting them away, so that a process may be killed, or the power cut, between any two steps.

    1  taken/CLAIM.json is written      what was taken, when; of its name what the site wants
    2  IN/... -> taken/CLAIM.scan       from here on the scan is ours
       sync CLAIM.scan, taken/, IN/     whoever sent it may have left its bytes in memory
    3  done/DAY/ is made, sync done/    by the processor, as 4 and 5
    4  its picture is written
    5  its record is written            it bears the claim
    6  taken/CLAIM.scan -> done/DAY/ or refused/DAY/
       sync done/DAY/, taken/
    7  taken/CLAIM.json is removed

What is written (1, 4, 5) goes to the disk under another name, is renamed, and then its folder is synced; so each step
is on the disk before the next begins. A record therefore never stands for bytes, a picture or a folder that a power cut
could take. If somebody wrote on in the file after 2, its bytes are synced again before 5, and then found to be those
that were judged. Of a rename the folder that gains comes first: where a file system could tear the two apart, a scan
lies in both places rather than in none.

A claim without a scan is a process that ended before 2 or after 6: nothing is left to do. A power cut may bring back
the claim that 7 removed, which is the same.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path, PurePath

import msgspec

from edgecad.errors import UsageError
from edgecad.images import SUFFIXES
from edgecad.inference.identity import NOTHING, Noted
from edgecad.spool.source import Arrival, Traits
from edgecad.system.clock import time_text
from edgecad.system.folders import sweep_partials, sync_file, sync_folder, write_whole

SCAN, CLAIM, JUDGING = ".scan", ".json", ".judging"


class NotMoved(Exception):
    """A file cannot be taken now: no permission, a mount, another program that has it open."""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A scan that was taken. Of its name it holds what the site asked for, and no more.

    Attributes:
        id: sorts by time.
        received: when it was taken, UTC.
        traits: of the file that was found to be whole.
        deaths: how often a process ended over it.
        suffix: its ending where that is one of images, else `.scan`; for the file that is put away.
        noted: of its name.
        row: by what its row in a table of clinical values is found: hashes of its name; empty where nobody looks.
        scan: its name in IN, in a claim of an earlier version; empty in others, which an earlier version can read.
    """

    id: str
    received: str
    traits: Traits
    deaths: int = 0
    suffix: str = ""
    noted: Noted = NOTHING
    row: tuple[str, ...] = ()
    scan: str = ""


@dataclass(frozen=True)
class Claims:
    """The folder of what was taken and is not put away yet."""

    folder: Path
    _synced: dict[str, Traits] = field(default_factory=dict, repr=False, compare=False)
    _failed: set[str] = field(default_factory=set, repr=False, compare=False)

    def take(
        self,
        arrival: Arrival,
        note: Callable[[str], Noted] = lambda name: NOTHING,
        row: Callable[[str], tuple[str, ...]] = lambda name: (),
    ) -> Claim | None:
        """Take a file that is whole; None if another took it first.

        Args:
            note: given its name, what of that is kept; nothing by default.
            row: given its name, by what its row in a table of clinical values is found.

        Raises:
            NotMoved: it cannot be renamed.
            OSError: the claim cannot be written, or the scan; one that was renamed stays taken.
        """
        # A name that is not UTF-8 cannot stand in JSON: its bytes are written out.
        name = os.fsencode(arrival.name).decode("utf-8", "backslashreplace")
        claim = _claim(arrival.traits, suffix_of(name), note(name), row(name))
        self._write(claim)
        try:
            arrival.path.rename(self.scan_of(claim))
        except OSError as error:
            # On a network a rename may succeed and its answer be lost: what lies here is ours.
            if not os.path.lexists(self.scan_of(claim)):
                self._file_of(claim).unlink()
                if isinstance(error, FileNotFoundError):
                    return None
                raise NotMoved from error
        self.sync(claim)  # first: on most file systems it brings the rename to the disk with it
        sync_folder(self.folder)
        sync_folder(arrival.path.parent)
        return claim

    def sync(self, claim: Claim) -> None:
        """Bring a scan's bytes to the disk, unless they are there as they are now; a link or a pipe has none.

        Raises:
            OSError: they cannot be written. The next call writes them anew.
        """
        scan = self.scan_of(claim)
        status = os.lstat(scan)
        if not stat.S_ISREG(status.st_mode) or self._synced.get(claim.id) == Traits.of(status):
            return
        try:
            self._write_anew(scan) if claim.id in self._failed else sync_file(scan)
        except OSError:
            self._failed.add(claim.id)
            raise
        # Of before the sync: what was written meanwhile may have come too late for it.
        self._synced[claim.id] = Traits.of(os.lstat(scan) if claim.id in self._failed else status)

    def left(self) -> Iterator[Claim]:
        """What was taken and is not put away, oldest first.

        Raises:
            UsageError: something lies there that is not ours.
        """
        for path in sorted(self.folder.glob(f"[!.]*{CLAIM}")):
            try:
                claim = msgspec.json.decode(path.read_bytes(), type=Claim)
            except msgspec.DecodeError as error:
                raise UsageError(
                    f"{path} is not a claim that edgecad wrote ({error}); move it and its scan away"
                ) from error
            if os.path.lexists(self.scan_of(claim)):
                yield claim
            else:
                path.unlink()

    def recover(self) -> None:
        """Look after what a process before us left: half-written files, scans without a claim, and what it died of."""
        sweep_partials(self.folder)
        for scan in sorted(self.folder.glob(f"[!.]*{SCAN}")):
            if not scan.with_suffix(CLAIM).exists():
                adopted = _claim(Traits.of(os.lstat(scan)))
                self._write(msgspec.structs.replace(adopted, id=scan.stem))
        marker = self.folder / JUDGING
        if marker.exists():
            died_of = marker.read_text("utf-8", "replace")
            for claim in self.left():
                if claim.id == died_of:
                    self._write(msgspec.structs.replace(claim, deaths=claim.deaths + 1))
            marker.unlink()

    @contextmanager
    def judging(self, claim: Claim) -> Iterator[None]:
        """Leave word of which scan is judged; only a process that dies over it leaves it behind.

        It need not outlive a power cut, which is no scan's fault.
        """
        marker = self.folder / JUDGING
        marker.write_text(claim.id, "utf-8")
        try:
            yield
        except Exception:
            marker.unlink()
            raise
        marker.unlink()

    def scan_of(self, claim: Claim) -> Path:
        """Where a scan lies that was taken."""
        return self.folder / f"{claim.id}{SCAN}"

    def put_away(self, claim: Claim, final: Path) -> None:
        """Move a scan whose record is written to its last place."""
        self.scan_of(claim).replace(final)
        sync_folder(final.parent)
        sync_folder(self.folder)
        self._file_of(claim).unlink()
        self._synced.pop(claim.id, None)
        self._failed.discard(claim.id)

    def _write_anew(self, scan: Path) -> None:
        """Write a scan whose sync failed to another place of the disk: a second sync of the same bytes would not."""
        partial = scan.with_name(f".{scan.name}.{secrets.token_hex(4)}.partial")
        try:
            shutil.copyfile(scan, partial)
            sync_file(partial)
            partial.replace(scan)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        sync_folder(self.folder)

    def _write(self, claim: Claim) -> None:
        write_whole(self._file_of(claim), msgspec.json.encode(claim))

    def _file_of(self, claim: Claim) -> Path:
        return self.folder / f"{claim.id}{CLAIM}"


def suffix_of(name: str) -> str:
    """A file's own ending, where it is one of an image: `.json` would be its record's."""
    own = PurePath(name).suffix.lower()
    return own if own in SUFFIXES else SCAN


def _claim(traits: Traits, suffix: str = SCAN, noted: Noted = NOTHING, row: tuple[str, ...] = ()) -> Claim:
    now = datetime.now(timezone.utc)
    unique = f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
    return Claim(id=unique, received=time_text(now), traits=traits, suffix=suffix, noted=noted, row=row)
