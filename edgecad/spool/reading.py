"""A scan that was taken, as it lies in OUT: read whole, or why not; and whether it is still what was read."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass

from edgecad.errors import InputRefused
from edgecad.images import bytes_from_path
from edgecad.images.ending import ENDS_EARLY
from edgecad.spool.claims import Claim, Claims
from edgecad.spool.source import Traits

OWN_FAULTS = {errno.EACCES, errno.EPERM, errno.ELOOP, errno.EISDIR, errno.ENXIO}
"""Why a file cannot be read for reasons of its own; any other is the machine's, and passes."""


class NotReadNow(Exception):
    """One scan could not be read, or not be brought to the disk: a bad sector, a lost connection. It stays taken, and
    others have their turn."""


class StillGrowing(Exception):
    """A scan may not be written to its end yet, or changed while it was judged. It stays taken, and is judged anew."""


@dataclass(frozen=True)
class Content:
    """What was read of a scan: its bytes, and its traits before that."""

    traits: Traits
    data: bytes


@dataclass(frozen=True)
class Unread:
    """Why nothing was read of a scan, and its traits before that."""

    traits: Traits
    why: InputRefused


def content_hash(data: bytes) -> str:
    """The SHA-256 of a scan's bytes, hexadecimal: the same bytes are the same scan."""
    return hashlib.sha256(data).hexdigest()


def sync(claims: Claims, claim: Claim) -> None:
    """Bring a scan to the disk.

    Raises:
        NotReadNow: the machine could not.
    """
    try:
        claims.sync(claim)
    except OSError as error:
        raise NotReadNow from error


def read_scan(claims: Claims, claim: Claim) -> Content | Unread:
    """A scan's bytes, or why there are none.

    Raises:
        NotReadNow: the machine could not read it, for no reason of its own.
        OSError: the disk failed.
    """
    scan = claims.scan_of(claim)
    status = os.lstat(scan)
    if not stat.S_ISREG(status.st_mode):
        why = InputRefused("not-a-file", "a link, a pipe or a device; copy the scan itself into the folder")
        return Unread(Traits.of(status), why)
    try:
        return Content(Traits.of(status), bytes_from_path(scan))
    except InputRefused as refused:
        cause = refused.__cause__
        if isinstance(cause, OSError) and cause.errno not in OWN_FAULTS:
            raise NotReadNow from cause
        return Unread(Traits.of(status), refused)


def demand_unchanged(claims: Claims, claim: Claim, content: Content | Unread) -> None:
    """Demand that a scan still is what was judged: whoever has it open may write on in it wherever it lies.

    Raises:
        StillGrowing: it is not.
        NotReadNow, OSError: as for `read_scan`.
    """
    now = read_scan(claims, claim)
    if now.traits != content.traits or (isinstance(content, Content) and now != content):
        raise StillGrowing


def demand_end(error: Exception | None, may_grow: bool) -> None:
    """Raise `StillGrowing` for a scan that ends early and may still grow."""
    if may_grow and isinstance(error, InputRefused) and error.reason in ENDS_EARLY:
        raise StillGrowing from error
